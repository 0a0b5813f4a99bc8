"""Runs against what was promoted, from the first one without a baseline to a regression."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.baselines import Line, read_baseline
from suites.meta import commands
from suites.meta.project import PROFILE, Outcome, Project
from suites.meta.promotable import FP32, HARDWARE, INT8, Run, scores_of
from suites.meta.tinymodels import brightness, write_classifier
from suites.scale.test_interrupted import SLOW

CASES = ("tiny-fp32-litert", "tiny-int8-litert")
NAMES = ("baseline_latency_ratio", "baseline_size_ratio", "baseline_auc_drop", "released_auc_drop")
QUALITY = NAMES[2:]


def command(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """`edgeassay baseline ...`, in the project's folders."""
    return commands.run(
        "edgeassay", "baseline", *words, *baselines(project), environment=project.surroundings
    )


def baselines(project: Project) -> list[str]:
    return [f"--baselines={project.folder / 'baselines'}"]


def against(project: Project, *options: str) -> Outcome:
    """A run that is judged against the baselines, and that alone."""
    return project.run("--baseline", *baselines(project), *options, "suites/baseline")


def change(project: Project, alter: Callable[[Any], object], where: str = "baselines") -> None:
    """Alter every run that is saved, or every baseline."""
    for path in (project.folder / where).rglob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        alter(document)
        path.write_text(json.dumps(document), encoding="utf-8")


def clean(document: Any) -> None:
    """As if no file of the checkout were changed while these tests run."""
    document["commit_info"]["dirty"] = document["edgeassay"]["dirty"] = False


@pytest.fixture
def promoted(project: Project) -> Project:
    """A project whose first run is both baselines."""
    project.device_toml = PROFILE
    project.write_declarations()
    storage = f"--benchmark-storage={project.folder / 'runs'}"
    first = project.run("--benchmark", "--benchmark-autosave", storage)
    assert first.code == 0, first.text
    change(project, clean, "runs")
    place = f"--storage={project.folder / 'runs'}"
    for line in ([], ["--released"]):
        done = command(project, "promote", "last", place, *line)
        assert done.returncode == 0, done.stdout + done.stderr
    return project


def verdicts(outcome: Outcome, case: str = CASES[1]) -> dict[str, str]:
    return {
        c["claim"]: c["verdict"]
        for c in outcome.results["claims"]
        if c["case"]["variant"] in case and c["claim"] in NAMES
    }


def test_a_missing_baseline_is_unmeasured_and_says_how_to_make_one(project: Project) -> None:
    outcome = against(project)
    assert outcome.code == 1, "nothing was decided"
    assert "ERROR: nothing was decided: none of 8 claims holds or fails" in outcome.text
    assert verdicts(outcome) == dict.fromkeys(NAMES, "unmeasured")
    assert "unmeasured, 4: no baseline: " in outcome.text
    assert "`edgeassay baseline promote last` makes it one" in outcome.text
    assert "`edgeassay baseline promote RUN --released` makes it one" in outcome.text
    red = against(project, "--require-measured")
    assert red.named("failure") == {f"test_{name}[{case}]" for name in NAMES for case in CASES}


@pytest.mark.long
def test_the_same_artifacts_hold_and_a_regression_of_each_kind_is_red(promoted: Project) -> None:
    same = against(promoted, "--benchmark")
    for case in CASES:
        found = verdicts(same, case)
        assert {name: found[name] for name in NAMES[1:]} == dict.fromkeys(NAMES[1:], "pass")
    weights, bias = brightness()
    write_classifier(promoted.artifacts / "tiny/fp32.tflite", weights, bias, padding_bytes=9000)
    write_classifier(promoted.artifacts / "tiny/int8.tflite", -weights, bias, int8=True)
    slow_down(promoted)
    worse = against(promoted, "--benchmark")
    assert worse.code == 1
    for case in CASES:
        assert worse.tests[f"test_baseline_latency_ratio[{case}]"] == "failure"
    assert worse.tests[f"test_baseline_size_ratio[{CASES[0]}]"] == "failure"
    for name in QUALITY:
        assert worse.tests[f"test_{name}[{CASES[0]}]"] != "failure"
        assert worse.tests[f"test_{name}[{CASES[1]}]"] == "failure"
        assert "the mean AUC drops by at most 0.005" in worse.messages[f"test_{name}[{CASES[1]}]"]
    words = worse.messages[f"test_baseline_latency_ratio[{CASES[1]}]"]
    assert "limit set by edgeassay/config/defaults.toml:compare.limits." in words
    assert "since " in words


