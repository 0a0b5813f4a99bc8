"""A board over ssh: a server on this machine stands for it, with a login folder of its own."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from edgeassay.atomic import sha256_of
from edgeassay.config import load_devices
from edgeassay.devices import is_here, open_worker
from edgeassay.errors import Absent, EdgeassayError, WorkerError
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import Worker
from suites.meta import commands
from suites.meta.project import PROFILE, Project
from suites.meta.tinymodels import brightness, write_classifier
from suites.scale.sshd import Sshd

FOLDER = "cache/edgeassay"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd.start(tmp_path_factory.mktemp("board") / "sshd")
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Below which the board has its files; nothing yet."""
    return tmp_path / "there" / FOLDER


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_classifier(tmp_path / "tiny.tflite", *brightness(), int8=True)
    return tmp_path / "tiny.tflite"


def profile(command: list[str], folder: Path) -> str:
    """A board's profile, asked for by name."""
    words = ", ".join(f'"{word}"' for word in command)
    return (
        PROFILE.replace('"bench"', '"board"')
        .replace('architecture = "*"', "on_request = true")
        .replace(
            'litert = ["{python}"]', f'litert = {{ command = [{words}], folder = "{folder}" }}'
        )
    )


def board(tmp_path: Path, command: list[str], folder: Path) -> DeviceSpec:
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/board.toml").write_text(profile(command, folder))
    return load_devices([tmp_path / "devices"], tmp_path)["board"]


def start(device: DeviceSpec, timeout_s: float = 20.0) -> Worker:
    return open_worker(device, "litert", "litert", label="tiny/int8", timeout_s=timeout_s)


def test_a_board_gets_what_it_needs_once(
    sshd: Sshd, tmp_path: Path, folder: Path, model: Path
) -> None:
    device = board(tmp_path, sshd.command(sys.executable), folder)
    rows = np.arange(4096 * 64, dtype=np.int64).astype(np.int8).reshape(4096, 1, 8, 8, 1)
    outputs = []
    times: list[dict[str, int]] = []
    for _ in range(2):
        with start(device) as worker:
            assert not is_here(worker)
            loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
            assert loaded.sha256 == sha256_of(model)
            outputs.append(worker.run(loaded, [rows])[0])
            assert worker.time([loaded], [[rows[0]]], 3, 1).durations.shape == (1, 3)
        files = [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"]
        times.append({str(p): p.stat().st_ctime_ns for p in files if "worker-" in str(p)})
        names = {p.name for p in (folder / "files").iterdir()}
        assert names == {f"{loaded.sha256}.tflite", sha256_of_bytes(rows)}
    assert times[0] == times[1]
    with Worker(["{python}"], "litert", label="tiny/int8", timeout_s=20.0) as here:
        loaded = here.load(model, RuntimeSpec(), "a", "tiny/int8")
        outputs.append(here.run(loaded, [rows])[0])
    assert outputs[0].tobytes() == outputs[1].tobytes() == outputs[2].tobytes()


def sha256_of_bytes(array: npt.NDArray[Any]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def test_a_relative_folder_is_below_the_login_folder(
    sshd: Sshd, tmp_path: Path, model: Path
) -> None:
    """Where a login begins; this server's is the user's own, so its place is only asked for."""
    where = subprocess.run(sshd.command("pwd"), capture_output=True, text=True, check=True)
    wanted = os.path.relpath(tmp_path / "there", where.stdout.strip())
    device = board(tmp_path, sshd.command(sys.executable), Path(wanted))
    with start(device) as worker:
        worker.load(model, RuntimeSpec(), "a", "tiny/int8")
    assert len(list((tmp_path / "there/files").iterdir())) == 1


@pytest.mark.parametrize("damage", ["worker", "artifact"])
def test_a_damaged_copy_is_made_again(
    sshd: Sshd, tmp_path: Path, folder: Path, model: Path, damage: str
) -> None:
    device = board(tmp_path, sshd.command(sys.executable), folder)
    with start(device) as worker:
        worker.load(model, RuntimeSpec(), "a", "tiny/int8")
    if damage == "worker":
        (there,) = folder.glob("worker-*")
        (there / "__main__.py").unlink()
    else:
        (kept,) = (folder / "files").iterdir()
        kept.write_bytes(kept.read_bytes()[:-7])
    with start(device) as worker:
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
    assert loaded.sha256 == sha256_of(model)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"port": 1}, "Connection refused"),
        ({"host": "nowhere.invalid"}, "Could not resolve hostname nowhere.invalid"),
        ({"known": "nobody"}, "Host key verification failed"),
        ({"key": "host_key"}, "Permission denied"),
    ],
)
def test_a_board_that_is_not_reached_is_absent(
    sshd: Sshd, tmp_path: Path, folder: Path, changed: dict[str, object], words: str
) -> None:
    device = board(tmp_path, sshd.command(sys.executable, **changed), folder)
    with pytest.raises(Absent, match=rf"runtime litert isn't reached: .*{words}.*; by hand, its"):
        start(device)


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (
            "/nowhere/python3",
            "copied to board: its command ended with status 127; it said: .*/nowhere/python3",
        ),
        (
            "/bin/cat",
            "copied to board: its command ended with status 0; its command must start a Python",
        ),
        ("/bin/echo", r"broke the protocol .* began with '/.*must write nothing on stdout"),
    ],
)
def test_a_board_without_python_is_a_sentence(
    sshd: Sshd, tmp_path: Path, folder: Path, python: str, words: str
) -> None:
    device = board(tmp_path, sshd.command(python), folder)
    with pytest.raises(EdgeassayError, match=words):
        start(device)


