"""What the workflows may do, and what stands between a fork and a machine of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from suites.meta.project import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
MEASURE = "./.github/workflows/measure.yml"


def read(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


HARDWARE = read("hardware.yml")["jobs"]


def told(job: str) -> str:
    return " ".join(str(HARDWARE[job]["if"]).split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_may_nothing_and_knows_no_secret(path: Path) -> None:
    text, found = path.read_text(encoding="utf-8"), read(path.name)
    assert found["permissions"] == {}
    assert "secrets" not in text
    assert "pull_request_target" not in text
    for name, job in found["jobs"].items():
        writes = [what for what, right in job["permissions"].items() if right != "read"]
        posts = path.name == "comment.yml" and name == "post"
        assert writes == (["pull-requests"] if posts else [])
        assert "uses" in job or job["timeout-minutes"] <= 120


def test_the_required_check_runs_whatever_became_of_every_leg() -> None:
    legs = [name for name, job in HARDWARE.items() if job.get("uses") == MEASURE]
    assert legs == ["hosted", "self-hosted"]
    gate = HARDWARE["gate"]
    assert gate["name"] == "edgeassay gate"
    assert told("gate") == "always()"
    assert gate["needs"] == ["plan", "build", *legs]
    (step,) = (one for one in gate["steps"] if one.get("name") == "Decide")
    for name in gate["needs"]:
        assert f"needs.{name}.result" in " ".join(step["env"].values())


def test_the_gate_decides_with_the_bases_code() -> None:
    steps = HARDWARE["gate"]["steps"]
    project, judge, *_ = (step["with"] for step in steps if "uses" in step)
    assert (project["path"], project["fetch-depth"], "ref" in project) == ("project", 0, False)
    ref = "${{ github.event.pull_request.base.sha || github.sha }}"
    assert (judge["path"], judge["ref"]) == ("judge", ref)
    shells = [step["run"] for step in steps if "run" in step]
    assert shells == [
        "python3 -m venv venv && venv/bin/pip install -q -e judge",
        "PROJECT=$PWD/project PYTHON=$PWD/venv/bin/python bash judge/.ci/decide legs",
    ]


def test_a_fork_starts_no_machine_of_ours() -> None:
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    assert same in told("self-hosted")
    steps = HARDWARE["plan"]["steps"]
    assert steps[0]["with"]["ref"] == "${{ github.event.pull_request.base.sha || github.sha }}"
    # A fork is what isn't known to be none.
    assert same.replace("==", "!=") in steps[1]["env"]["FORK"]


def test_baselines_are_promoted_after_green_on_the_default_branch_alone() -> None:
    assert HARDWARE["baselines"]["needs"] == "gate"
    for condition in (
        "needs.gate.result == 'success'",
        "github.event_name == 'push'",
        "format('refs/heads/{0}', github.event.repository.default_branch)",
    ):
        assert condition in told("baselines")


def test_a_device_does_one_thing_at_a_time_and_is_not_cut_short() -> None:
    (job,) = read("measure.yml")["jobs"].values()
    assert "format('edgeassay-device-{0}', inputs.leg)" in job["concurrency"]["group"]
    assert job["concurrency"]["cancel-in-progress"] is False


def test_a_comment_is_made_and_posted_by_the_default_branch() -> None:
    found = read("comment.yml")
    assert list(found[True]) == ["workflow_run"]  # `on`, as YAML 1.1 reads it
    render, post = found["jobs"].values()
    assert "pull_request" in render["if"]
    for job in (render, post):
        (checkout,) = (s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@"))
        assert "ref" not in checkout["with"]
        assert "repository" not in checkout["with"]
    assert not [s for s in render["steps"] if "download-artifact" in s.get("uses", "")]
