"""Which files a configuration was read from, with the bytes that were read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from edgeassay.plain_files import read_plain

PACKAGE: Final = Path(__file__).resolve().parents[1]
_RECORD: ContextVar[dict[Path, bytes] | None] = ContextVar("record", default=None)


@contextmanager
def recorded() -> Iterator[dict[Path, bytes]]:
    """Every file that `read_declared` reads from here on, by its absolute path, with its bytes."""
    found: dict[Path, bytes] = {}
    token = _RECORD.set(found)
    try:
        yield found
    finally:
        _RECORD.reset(token)


def read_declared(path: Path, most: int) -> bytes:
    """The bytes of a file that declares something; OSError if it can't be read, isn't a plain file,
    or has more than `most` bytes.
    """
    content = read_plain(path, most)
    record = _RECORD.get()
    # What comes with this package is code, whatever its form.
    if record is not None and not path.resolve().is_relative_to(PACKAGE):
        record[Path(os.path.abspath(path))] = content  # noqa: PTH100  # a link isn't followed
    return content
