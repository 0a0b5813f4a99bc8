"""How much memory this process may take, and what is said where that isn't enough."""

from __future__ import annotations

import errno
import os
import resource
from typing import Final

from edgeassay.errors import ConfigError

# NumPy and SciPy with one thread take 300 MB of addresses before anything is read.
LEAST_BYTES: Final = 500_000_000
REMEDY: Final = "give it more (`ulimit -v`, a container's limit), or less to read at once"
# What the loader says where it finds no room for a library.
NO_ROOM: Final = ("failed to map segment", "cannot allocate memory")


def check_memory() -> None:
    """ConfigError where this process may take less than any command needs (`ulimit -v`): the
    libraries would end it, or never end. Where there is a limit, linear algebra has one thread.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY:
        return
    if allowed < LEAST_BYTES:
        raise ConfigError(
            f"there isn't enough memory: this process may take {allowed / 1e6:,.0f} MB, and needs"
            f" {LEAST_BYTES / 1e6:,.0f} MB at least; {REMEDY}"
        )
    # OpenBLAS waits for ever for a thread that has found no room.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def is_shortage(error: BaseException) -> bool:
    """Whether an error says that memory has run out."""
    if isinstance(error, ImportError):
        return any(words in str(error).lower() for words in NO_ROOM)
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno == errno.ENOMEM
    )
