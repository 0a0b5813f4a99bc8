"""Files that the host sends to a worker on another machine: named by the SHA-256 of their bytes,
each whole or absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from typing import IO, Any, Optional, Tuple

import numpy as np

NAME = re.compile(r"([0-9a-f]{64})(\.[A-Za-z0-9]{1,16})?")
PART = re.compile(r"\.[0-9a-f]{64}.*\.(\d+)\.part")
KEPT_S = 30 * 24 * 3600.0  # what nobody has wanted for so long makes room for what is wanted now


class BadFile(Exception):
    """A file can't be taken, or isn't what it was announced to be."""


class Files:
    """The folder of one host's files, and the one that is coming in."""

    def __init__(self) -> None:
        self._coming: Optional[Tuple[str, str, IO[bytes], Any]] = None

    def find(self, folder: str, name: str) -> str:
        """Where a file is, all of whose bytes are right; "" where it isn't."""
        _check(name)
        path = os.path.abspath(os.path.join(folder, name))
        try:
            if digest_of(path) == name[:64]:
                os.utime(path)  # wanted today
                return path
            os.unlink(path)
        except FileNotFoundError:
            pass
        return ""

    def take(self, folder: str, name: str, offset: int, data: "np.ndarray[Any, Any]") -> None:
        """The bytes of a file from `offset` on; they come in order."""
        _check(name)
        if offset == 0:
            self._begin(folder, name)
        if self._coming is None or self._coming[0] != name or self._coming[2].tell() != offset:
            self._drop()
            raise BadFile("%s doesn't go on at byte %d" % (name, offset))
        _, _, file, digest = self._coming
        try:
            file.write(data.data)
        except OSError:
            self._drop()
            raise
        digest.update(data.data)

    def finish(self, folder: str, name: str) -> str:
        """Where a file is that has come as a whole."""
        if self._coming is None or self._coming[0] != name:
            self._drop()
            raise BadFile("%s hasn't come" % name)
        _, part, file, digest = self._coming
        if digest.hexdigest() != name[:64]:
            self._drop()
            raise BadFile("the bytes that came have another SHA-256 than %s…" % name[:12])
        # Not synced: all bytes are read again whenever the file is wanted.
        try:
            file.close()
        except OSError:
            self._drop()
            raise
        path = os.path.abspath(os.path.join(folder, name))
        os.replace(part, path)
        self._coming = None
        return path

    def _begin(self, folder: str, name: str) -> None:
        self._drop()
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _sweep(folder)
        part = os.path.join(folder, ".%s.%d.part" % (name, os.getpid()))
        self._coming = (name, part, open(part, "wb"), hashlib.sha256())  # noqa: SIM115

    def _drop(self) -> None:
        if self._coming is not None:
            _, part, file, _ = self._coming
            self._coming = None
            with contextlib.suppress(OSError):  # the disk is full
                file.close()
            os.unlink(part)


def digest_of(path: str) -> str:
    """The SHA-256 of a file, a little of which is in memory at a time."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 18), b""):
            digest.update(block)
    return digest.hexdigest()


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadFile("%r is no file's name here" % name)


def _sweep(folder: str) -> None:
    """Remove what a worker that was killed has left, and what nobody wants any more."""
    for name in os.listdir(folder):
        path, part = os.path.join(folder, name), PART.fullmatch(name)
        try:
            unwanted = NAME.fullmatch(name) and time.time() - os.path.getmtime(path) > KEPT_S
            if unwanted or (part is not None and not _lives(int(part.group(1)))):
                os.unlink(path)
        except OSError:
            pass  # another worker was faster


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
