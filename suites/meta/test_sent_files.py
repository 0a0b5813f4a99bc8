"""What reaches another machine: whole, by the digest of its bytes, or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgeassay.worker.files import KEPT_S, BadFile, Files
from edgeassay.worker.install import STALE_S, install, main

DATA = bytes(range(256)) * 16
NAME = hashlib.sha256(DATA).hexdigest() + ".tflite"


def part(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8)


def send(files: Files, folder: Path, name: str = NAME, data: bytes = DATA) -> Path:
    for start in range(0, len(data), 1000):
        files.take(str(folder), name, start, part(data[start : start + 1000]))
    return Path(files.finish(str(folder), name))


def test_a_file_arrives_whole_and_is_found(tmp_path: Path) -> None:
    files = Files()
    assert files.find(str(tmp_path / "files"), NAME) == ""
    path = send(files, tmp_path / "files")
    assert path.read_bytes() == DATA
    assert [p.name for p in path.parent.iterdir()] == [NAME]
    assert files.find(str(path.parent), NAME) == str(path)


def test_an_empty_file_is_one_too(tmp_path: Path) -> None:
    name = hashlib.sha256(b"").hexdigest()
    files = Files()
    files.take(str(tmp_path), name, 0, part(b""))
    assert Path(files.finish(str(tmp_path), name)).read_bytes() == b""


def test_a_damaged_file_is_as_absent(tmp_path: Path) -> None:
    path = send(Files(), tmp_path)
    path.write_bytes(DATA[:-1])
    assert Files().find(str(tmp_path), NAME) == ""
    assert not path.exists()


def test_other_bytes_than_announced_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="have another SHA-256"):
        send(Files(), tmp_path, data=DATA[:-1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "./x", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    for attempt in (
        lambda: Files().find(str(tmp_path), name),
        lambda: Files().take(str(tmp_path), name, 0, part(DATA)),
    ):
        with pytest.raises(BadFile, match="is no file's name"):
            attempt()


def test_parts_come_in_order(tmp_path: Path) -> None:
    files = Files()
    with pytest.raises(BadFile, match="doesn't go on at byte 7"):
        files.take(str(tmp_path), NAME, 7, part(DATA))
    files.take(str(tmp_path), NAME, 0, part(DATA[:7]))
    with pytest.raises(BadFile, match="doesn't go on at byte 8"):
        files.take(str(tmp_path), NAME, 8, part(DATA[8:]))
    files.take(str(tmp_path), NAME, 0, part(DATA))
    with pytest.raises(BadFile, match="hasn't come"):
        files.finish(str(tmp_path), "0" * 64)
    assert list(tmp_path.iterdir()) == []
    for k in (0, 7):
        files.take(str(tmp_path), NAME, k, part(DATA[k:][: 7 if k == 0 else None]))
    assert Path(files.finish(str(tmp_path), NAME)).read_bytes() == DATA


def test_what_a_killed_worker_left_and_what_is_old_goes(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    left, coming = tmp_path / f".{NAME}.{ended.pid}.part", tmp_path / f".{NAME}.{os.getppid()}.part"
    old, foreign = tmp_path / ("0" * 64), tmp_path / "notes.txt"
    for path in (left, coming, old, foreign):
        path.write_bytes(b"")
    long_ago = time.time() - KEPT_S - 60.0
    os.utime(old, (long_ago, long_ago))
    os.utime(foreign, (long_ago, long_ago))
    path = send(Files(), tmp_path)
    assert set(tmp_path.iterdir()) == {coming, foreign, path}


WORKER = {"__main__.py": b"print(1)\n", "probe.tflite": b"\x00\xff"}


def test_a_worker_is_installed_once_and_repaired(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    assert install(str(folder), "worker-1", WORKER)
    assert not install(str(folder), "worker-1", WORKER)
    (folder / "worker-1/__main__.py").write_bytes(b"")
    assert install(str(folder), "worker-1", WORKER)
    assert {p.name: p.read_bytes() for p in (folder / "worker-1").iterdir()} == WORKER
    assert [p.name for p in folder.iterdir()] == ["worker-1"]


def test_an_installation_that_was_cut_off_long_ago_is_removed(tmp_path: Path) -> None:
    for name, age_s in ((".worker-old", STALE_S + 60.0), (".worker-new", 0.0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    install(str(tmp_path), "worker-1", WORKER)
    assert {p.name for p in tmp_path.iterdir()} == {".worker-new", "worker-1"}


def test_an_installation_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    encoded = {name: base64.b64encode(data).decode() for name, data in WORKER.items()}
    main(str(tmp_path / "file/below"), "worker-1", encoded)
    said = json.loads(capsys.readouterr().out.strip().removeprefix("EDGEASSAY "))
    assert said["message"].endswith("Not a directory")
    main(str(tmp_path), "worker-1", encoded)
    assert '"copied": true' in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"file", "worker-1"}


def test_an_old_python_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 7, 2))
    main(str(tmp_path), "worker-1", {})
    assert "Python 3.9 or later is needed there, and this is 3.7" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
