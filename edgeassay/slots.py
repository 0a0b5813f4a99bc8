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
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where an array lies: at the beginning of a file."""

    file: str
    dtype: str
    shape: tuple[int, ...]


class Slot:
    """A file of `size` bytes in memory. Use it as a context manager: leaving it removes the file.

    It has no name where the system can do without (Linux), and goes with this process whatever ends
    it. OSError where there is no room.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._named: Path | None = None
        if hasattr(os, "memfd_create"):
            self._handle = os.memfd_create("edgeassay")
            self.path = f"/proc/{os.getpid()}/fd/{self._handle}"
        else:
            self._handle, self.path = tempfile.mkstemp(prefix="edgeassay-")
            self._named = Path(self.path)
        try:
            # Reserved now: where there is no room, a later write would end the process.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._handle, 0, size)
            else:
                os.ftruncate(self._handle, size)
            self._memory = mmap.mmap(self._handle, size)
        except OSError:
            self._remove()
            raise

    def put(self, array: npt.NDArray[Any]) -> Placed | None:
        """Copy an array in; None where it doesn't fit. What was in before is gone."""
        if array.nbytes > self.size:
            return None
        # `frombuffer` keeps the memory mapped while it is written, and `ndarray` doesn't: where a
        # worker refuses its artifact, slots are left while rows for others are on their way.
        held = np.frombuffer(self._memory, array.dtype, count=array.size)
        view: npt.NDArray[Any] = held.reshape(array.shape)
        np.copyto(view, array)
        return Placed(file=self.path, dtype=array.dtype.str, shape=array.shape)

    def sign(self) -> str:
        """Put random bytes in; who can tell them sees the same memory."""
        token = secrets.token_bytes(16)
        self._memory[:16] = token
        return token.hex()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._handle)
        if self._named is not None:
            self._named.unlink(missing_ok=True)

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