def test_a_folder_that_can_not_be_written_is_a_sentence(sshd: Sshd, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    device = board(tmp_path, sshd.command(sys.executable), tmp_path / "file/below")
    with pytest.raises(Absent, match=r"can't be copied to board: .*file.*: Not a directory; mend"):
        start(device)


@pytest.mark.long
def test_a_connection_that_goes_away_is_a_sentence_and_the_next_worker_serves(
    sshd: Sshd, tmp_path: Path, folder: Path, model: Path
) -> None:
    device = board(tmp_path, sshd.command(sys.executable), folder)
    with start(device) as worker:
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
        there = worker.facts["pid"]
        timer = threading.Timer(0.5, sshd.drop)
        timer.start()
        with pytest.raises(WorkerError, match=r"tiny/int8 on runtime litert was lost: ssh has no"):
            worker.time([loaded], [[np.zeros((1, 8, 8, 1), np.int8)]], 1 << 22, 0)
        timer.join()
    gone(there)
    with start(device) as worker:
        assert worker.load(model, RuntimeSpec(), "a", "tiny/int8").sha256 == loaded.sha256


@pytest.mark.long
def test_ssh_that_is_killed_or_stopped_takes_one_claim_with_it(
    sshd: Sshd, tmp_path: Path, folder: Path, model: Path
) -> None:
    device = board(tmp_path, sshd.command(sys.executable), folder)
    for blow, words in (
        (signal.SIGKILL, "was killed by SIGKILL"),
        (signal.SIGSTOP, r"was silent for 1\.5 s and was ended"),
    ):
        with start(device, timeout_s=1.5) as worker:
            loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
            (ssh,) = [p for p in psutil.Process().children() if p.name() == "ssh"]
            ssh.send_signal(blow)
            with pytest.raises(WorkerError, match=words):
                worker.time([loaded], [[np.zeros((1, 8, 8, 1), np.int8)]], 8, 0)
        assert not ssh.is_running()
        gone(worker.facts["pid"])


def gone(pid: int, within_s: float = 60.0) -> None:
    """The process over there has ended, or ends by itself."""
    try:
        psutil.Process(pid).wait(timeout=within_s)
    except psutil.NoSuchProcess:
        return


@pytest.mark.long
def test_a_worker_that_hangs_over_there_ends_by_itself(
    sshd: Sshd, tmp_path: Path, folder: Path, model: Path
) -> None:
    """Nobody can signal it: ssh only lets go of it."""
    device = board(tmp_path, sshd.command(sys.executable), folder)
    with start(device, timeout_s=1.5) as worker:
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
        there = worker.facts["pid"]
        with pytest.raises(WorkerError, match=r"was silent for 1\.5 s"):
            worker.time([loaded], [[np.zeros((1, 8, 8, 1), np.int8)]], 1 << 26, 0)
    gone(there)


def push(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    return commands.run(
        *("edgeassay", "push", "board", *options),
        *("--models-dir", str(project.folder / "models")),
        *("--devices-dir", str(project.folder / "devices")),
        environment=project.surroundings | {"COLUMNS": "250"},
    )


@pytest.mark.long
def test_push_copies_once_and_says_what(sshd: Sshd, project: Project, folder: Path) -> None:
    text = profile(sshd.command(sys.executable), folder)
    (project.folder / "devices/board.toml").write_text(text)
    wanted = ("--model=tiny", f"--artifacts={project.artifacts}", "--inputs")
    first = push(project, *wanted)
    assert first.returncode == 0, first.stderr
    assert "board: 5 copied (" in first.stdout
    for what in ("worker litert: ", "tiny/fp32", "tiny/int8", "images of tiny-int8-litert"):
        assert what in first.stdout
    names = {p.name for p in (folder / "files").iterdir()}
    assert f"{sha256_of(project.artifacts / 'tiny/int8.tflite')}.tflite" in names
    second = push(project, *wanted)
    assert "board: 0 copied (0 bytes), 5 there already" in second.stdout
    (there,) = folder.glob("worker-*")
    (there / "loop.py").write_text("raise SystemExit(0)")
    assert "board: 1 copied (" in push(project).stdout
    (project.artifacts / "tiny/int8.tflite").unlink()
    missing = push(project, *wanted[:2])
    assert missing.returncode == 4
    assert "left out: tiny/int8: --artifacts: " in missing.stderr


def test_push_to_a_board_that_is_not_reached_says_so(
    sshd: Sshd, project: Project, folder: Path
) -> None:
    text = profile(sshd.command(sys.executable, port=1), folder)
    (project.folder / "devices/board.toml").write_text(text)
    done = push(project)
    assert done.returncode == 4
    assert "can't be copied to board: its command has no connection; it said: ssh: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_suite_judges_and_times_on_the_board(
    sshd: Sshd, project: Project, folder: Path
) -> None:
    text = profile(sshd.command(sys.executable), folder)
    (project.folder / "devices/board.toml").write_text(text)
    outcome = project.run("--benchmark", "--device=board")
    assert outcome.code == 0, outcome.text
    claims = {(c["claim"], c["case"]["variant"]): c for c in outcome.results["claims"]}
    for claim in ("loads", "mean_auc_drop", "latency_ratio"):
        assert claims[claim, "int8"]["verdict"] == "pass"
        assert claims[claim, "int8"]["case"]["device"] == "board"
    for case in outcome.results["cases"]:
        assert case["worker"]["hostname"]
        assert case["worker"]["architecture"]
        unknown = [h["steal_share"] for h in case["health"]]
        assert unknown
        assert set(unknown) == {None}  # this machine's counters say nothing of the board
    assert len(list((folder / "files").glob("*.tflite"))) == 2


def test_who_only_loaded_an_artifact_is_told_too(
    sshd: Sshd, project: Project, folder: Path
) -> None:
    text = profile(sshd.command(sys.executable), folder)
    (project.folder / "devices/board.toml").write_text(text)
    outcome = project.run("--device=board", "suites/artifact", "-k", "loads")
    assert outcome.code == 0, outcome.text
    assert all(case["worker"]["hostname"] for case in outcome.results["cases"])


def test_a_run_whose_board_is_off_is_unmeasured(sshd: Sshd, project: Project, folder: Path) -> None:
    text = profile(sshd.command(sys.executable, port=1), folder)
    (project.folder / "devices/board.toml").write_text(text)
    outcome = project.run("--benchmark", "--device=board")
    reasons = {c["reason"] for c in outcome.results["claims"] if c["verdict"] == "unmeasured"}
    assert any("isn't reached: ssh has no connection" in reason for reason in reasons)
    assert all("Traceback" not in reason for reason in reasons)
    verdicts = {c["verdict"] for c in outcome.results["claims"] if c["claim"] != "size_ratio"}
    assert verdicts == {"unmeasured"}
