"""One timing at a time."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path

from filelock import FileLock


def alone() -> FileLock:
    """A lock that two runs of one user don't hold at once, so that they don't time beside each
    other; the second waits.
    """
    return FileLock(Path(tempfile.gettempdir(), f"edgeassay.timing.{getpass.getuser()}.lock"))
