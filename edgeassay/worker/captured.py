"""What a native library prints: read by this process, and passed on to where it was going."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import Iterator, List

STDERR = 2
BLOCK = 1 << 16


@contextmanager
def captured() -> Iterator[List[str]]:
    """Everything that is written to the file descriptor of stderr meanwhile: one text in the list
    that this gives, there once the block is left, however it is left.

    Libraries log past Python's `sys.stderr`. A file holds it rather than a pipe, which would fill
    up while the library holds Python's lock.
    """
    text: List[str] = []
    kept = os.dup(STDERR)
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), STDERR)
            try:
                yield text
            finally:
                os.dup2(kept, STDERR)
                file.seek(0)
                said = file.read()
                text.append(said.decode("utf-8", "replace"))
                for start in range(0, len(said), BLOCK):
                    os.write(STDERR, said[start : start + BLOCK])
    finally:
        os.close(kept)
