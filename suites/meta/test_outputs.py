"""A file takes the place of a file alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from edgeassay.atomic import check_replaceable, write_bytes
from edgeassay.errors import ConfigError


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    (path.parent / "target").write_bytes(b"theirs")
    path.symlink_to("target")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize("make", [pipe, link, dangling, device, Path.mkdir])
def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path, make: object) -> None:
    path = tmp_path / "out.json"
    assert callable(make)
    make(path)
    before = path.lstat()
    for write in (check_replaceable, lambda place: write_bytes(place, b"ours")):
        with pytest.raises(ConfigError, match=r"out\.json can.t be written: .*; choose another"):
            write(path)
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert {p.name for p in tmp_path.iterdir()} <= {"out.json", "target"}


def test_a_plain_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"before")
    check_replaceable(path)
    write_bytes(path, b"ours")
    assert path.read_bytes() == b"ours"
