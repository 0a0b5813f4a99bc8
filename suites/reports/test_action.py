"""The action's own steps gate another repository: green, and red after a regression."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from suites.meta import commands
from suites.meta.project import PROFILE, ROOT, Project
from suites.meta.tinymodels import brightness, write_classifier
from suites.reports.github_action import EXPRESSION, Runner

GATE = f"""
[[leg]]
id = "bench"
architecture = "{platform.machine()}"
device = "bench"
models = ["tiny"]
"""
DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
INPUTS = {
    "devices": "devices",
    "data": "data",
    "artifacts": "artifacts",
    # Nothing is installed: Python is the one that runs the tests.
    "python": "",
    "options": "--jobs=1\n-q\n",
}


def commit(folder: Path, message: str) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", message]):
        who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
        subprocess.run(["git", *who, *words], cwd=folder, check=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's repository, with models, data, made artifacts, a device profile and a gate."""
    folder = tmp_path_factory.mktemp("theirs") / "a repository"
    folder.mkdir()
    Project(folder, device_toml=PROFILE + "\n[limits.tiny]\nmin_auc = 0.71\n").write()
    (folder / "gate.toml").write_text(GATE, encoding="utf-8")
    commit(folder, "a model")
    return folder


def evidence_of(runner: Runner, folder: Path) -> list[Any]:
    """The acceptance criteria in evidence that is made in the action's own project."""
    words = ("report", str(runner.results / "results.json"), "--evidence", str(folder))
    seen = {k: v for k, v in commands.surroundings().items() if k != "EDGEASSAY_DATA"}
    made = commands.run("edgeassay", *words, folder=runner.temp / "edgeassay", environment=seen)
    assert made.returncode == 0, made.stderr
    assert "is not known: .assay/attempts.jsonl isn't there" not in made.stderr
    found = json.loads((folder / "protocol/acceptance-criteria.json").read_text("utf-8"))
    return list(found["limits"])


def test_no_input_reaches_a_shell_but_by_its_environment() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    shells = [step for step in steps if "run" in step]
    assert len(shells) == 4
    assert not [step["name"] for step in shells if EXPRESSION.search(step["run"])]


def test_the_document_has_every_input_with_its_default() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    table = (line.split("|")[1:3] for line in DOCUMENT.splitlines() if line.startswith("| `"))
    told = {
        name: default.strip("` ")
        for names, default in table
        for name in re.findall("`([^`]*)`", names)
        if name in inputs
    }
    assert told == {name: one["default"] for name, one in inputs.items()}


@pytest.mark.long
def test_a_good_model_is_green_and_a_regressed_one_red(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("edgeassay.merge_gate.command")
    good = Runner(repository, tmp_path / "good", INPUTS)
    assert good.run() == 0, good.text
    assert good.ran == ["Install", "Bring models and limits", "Measure", "Decide"]
    assert len(good.skipped) == 2  # what it `uses`
    results = json.loads((good.results / "results.json").read_text(encoding="utf-8"))
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert results["commit"] == head.stdout.strip()
    assert not results["dirty"]
    assert {case["case"]["model"] for case in results["cases"]} == {"tiny"}
    assert "tiny" in good.summary
    limits = evidence_of(good, tmp_path / "evidence")
    assert {one["source"].partition(":")[0] for one in limits} == {
        *("models/tiny/model.toml", "fixtures/devices/bench.toml")
    }
    assert {one["state"] for one in limits} == {"committed"}

    # Another leg's results alone are decided the same, without a measurement.
    kept = tmp_path / "legs"
    kept.mkdir()
    shutil.copyfile(good.results / "results.json", kept / "results.json")
    alone = INPUTS | {"measure": "false", "results": str(kept)}
    later = Runner(repository, tmp_path / "later", alone)
    assert later.run() == 0, later.text
    assert "Measure" in later.skipped

    weights, bias = brightness()
    worse = np.random.default_rng(1).normal(0.0, 0.05, weights.shape).astype(np.float32)
    write_classifier(repository / "artifacts/tiny/int8.tflite", worse, bias, int8=True)
    commit(repository, "a worse model")
    bad = Runner(repository, tmp_path / "bad", INPUTS)
    assert bad.run() == 1, bad.text
    assert bad.ran[-1] == "Decide"
    assert "mean_auc_drop" in bad.summary.replace("\\", "")


def test_what_is_missing_is_said_before_anything_is_measured(
    repository: Path, tmp_path: Path
) -> None:
    for given, sentence in (
        ({"models": "no such folder"}, "there is no no such folder"),
        ({"gate": "$(touch owned)"}, "there is no $(touch owned)"),
        ({"models": "--help"}, "there is no --help"),
    ):
        runner = Runner(repository, tmp_path / "missing", INPUTS | given)
        assert runner.run() == 2
        assert f"::error::{sentence}" in runner.text
        assert runner.ran[-1] == "Bring models and limits"
    assert not list(tmp_path.rglob("owned"))