def slow_down(project: Project) -> None:
    """From now on every inference takes some milliseconds."""
    slow = project.folder / "slow.py"
    slow.write_text(SLOW)
    project.device_toml = project.device_toml.replace('["{python}"]', f'["{{python}}", "{slow}"]')
    project.write_declarations()


def test_a_baseline_of_other_hardware_or_on_other_data_is_incomparable(promoted: Project) -> None:
    table = promoted.data / "spots/labels.csv"
    table.write_text(table.read_text().rstrip().rpartition("\n")[0] + "\n")
    other_data = against(promoted)
    assert other_data.code == 0, other_data.text
    found = verdicts(other_data)
    assert {name: found[name] for name in QUALITY} == dict.fromkeys(QUALITY, "incomparable")
    assert found["baseline_size_ratio"] == "pass"
    assert "incomparable, 2: " in other_data.text
    assert "was evaluated on other data" in other_data.text

    def elsewhere(document: Any) -> None:
        document["machine_info"]["edgeassay"] = {"fingerprint": HARDWARE}

    change(promoted, elsewhere)
    (folder,) = (promoted.folder / "baselines").iterdir()
    folder.rename(folder.with_name(HARDWARE))
    other_machine = against(promoted, "--benchmark")
    assert other_machine.code == 1, "nothing was decided"
    assert verdicts(other_machine) == dict.fromkeys(NAMES, "incomparable")
    assert f"the last baseline is of other hardware, {HARDWARE}" in other_machine.text
    red = against(promoted, "--require-measured")
    assert len(red.named("failure")) == len(NAMES) * len(CASES)


@pytest.mark.long
def test_an_accepted_regression_is_shown_until_it_expires(promoted: Project) -> None:
    weights, bias = brightness()
    write_classifier(promoted.artifacts / "tiny/fp32.tflite", weights, bias, padding_bytes=9000)
    today = datetime.now(UTC).date()
    for days, outcome, words in (
        (2, "xfailed", "accepted until {expires}: baseline_size_ratio of tiny-fp32-litert"),
        (-2, "failure", "accepted[0] expired on {expires} and excuses nothing any more"),
    ):
        expires = today + timedelta(days=days)
        (promoted.folder / "baselines/accepted.toml").write_text(
            '[[accepted]]\nvariant = "fp32"\nclaim = "baseline_size_ratio"\n'
            f'reason = "a second output"\nowner = "clinical lead"\nexpires = {expires}\n'
        )
        found = against(promoted)
        assert found.tests[f"test_baseline_size_ratio[{CASES[0]}]"] == outcome
        assert words.format(expires=expires) in found.text


@pytest.mark.long
def test_promoting_that_is_killed_leaves_every_file_whole(tmp_path: Path) -> None:
    """Two runs are promoted in turn; each kill leaves the one or the other."""
    runs, folder = tmp_path / "runs", tmp_path / "baselines"
    scores = [{c: scores_of(c, 400, shift) for c in (FP32, INT8)} for shift in (0.0, 0.1)]
    paths = [
        Run(commit=40 * name, scores=made).write(runs, number)
        for number, (name, made) in enumerate(zip("ab", scores, strict=True), 1)
    ]
    words = [sys.executable, "-m", "edgeassay", "baseline", "promote", f"--baselines={folder}"]
    began = time.monotonic()
    subprocess.run([*words, str(paths[0])], check=True, capture_output=True)
    whole_s, rng = time.monotonic() - began, np.random.default_rng(5)
    killed = 0
    for number in range(12):
        with subprocess.Popen(
            [*words, str(paths[number % 2])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            time.sleep(rng.uniform(0.5, 1.0) * whole_s)
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
        baseline = read_baseline(folder, HARDWARE, Line.LAST)
        assert baseline is not None
        assert len({origin.commit for origin in baseline.origins.values()}) == 1
        for case in (FP32, INT8):
            assert baseline.scores(case) is not None
    assert killed
    subprocess.run([*words, str(paths[0])], check=True, capture_output=True)
    left = [path.name for path in folder.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(["last.json", *{f"{s.sha256}.npz" for s in scores[0].values()}])
