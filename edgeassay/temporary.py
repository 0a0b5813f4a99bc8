"""Temporary files and folders, which go with the process that made them, whatever ends it.

A process holds a lock on each of its temporaries. The system releases the lock however the process
ends, so a temporary without a lock is left over, and the next run removes it. The number of the
process wouldn't do: numbers are given again, and containers that share a folder have their own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = ".edgeassay-"
SUFFIX: Final = ".tmp"
# Where the file system knows no locks, one that hasn't changed for so long is left over.
LEFT_S: Final = 7 * 24 * 3600.0


@contextmanager
def temporary_file(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file in a folder, and a handle to write it with; removed unless it was renamed.

    OSError if it can't be made.
    """
    path, handle = _made(folder, _new_file, os.O_RDWR)
    try:
        yield path, handle
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def temporary_folder(folder: Path | None = None) -> Iterator[Path]:
    """A new folder in `folder`, or in the system's folder of temporary files; removed at the end
    with all that is in it, unless it was renamed.

    OSError if it can't be made.
    """
    place = folder or Path(tempfile.gettempdir())
    path, handle = _made(place, _new_folder, os.O_RDONLY)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def sweep(folder: Path | None = None, *, below: bool = False) -> None:
    """Remove the temporaries in a folder, or in the system's folder of temporary files, whose
    processes have ended; with `below` also those in all folders in it. One that can't be removed
    stays.
    """
    folder, pattern = folder or Path(tempfile.gettempdir()), f"{PREFIX}*{SUFFIX}"
    for path in list(folder.rglob(pattern) if below else folder.glob(pattern)):
        with suppress(OSError):
            _remove_if_left(path)


def _new_file(folder: Path) -> str:
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=folder)
    os.close(handle)
    return name


def _new_folder(folder: Path) -> str:
    return tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=folder)


def _made(folder: Path, make: Callable[[Path], str], flags: int) -> tuple[Path, int]:
    """A temporary that is locked. A sweep may find it before that; then another one is made."""
    sweep(folder)
    while True:
        path = Path(make(folder))
        try:
            handle = os.open(path, flags)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():
            return path, handle
        os.close(handle)


def _remove_if_left(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid():  # the folder of temporary files is everybody's
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if time.time() - found.st_mtime < LEFT_S:
                return
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    finally:
        os.close(handle)
