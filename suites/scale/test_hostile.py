"""The campaign of damaged inputs and kills: a small part of it, and faults planted for it to find.

The whole of it is `benchmarks/hostile.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from suites.meta import commands
from suites.scale.hostile.campaign import shared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it forks as Linux does")

# What a command must not do, each done by one; what was found is printed.
PLANTED = """
import json, os, subprocess, sys, tempfile, time, warnings
from pathlib import Path
from suites.scale.hostile import campaign, forks, kills
forks.adopt_orphans()
forks.GRACE_S = 0.5
scratch = Path(sys.argv[1])

def raises():
    raise KeyError(7)

def hangs():
    time.sleep(600)

def crashes():
    os.abort()

def warns():
    warnings.warn("odd", RuntimeWarning)

def silent():
    sys.exit(2)

def other():
    sys.exit(9)

def needs_memory():
    bytearray(1 << 36)

def leaves_a_process():
    subprocess.Popen(["sleep", "600"])

def leaves_a_temporary():
    tempfile.mkstemp()

def leaves_a_part():
    Path(".edgeassay-x.tmp").write_text("half")

def writes_half():
    Path("out.json").write_text('{"half": ')

def is_well():
    Path("out.json").write_text("{}")
    print("edgeassay: no such file", file=sys.stderr)
    sys.exit(2)

found = {}
plants = [raises, hangs, crashes, warns, silent, other, needs_memory, leaves_a_process,
          leaves_a_temporary, leaves_a_part, writes_half, is_well]
for work in plants:
    folder = scratch / work.__name__
    folder.mkdir()
    ended = forks.in_fork(work, folder, limit_s=1.0)
    found[work.__name__] = list(campaign.faults_of(ended, folder))
print(json.dumps(found))
"""
WORDS = {
    "raises": "Traceback (most recent call last)",
    "hangs": "it hung",
    "crashes": "its process ended by signal 6",
    "warns": "RuntimeWarning",
    "silent": "refused without a sentence",
    "other": "it ended with 9",
    "needs_memory": "MemoryError",
    "leaves_a_process": "it left a process: sleep 600",
    "leaves_a_temporary": "in the folder of temporary files",
    "leaves_a_part": "it left .edgeassay-x.tmp",
    "writes_half": "out.json is half written",
}

# Commands that are green whatever they are given.
CREDULOUS = """
import json, sys
from dataclasses import replace
from pathlib import Path
from suites.scale.hostile import campaign, forks, formats, greens
forks.adopt_orphans()
found = {}
for way in campaign.available(formats.WAYS):
    if way.green is not greens.anything:
        always = replace(way, work=lambda folder, path: lambda: None)
        tally = campaign.damage(always, 25, 1, Path(sys.argv[1]))
        words = [fault.what for fault in tally.faults]
        assert all("green, and it must not be" in what for what in words), words
        found[f"{way.format} {way.name}"] = len(words)
print(json.dumps(found))
"""

# A stage whose files are written in place, and whose leftovers nobody removes.
CARELESS = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
from suites.scale.hostile import forks, kills
forks.adopt_orphans()

def work(folder, rng):
    def run():
        part = folder / f"part-{time.monotonic_ns()}"
        part.write_text("x")
        with (folder / "out.json").open("w") as file:
            file.write('{"a": ')
            file.flush()
            (folder / "b").touch()
            time.sleep(0.05)
            file.write("1}")
        part.unlink()
    return run

stage = replace(kills.STAGES[-1], prepare=lambda folder: None, begin=lambda folder, rng: None,
                work=work)
killed = kills.kill(stage, 20, 1, Path(sys.argv[1]))
print(json.dumps([killed.kills, [fault.what for fault in killed.faults]]))
"""


def found_by(code: str, folder: Path) -> Any:
    done = commands.run("-c", code, str(folder), timeout_s=300.0)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_what_must_not_happen_is_found(tmp_path: Path) -> None:
    found = found_by(PLANTED, tmp_path)
    assert found.pop("is_well") == []
    assert found.keys() == WORDS.keys()
    for plant, words in WORDS.items():
        assert any(words in what for what in found[plant]), (plant, found[plant])


@pytest.mark.long
def test_what_must_not_be_green_is_found(tmp_path: Path) -> None:
    found = found_by(CREDULOUS, tmp_path)
    assert {name: count for name, count in found.items() if not count} == {}
    assert len(found) > 10


def test_a_half_written_file_and_a_leftover_are_found(tmp_path: Path) -> None:
    kills, faults = found_by(CARELESS, tmp_path)
    assert kills == 20
    assert any("out.json isn't whole" in what for what in faults)
    assert any("files differ" in what and "part-" in what for what in faults)


def test_shares_add_up() -> None:
    assert shared(100, [1.0, 1.0, 1.0]) == [33, 34, 33]
    assert sum(shared(10_000, [14.0, 0.5, 3.0, 1.5])) == 10_000
    assert shared(0, [1.0, 2.0]) == [0, 0]


def campaign(*words: str, converting: bool = False) -> str:
    done = commands.run(
        "benchmarks.hostile", *words, timeout_s=1800.0, together=True, converting=converting
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def test_a_small_part_of_the_campaign_finds_nothing() -> None:
    only = [f"--only={name}" for name in ("CSV", "TOML", "JSON", "NPZ", ".onnx", "writing")]
    text = campaign("--inputs=60", "--kills=6", "--seed=11", *only)
    assert "| all |  | 60 |" in text
    assert "| all | 6 |" in text
    assert "\n0 faults; " in text


@pytest.mark.long
def test_a_larger_part_of_the_campaign_finds_nothing() -> None:
    text = campaign("--inputs=300", "--kills=40", "--seed=12", converting=True)
    assert "| all |  | 300 |" in text
    assert "| all | 40 |" in text
