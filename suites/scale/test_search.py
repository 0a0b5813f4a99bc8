"""`edgeassay search` as a user runs it, on a network of three layers."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from edgeassay.config.loading import read_variant
from suites.meta import commands
from suites.scale.searched import Bench, Searched

pytest.importorskip("optuna", reason="the search needs Optuna: edgeassay[search]")
commands.needs("ai_edge_quantizer", reason="the converters need the [build] extra")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.of(tmp_path)


def numbers(found: Searched) -> list[int]:
    return [trial["number"] for trial in found.found["trials"]]


def recipes(found: Searched) -> list[dict[str, str]]:
    return [trial["recipe"] for trial in found.found["trials"]]


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read what it says until it says this."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"it never said {words!r}")


@pytest.mark.long
def test_a_search_makes_a_variant_that_is_built_to_the_same_bytes(bench: Bench) -> None:
    found = bench.search("mixed-4", "--chart", str(bench.folder / "front.svg"))
    assert found.code == 0, found.text
    chosen = found.found["chosen"]
    assert chosen["meets"]
    assert chosen["size_ratio"] == min(
        t["size_ratio"]
        for t in found.found["trials"]
        if t["meets"] and set(t["recipe"].values()) != {"float"}
    )
    path = bench.variants / "mixed-4.toml"
    variant = read_variant(path, "it")
    others = dict.fromkeys(chosen["recipe"], variant.others)
    assert others | dict(variant.layers) == chosen["recipe"]
    assert "edgeassay search tiny mixed-4" in path.read_text(encoding="utf-8")
    assert "test, read once, now" in found.text
    assert found.found["test"]["drop"]["n"] > chosen["drop"]["n"] > 0
    assert (bench.folder / "front.svg").read_text(encoding="utf-8").startswith("<svg")

    built = bench.run("build", "--out", "made", "--variant", "mixed-4")
    assert built.returncode == 0, built.stderr
    manifest = (bench.folder / "made/tiny/mixed-4.json").read_text(encoding="utf-8")
    assert json.loads(manifest)["sha256"] == chosen["sha256"]

    again = bench.search("mixed-4")
    assert again.code == 2
    assert "--force to replace it" in again.text
    forced = bench.search("mixed-4", "--force")
    assert forced.code == 0, forced.text
    assert recipes(forced) == recipes(found)
    assert forced.found["chosen"] == chosen


def test_a_search_never_looks_at_the_test_split_before_it_has_chosen(bench: Bench) -> None:
    spots = bench.folder / "data/spots"
    rows = (spots / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    for image in (row.split(",")[0] for row in rows if row.endswith(",test")):
        (spots / image).write_bytes(b"gone")
    found = bench.search("mixed-4")
    assert found.code == 0, found.text
    assert found.found["test"] is None
    assert "the test split couldn't be read: " in found.text
    assert "judges it where it can be" in found.text
    assert (bench.variants / "mixed-4.toml").exists()

    (spots / next(row.split(",")[0] for row in rows if row.endswith(",validation"))).write_bytes(
        b"gone"
    )
    refused = bench.search("mixed-5")
    assert refused.code == 2
    assert found.found["trials"]
    assert not (bench.variants / "mixed-5.toml").exists()


def test_where_nothing_keeps_the_auc_it_says_how_close_it_came(bench: Bench) -> None:
    found = bench.search("mixed-4", "--margin", "0", "--precision", "w4", "--precision", "w8")
    assert found.code == 1, found.text
    assert "nothing tried meets the margin of 0 (--margin)" in found.text
    assert "came closest: AUC drop" in found.text
    assert found.found["chosen"] is None
    assert not bench.variants.exists()


@pytest.mark.long
def test_a_killed_search_goes_on_from_its_storage(bench: Bench) -> None:
    options = ("mixed-4", "--storage", f"sqlite:///{bench.folder / 'study.db'}")
    process = bench.start(*options)
    wait_for(process, "trial 2 of")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not bench.variants.exists()
    found = bench.search(*options)
    assert found.code == 0, found.text
    assert "has 2 recipes already" in found.text or "has 3 recipes already" in found.text
    assert "layers quantized alone" not in found.text
    assert len({json.dumps(recipe) for recipe in recipes(found)}) == len(recipes(found))
    whole = bench.search("mixed-5")
    assert found.found["chosen"]["recipe"] == whole.found["chosen"]["recipe"]

    other = bench.search(*options, "--force", "--margin", "0.001")
    assert other.code == 2
    assert "is of another margin (0.02 there, 0.001 here)" in other.text


@pytest.mark.long
def test_two_searches_share_a_study(bench: Bench) -> None:
    storage = ("--storage", str(bench.folder / "study.journal"), "--study", "ours")
    both = [bench.start(name, *storage) for name in ("mixed-1", "mixed-2")]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    first, second = (read_variant(path, "it") for path in sorted(bench.variants.iterdir()))
    assert first == second
    shared = bench.search("mixed-3", *storage)
    assert (
        shared.found["chosen"]["recipe"]
        == recipes(shared)[numbers(shared).index(shared.found["chosen"]["number"])]
    )


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_search_says_what_it_has_and_how_to_go_on(bench: Bench) -> None:
    process = bench.start("mixed-4")
    wait_for(process, "trial 1 of")
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 130, text
    assert "cut off after " in text
    assert "the same command repeats them quickly" in text
    assert "Traceback" not in text
    assert not bench.variants.exists()
