"""Temporary files go with their process, and no file half written stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edgeassay import temporary
from edgeassay.artifacts import Recipe, read_artifact, write_artifact
from edgeassay.atomic import check_replaceable, write_bytes
from edgeassay.errors import ArtifactError, ConfigError
from edgeassay.runs.storage import save_run
from edgeassay.temporary import sweep, temporary_file, temporary_folder

HOLDING = """
import sys, time
from pathlib import Path
from edgeassay.temporary import temporary_file, temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder, temporary_file(Path(sys.argv[1])):
    (folder / "inside").write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""
# Kills itself before its N-th change of files.
KILLED = """
import os, signal, sys
from pathlib import Path
from edgeassay.artifacts import Recipe, write_artifact
from edgeassay.runs.storage import check_can_save
left = int(sys.argv[2])
def count(event, args):
    global left
    if event in ("os.rename", "os.remove", "open", "os.chmod") and ".py" not in str(args[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
recipe = Recipe(model="m", variant="v", source_sha256="2" * 64, data_sha256=None,
                settings={}, versions={})
sys.addaudithook(count)
"""
WRITING = KILLED + 'write_artifact(Path(sys.argv[1], "v.tflite"), b"new bytes", recipe)'
CHECKING = KILLED + 'check_can_save(Path(sys.argv[1]), "here", f"run{sys.argv[2]}")'
BEFORE = Recipe(
    model="m", variant="v", source_sha256="1" * 64, data_sha256=None, settings={}, versions={}
)


def test_what_a_process_left_goes_when_it_was_killed_and_not_before(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        held = set(tmp_path.iterdir())
        assert len(held) == 2
        write_bytes(tmp_path / "file", b"x")
        assert set(tmp_path.iterdir()) == held | {tmp_path / "file"}
        process.kill()
    write_bytes(tmp_path / "file", b"y")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_what_is_below_goes_only_if_it_is_asked_for(tmp_path: Path) -> None:
    left = tmp_path / "a/b" / f"{temporary.PREFIX}x{temporary.SUFFIX}"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    sweep(tmp_path)
    assert left.exists()
    sweep(tmp_path, below=True)
    assert not left.exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Another name, and a link under our name to what somebody else needs."""
    kept = [tmp_path / ".edgeassay-notes", tmp_path / "work.tmp", tmp_path / "needed"]
    for path in kept:
        path.write_text("mine")
    link = tmp_path / f"{temporary.PREFIX}x{temporary.SUFFIX}"
    link.symlink_to(tmp_path / "needed")
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {*kept, link}


@pytest.mark.parametrize(("age_days", "stays"), [(1, True), (8, False)])
def test_without_locks_age_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_days: int, stays: bool
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    left = tmp_path / f"{temporary.PREFIX}x{temporary.SUFFIX}"
    left.write_text("half")
    changed = left.stat().st_mtime - age_days * 24 * 3600
    os.utime(left, (changed, changed))
    monkeypatch.setattr("fcntl.flock", no_locks)
    write_bytes(tmp_path / "file", b"x")
    assert left.exists() is stays
    assert (tmp_path / "file").read_bytes() == b"x"


def test_writers_and_sweeps_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    end, failures = threading.Event(), list[BaseException]()

    def sweeps() -> None:
        while not end.is_set():
            sweep(tmp_path)

    def writes(number: int) -> None:
        try:
            for k in range(60):
                write_bytes(tmp_path / f"{number}", f"{k}".encode())
                with temporary_folder(tmp_path) as folder:
                    (folder / "x").write_text("x")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=sweeps) for _ in range(2)]
    writers = [threading.Thread(target=writes, args=(k,)) for k in range(4)]
    for thread in (*threads, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    end.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"59"}


def test_no_folder_is_an_error_and_not_a_wait(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), temporary_file(tmp_path / "none"):
        pass
    with pytest.raises(FileNotFoundError), temporary_folder(tmp_path / "none"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="choose another place"):
        write_bytes(tmp_path / "file/x", b"")


def test_asking_whether_a_run_can_be_saved_leaves_nothing(tmp_path: Path) -> None:
    """Killed before each of its steps in turn, under another name each time."""
    for step in range(40):
        ended = subprocess.run(
            [sys.executable, "-c", CHECKING, str(tmp_path), str(step)], check=False, timeout=60
        )
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    assert step > 2
    saved = save_run(tmp_path, "here", "run", b"{}")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {
        saved,
        tmp_path / "saving.lock",
    }


def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't be written: File name too long; choose another"):
        check_replaceable(tmp_path / ("n" * 300))


def test_an_artifact_never_stands_beside_the_manifest_of_another(tmp_path: Path) -> None:
    """Killed before each of the steps in turn, it is the old one, the new one, or absent."""
    path, found = tmp_path / "v.tflite", []
    for step in range(40):
        write_artifact(path, b"old bytes", BEFORE)
        ended = subprocess.run(
            [sys.executable, "-c", WRITING, str(tmp_path), str(step)], check=False, timeout=60
        )
        if path.exists():
            artifact = read_artifact(path, "m", "v")
            assert artifact.manifest is not None
            found.append(path.read_bytes())
        else:
            with pytest.raises(ArtifactError):
                read_artifact(path, "m", "v")
            found.append(b"absent")
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    assert list(dict.fromkeys(found)) == [b"old bytes", b"absent", b"new bytes"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v.json", "v.tflite"]
