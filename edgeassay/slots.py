"""Memory that this process and a worker on the same machine both see: a file, mapped by each.

Images that go through a pipe are copied four times on the way; through a slot, once.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

MEMORY_FOLDER: Final = Path("/dev/shm")  # noqa: S108  # Linux's files in memory


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where an array lies: at the beginning of a file."""

    file: str
    dtype: str
    shape: tuple[int, ...]


class Slot:
    """A file of `size` bytes in memory. Use it as a context manager: leaving it removes the file.

    OSError where there is no room.
    """

    def __init__(self, size: int) -> None:
        folder = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
        handle, name = tempfile.mkstemp(prefix="edgeassay-", dir=folder)
        self.path, self.size = name, size
        try:
            # Reserved now: a full file system would end the process at a later write.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.ftruncate(handle, size)
            self._memory = mmap.mmap(handle, size)
        except OSError:
            self._remove()
            raise
        finally:
            os.close(handle)

    def put(self, array: npt.NDArray[Any]) -> Placed | None:
        """Copy an array in; None where it doesn't fit. What was in before is gone."""
        if array.nbytes > self.size:
            return None
        view: npt.NDArray[Any] = np.ndarray(array.shape, array.dtype, self._memory)
        np.copyto(view, array)
        return Placed(file=self.path, dtype=array.dtype.str, shape=array.shape)

    def sign(self) -> str:
        """Put random bytes in; who can tell them sees the same memory."""
        token = secrets.token_bytes(16)
        self._memory[:16] = token
        return token.hex()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            Path(self.path).unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._remove()
        with contextlib.suppress(BufferError):  # a view that is still held frees it later
            self._memory.close()
