"""NumPy's archives (.npz) from elsewhere: nothing is unpickled, and damage is a ValueError."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.plain_files import read_plain

# What zipfile and its decompressors raise over bytes that aren't what they should be; RuntimeError
# is theirs for encrypted members and for unknown methods of compression.
BROKEN_ZIP: Final = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
# What NumPy raises over a header, which it reads as an expression in Python.
BROKEN_HEADER: Final = (
    *(EOFError, ValueError, TypeError, SyntaxError, tokenize.TokenError),
    *(OverflowError, RecursionError, MemoryError),
)
MOST_AXES: Final = 32
NPY: Final[Any] = np.lib.format  # NumPy has no types for it


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """An array's shape, whether it is stored column by column, and its type. The stream is left
    where its numbers begin. ValueError if that is no header.
    """
    try:
        version = NPY.read_magic(stream)
        readers = {(1, 0): NPY.read_array_header_1_0, (2, 0): NPY.read_array_header_2_0}
        if version not in readers:
            raise ValueError(f"version {version} of the format")
        shape, fortran_order, dtype = readers[version](stream)
    except BROKEN_HEADER as error:
        raise ValueError(str(error.args[0]) if error.args else type(error).__name__) from None
    if min(shape, default=0) < 0 or len(shape) > MOST_AXES:
        raise ValueError(f"shape {shape[:MOST_AXES]}")
    if dtype.itemsize == 0:
        raise ValueError(f"the type {dtype.str}, which takes no bytes")
    return shape, fortran_order, dtype


def read_arrays(path: Path, most_bytes: int) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an archive by name. OSError if the file can't be read; ValueError if it is no
    whole archive of arrays, or unpacks to more than `most_bytes`.
    """
    content = read_plain(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > most_bytes:
                raise ValueError(f"it unpacks to more than {most_bytes:,} bytes")
            members = {name: archive.read(name) for name in archive.namelist()}
    except BROKEN_ZIP as error:
        raise ValueError(str(error) or type(error).__name__) from None
    return {name.removesuffix(".npy"): _array(name, data) for name, data in members.items()}


def _array(name: str, data: bytes) -> npt.NDArray[Any]:
    stream = io.BytesIO(data)
    try:
        shape, fortran_order, dtype = read_header(stream)
        if dtype.hasobject:
            raise ValueError("Python objects, which could run code")
        array = np.frombuffer(bytearray(data[stream.tell() :]), dtype)  # so it can be written to
        return array.reshape(shape, order="F" if fortran_order else "C")
    except ValueError as error:
        raise ValueError(f"its {name!r} is no array: {error}") from None
