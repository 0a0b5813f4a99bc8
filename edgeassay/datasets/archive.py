"""NumPy archives (.npz), read without trust and without taking up memory.

Nothing is unpickled. What an array's header says must agree with what the archive says of its
size, before a byte is unpacked. An array of up to `HELD_BYTES` is held in memory; a larger one is
unpacked once, in chunks, into a temporary file that has no name any more, and read from there.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import DataError, why
from edgeassay.npz_file import BROKEN_ZIP, read_header
from edgeassay.plain_files import check_plain

HELD_BYTES: Final = 64 << 20
CHUNK_BYTES: Final = 1 << 20
# Images rarely pack to less than a twentieth; deflate's best, which bombs are made of, is a 1032nd.
LARGEST_EXPANSION: Final = 200


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an archive says of one array; `data_at` is where its numbers begin in the member."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    data_at: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The arrays of an .npz file by name. Every method raises DataError naming file and array."""

    path: Path

    def names(self) -> list[str]:
        """The arrays' names."""
        with self._opened() as file:
            return [name.removesuffix(".npy") for name in file.namelist() if name.endswith(".npy")]

    def header(self, name: str) -> Header:
        """The header of an array, checked against its member's size."""
        with self._member(name) as (info, stream):
            try:
                shape, fortran_order, dtype = read_header(stream)
            except BROKEN_ZIP as error:
                raise self._error(name, f"is damaged, or no array ({_brief(error)})") from None
            data_at = stream.tell()
        if dtype.hasobject:
            raise self._error(name, "holds Python objects, which could run code and aren't loaded")
        size = math.prod(shape) * dtype.itemsize
        if data_at + size != info.file_size:
            raise self._error(
                name,
                f"has {info.file_size - data_at:,} bytes, and its header (shape {shape},"
                f" {dtype.name}) needs {size:,}",
            )
        if size > max(HELD_BYTES, LARGEST_EXPANSION * info.compress_size):
            raise self._error(
                name,
                f"would unpack {info.compress_size:,} bytes to {size:,}, as no images do",
            )
        return Header(
            name=name,
            dtype=dtype,
            shape=shape,
            fortran_order=fortran_order,
            data_at=data_at,
            size_bytes=size,
        )

    def array(self, header: Header) -> npt.NDArray[Any]:
        """The whole array, of `HELD_BYTES` at most."""
        if header.size_bytes > HELD_BYTES:
            raise self._error(header.name, f"has {header.size_bytes:,} bytes, more than is held")
        parts = bytearray()
        for chunk in self.chunks(header):
            parts += chunk
        array = np.frombuffer(parts, header.dtype)
        return array.reshape(header.shape, order="F" if header.fortran_order else "C")

    def chunks(self, header: Header) -> Iterator[bytes]:
        """The array's bytes, `CHUNK_BYTES` at a time."""
        left = header.size_bytes
        with self._member(header.name) as (_, stream):
            at = header.data_at
            # One read more than the bytes need: zipfile compares the checksum at the end.
            while chunk := self._next(header.name, stream, at):
                left -= len(chunk)
                yield chunk
                at = 0
        if left:
            raise self._error(header.name, f"is damaged (it ends {left:,} bytes early)")

    def _next(self, name: str, stream: IO[bytes], skip: int) -> bytes:
        try:
            stream.read(skip)
            return stream.read(CHUNK_BYTES)
        except BROKEN_ZIP as error:
            raise self._error(name, f"is damaged ({_brief(error)})") from None

    def _error(self, name: str, problem: str) -> DataError:
        return DataError(f"{self.path}: the array {name!r} {problem}; replace the file")

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            check_plain(self.path)
            file = zipfile.ZipFile(self.path)
        except BROKEN_ZIP as error:
            raise DataError(
                f"{self.path} can't be read as an archive of arrays (.npz): {_brief(error)};"
                " replace the file"
            ) from None
        with file:
            yield file

    @contextmanager
    def _member(self, name: str) -> Iterator[tuple[zipfile.ZipInfo, IO[bytes]]]:
        with self._opened() as file:
            try:
                info = file.getinfo(f"{name}.npy")
                stream = file.open(info)
            except KeyError:
                known = ", ".join(sorted(n.removesuffix(".npy") for n in file.namelist()))
                raise DataError(
                    f"{self.path} has no array {name!r}; it holds {known or 'none'}"
                ) from None
            except BROKEN_ZIP as error:
                raise self._error(name, f"is damaged ({_brief(error)})") from None
            with stream:
                yield info, stream


def _brief(error: BaseException) -> str:
    """The first line of what an error says, for the middle of a sentence."""
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


class Rows:
    """The rows of an array, read one at a time from any thread."""

    def __init__(self, archive: Archive, header: Header) -> None:
        self._archive, self._header = archive, header
        self._lock = Lock()
        self._read: Callable[[int], npt.NDArray[Any]] | None = None
        self._failed: DataError | None = None

    def __getitem__(self, index: int) -> npt.NDArray[Any]:
        """Row `index`; the array is unpacked when the first one is asked for. DataError where that
        fails, every time, and without trying again.
        """
        with self._lock:
            if self._failed is not None:
                raise DataError(str(self._failed))
            if self._read is None:
                try:
                    self._read = self._unpacked()
                except DataError as error:
                    self._failed = error
                    raise
        return self._read(index)

    def _unpacked(self) -> Callable[[int], npt.NDArray[Any]]:
        if self._header.size_bytes <= HELD_BYTES:
            return self._archive.array(self._header).__getitem__
        return self._spilled()

    def _spilled(self) -> Callable[[int], npt.NDArray[Any]]:
        header, where = self._header, f"{self._archive.path}: the array {self._header.name!r}"
        if header.fortran_order:
            raise DataError(
                f"{where} is stored column by column (Fortran order), and is too large to be turned"
                " in memory; save it again by way of numpy.ascontiguousarray"
            )
        folder = tempfile.gettempdir()
        if shutil.disk_usage(folder).free < header.size_bytes:
            raise DataError(
                f"{where} needs {header.size_bytes:,} bytes in {folder}, which hasn't as many; make"
                " room, or set TMPDIR to another folder"
            )
        try:
            with tempfile.TemporaryFile() as file:
                for chunk in self._archive.chunks(header):
                    file.write(chunk)
                file.flush()
                handle = os.dup(file.fileno())
        except OSError as error:
            raise DataError(
                f"{where} can't be unpacked into {folder}: {why(error)}; make room, or set"
                " TMPDIR to another folder"
            ) from None
        weakref.finalize(self, os.close, handle)
        size = header.size_bytes // header.shape[0]

        def read(index: int) -> npt.NDArray[Any]:
            row = os.pread(handle, size, index * size)
            return np.frombuffer(row, header.dtype).reshape(header.shape[1:])

        return read
