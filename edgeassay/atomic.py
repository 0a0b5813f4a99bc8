"""Files written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock

from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import open_plain
from edgeassay.temporary import temporary_file

# The folder of what a project keeps for itself: the key of its digests, scores, caches.
OWN: Final = ".assay"
IGNORE: Final = ".gitignore"
EVERYTHING: Final = "*\n"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. A folder `.assay` among them gets a `.gitignore`, so that
    `git add -A` adds nothing of it. OSError if that can't be done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, *folder.parents):
        if place.name == OWN:
            _ignore(place)


def private_folder(folder: Path) -> None:
    """Make a folder that is kept for later runs, with a `.gitignore` that ignores all of it. A
    folder that is there already stays as it is. If it can't be made, whoever writes there says so.
    """
    with suppress(OSError):
        if not folder.exists():
            make_folder(folder)
            if OWN not in folder.parts:
                _ignore(folder)


def _ignore(folder: Path) -> None:
    path = folder / IGNORE
    if path.exists():
        return
    with temporary_file(folder) as (made, handle):
        os.write(handle, EVERYTHING.encode("utf-8"))
        os.fchmod(handle, 0o644)
        made.replace(path)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `path` by way of a temporary file beside it, synced, then renamed over it. What earlier
    processes that were killed left beside it is removed.

    Makes the folders above. ConfigError, with nothing left behind, if that can't be done.
    """
    try:
        _check_kind(path)
        make_folder(path.parent)
        with temporary_file(path.parent) as (made, handle):
            _write(path, handle, data)
            made.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {why(error)}; choose another place") from None


def _write(path: Path, handle: int, data: bytes) -> None:
    """The bytes, down to the disk; ConfigError if there is no room for them."""
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(handle)
        os.fchmod(handle, 0o644)
    except OSError as error:
        raise ConfigError(
            f"{path} can't be written: {why(error)}; make room, or choose another place"
        ) from None


def remove(path: Path) -> None:
    """Remove a file if it is there; ConfigError where that can't be done."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {why(error)}; choose another place") from None


def check_writable(folder: Path) -> None:
    """ConfigError if no file can be written into a folder, which is made if need be."""
    try:
        _try(folder)
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be written: {why(error)}; choose another place"
        ) from None


def check_replaceable(path: Path) -> None:
    """ConfigError if `write_bytes` can't write `path`: said before any work is done for it."""
    try:
        _try(path.parent)
        _check_kind(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {why(error)}; choose another place") from None


def _check_kind(path: Path) -> None:
    """OSError where something is there whose place a file can't take: a folder, or a device, a pipe
    or a link, which would be gone.
    """
    if path.is_dir():  # which also asks whether a file may have that name
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.is_symlink():
        raise OSError(errno.EINVAL, "it is a link, which a file would replace")
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no plain file, and a file would replace it")


def _try(folder: Path) -> None:
    """Write a file into a folder that nothing is left of, whatever ends this process."""
    make_folder(folder)
    with temporary_file(folder):
        pass


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, or of the names and digests of all files in a folder, in hex.

    OSError where it can't be read.
    """
    if path.is_dir():
        walked = os.walk(path, followlinks=True)  # what a linked folder holds is read as well
        files = sorted(Path(folder, name) for folder, _, names in walked for name in names)
        lines = [f"{p.relative_to(path).as_posix()} {sha256_of(p)}\n" for p in files]
        return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(path: Path, failure: str, remedy: str) -> Iterator[None]:
    """Keep other processes out by a lock file; where there can be none, ConfigError with what the
    `failure` is, why, and the `remedy`.
    """
    lock = FileLock(path)
    try:
        make_folder(path.parent)
        lock.acquire()
    except OSError as error:
        raise ConfigError(f"{failure}: {why(error)}; {remedy}") from None
    try:
        yield
    finally:
        lock.release()
