"""`edgeassay ab` on real artifacts: equal ones, unequal ones, a revision, a side that breaks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from suites.meta import commands
from suites.meta.project import Project
from suites.meta.tinymodels import brightness, write_classifier, write_layers

LAYERS = 128  # about a millisecond


def ab(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return commands.run(
        *("edgeassay", "ab", *words, *options(project)),
        folder=project.folder,
        environment=project.surroundings | {"COLUMNS": "160"},
        timeout_s=200,
    )


def options(project: Project) -> list[str]:
    return [f"--devices-dir={project.folder / 'devices'}", f"--json={project.folder / 'ab.json'}"]


def written(project: Project) -> Any:
    return json.loads((project.folder / "ab.json").read_text(encoding="utf-8"))


@pytest.fixture
def folders(tmp_path: Path) -> Project:
    """A project with two folders of artifacts, `base` and `head`."""
    project = Project(tmp_path)
    project.write_declarations()
    for side, layers, padding in (("base", LAYERS, 0), ("head", LAYERS, 4096)):
        write_layers(tmp_path / side / "tiny" / "fp32.tflite", layers, padding_bytes=padding)
        write_layers(tmp_path / side / "tiny" / "int8.tflite", 4)
    return project


@pytest.mark.long
def test_other_bytes_that_take_as_long_pass_and_equal_bytes_are_not_timed(folders: Project) -> None:
    ended = ab(folders, "base", "head")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 cases: 2 pass (1 timed, 1 unchanged)" in ended.stdout
    cases = {case["case"]["variant"]: case for case in written(folders)["cases"]}
    assert cases["int8"]["stopped"] == "nothing to time"
    assert cases["int8"]["timing"] is None
    timing = cases["fp32"]["timing"]
    assert timing["high"] <= 1.05 + timing["tolerated"]
    assert timing["pairs"] >= 10
    assert timing["base_stack"] == timing["head_stack"]
    assert timing["head_stack"]["runtime"] == "ai-edge-litert"
    assert cases["fp32"]["limits"]["unacceptable"]["source"].endswith("limits.unacceptable")


@pytest.mark.long
def test_a_slower_network_fails_and_a_faster_one_passes(folders: Project) -> None:
    slower = folders.folder / "head" / "tiny" / "fp32.tflite"
    write_layers(slower, round(1.25 * LAYERS))
    ended = ab(folders, "base", "head", "--variant=fp32", "--markdown=ab.md")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "tiny-fp32-litert: HEAD is slower by " in ended.stdout
    assert "is tolerated" in ended.stdout
    timing = written(folders)["cases"][0]["timing"]
    assert timing["low"] > 1.01
    assert "| tiny-fp32-litert |" in (folders.folder / "ab.md").read_text(encoding="utf-8")
    assert ab(folders, "head", "base", "--variant=fp32").returncode == 0


@pytest.mark.long
def test_one_file_on_two_runtimes(folders: Project) -> None:
    path = str(folders.folder / "base" / "tiny" / "fp32.tflite")
    ended = ab(folders, path, path, "--head-runtime=litert-reference")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "fp32-file-litert:litert-reference" in ended.stdout
    assert ab(folders, path, path).returncode == 0
    assert written(folders)["cases"][0]["stopped"] == "nothing to time"


def test_a_head_that_does_not_load_fails_and_a_case_that_it_lacks_is_missed(
    folders: Project,
) -> None:
    head = folders.folder / "head" / "tiny"
    (head / "fp32.tflite").write_bytes(b"no network")
    ended = ab(folders, "base", "head")
    assert ended.returncode == 1
    assert "HEAD: tiny/fp32" in ended.stdout
    ended = ab(folders, "head", "base", "--variant=fp32")
    assert ended.returncode == 4
    assert "BASE: tiny/fp32" in ended.stdout
    (head / "fp32.tflite").unlink()
    ended = ab(folders, "base", "head")
    assert ended.returncode == 4
    assert "BASE has, and HEAD has not: tiny/fp32" in ended.stdout


def test_too_little_time_is_inconclusive(folders: Project) -> None:
    ended = ab(folders, "base", "head", "--variant=fp32", "--max-time=2")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "10 are needed before anything can be shown" in ended.stdout


@pytest.mark.long
def test_revisions_are_built_once_and_compared(tmp_path: Path) -> None:
    folder = tmp_path / "below"  # the repository has other things beside the project
    project = Project(folder)
    project.data.mkdir(parents=True)
    project.model_toml = project.model_toml.replace('weights = "tiny.keras"\n', "")
    for variant in ("fp32", "int8"):
        start = project.model_toml.index(f"{variant} = {{ method")
        end = project.model_toml.index("}", start) + 1
        entry = f'{variant} = {{ artifact = "{variant}.tflite" }}'
        project.model_toml = project.model_toml[:start] + entry + project.model_toml[end:]
    project.write_declarations()
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(tmp_path))
    weights, bias = brightness()
    write_classifier(folder / "models/tiny/int8.tflite", weights, bias, int8=True)
    (tmp_path / ".gitignore").write_text(".assay/\n", encoding="utf-8")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-qm", "nothing yet", "--allow-empty"], check=True)
    for layers in (LAYERS, round(1.25 * LAYERS)):
        write_layers(folder / "models/tiny/fp32.tflite", layers)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", f"{layers} layers"], check=True)
    ended = ab(project, "HEAD~1", "HEAD")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "2 cases: 1 fail, 1 pass (1 timed, 1 unchanged)" in ended.stdout
    assert len(list((folder / ".assay/revisions").iterdir())) == 2
    listed = subprocess.run([*git, "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 1
    again = ab(project, "HEAD~1", "HEAD~1")
    assert again.returncode == 0
    assert "building" not in again.stderr
    nothing = ab(project, "HEAD~2", "HEAD")
    assert nothing.returncode == 2
    assert "HEAD~2: that revision has no below/models/<id>/model.toml" in nothing.stderr
    declared = folder / "models/tiny/model.toml"
    declared.write_text(project.model_toml.replace("litert = {}", "litert = { threads = 2 }"))
    subprocess.run([*git, "commit", "-qam", "another thread"], check=True)
    other = ab(project, "HEAD~1", "HEAD", "--variant=int8", "--max-time=2")
    assert "(1 timed, 0 unchanged)" in other.stdout
    assert "tiny-int8-litert is run otherwise: threads 1 -> 2" in other.stdout


def of_this_test(project: Project) -> list[psutil.Process]:
    """The processes that were started with this project's data folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("EDGEASSAY_DATA") == str(project.data):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.long
def test_killed_at_any_moment_it_leaves_no_half_file_and_no_worker(folders: Project) -> None:
    for after_s in (0.3, 1.5, 3.0):
        shutil.rmtree(folders.folder / ".assay", ignore_errors=True)
        words = ["ab", "base", "head", "--variant=fp32", *options(folders)]
        process = subprocess.Popen(
            [sys.executable, "-m", "edgeassay", *words],
            cwd=folders.folder,
            env=folders.surroundings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        path = folders.folder / "ab.json"
        assert not path.exists() or json.loads(path.read_text(encoding="utf-8"))
        assert not [p for p in folders.folder.iterdir() if p.name.startswith(".ab.json")]
        deadline = time.monotonic() + 30
        while of_this_test(folders):
            assert time.monotonic() < deadline, of_this_test(folders)
            time.sleep(0.05)
