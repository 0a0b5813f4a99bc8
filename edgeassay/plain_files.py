"""Files that a user names: only plain ones are read, and no more of them than makes sense.

A pipe, a device or a socket is never waited for, and none of them can be read twice. What isn't
read is an OSError, as if the system had refused it, so that whoever reads says what to do.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Final

KINDS: Final[Mapping[Callable[[int], bool], str]] = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
# The most bytes that are read of a file of JSON or TOML, which is in memory whole while it is read.
# A run of a thousand cases with all their curves takes 25 MB; with every duration, 30 MB.
MOST_RESULTS: Final = 32_000_000
MOST_SAVED: Final = 48_000_000
MOST_DURATIONS: Final = 4_000_000  # 200,000 of them, and each is of a fresh process
MOST_FACTS: Final = 16_000_000  # a manifest, a ledger, a selftest
MOST_TOML: Final = 4_000_000


def check_plain(path: Path) -> None:
    """OSError where something is at `path` that is neither a plain file nor a folder; a link counts
    as what it leads to.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return  # whoever opens it says so
    for is_kind, kind in KINDS.items():
        if is_kind(mode):
            raise OSError(
                errno.EINVAL,
                f"it is {kind}, and only plain files are read (write what it gives to a file, and"
                " give that)",
            )


def open_plain(path: Path) -> BufferedReader:
    """A plain file, opened for reading bytes; OSError else."""
    check_plain(path)
    # What replaces the file meanwhile is opened without waiting, and looked at again.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISDIR(mode := os.fstat(handle).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no plain file any more")
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def read_plain(path: Path, most: int | None = None) -> bytes:
    """The bytes of a plain file; OSError where it isn't one, or has more than `most`."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise OSError(errno.EFBIG, f"it has {size:,} bytes, and at most {most:,} are read")
        return file.read()
