"""Image files: decoded, digested, and refused by name where they can't be read."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from edgeassay.errors import DataError, why
from edgeassay.plain_files import open_plain
from edgeassay.preprocess import WHITE_16_BIT

# What Pillow's decoders raise over bytes that aren't what they should be.
BROKEN: Final = (
    ArithmeticError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    MemoryError,
    NotImplementedError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def load_image(path: Path, listed_in: str) -> Image.Image:
    """The decoded image, of 8 or 16 bits a channel; DataError names the file and what lists it."""
    with _opened(path, listed_in) as image:
        image.load()
        _check_depth(image, path)
        return image.copy()


def image_size(path: Path, listed_in: str) -> tuple[int, int]:
    """The width and height of an image, which isn't decoded for it; DataError likewise."""
    with _opened(path, listed_in) as image:
        return image.size


@contextmanager
def _opened(path: Path, listed_in: str) -> Iterator[Image.Image]:
    """An image file; what goes wrong while it is read, in a sentence."""
    try:
        with open_plain(path) as file, Image.open(file) as image:
            yield image
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist, and {listed_in} lists it; put it there") from None
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        problem = "it is empty" if empty else "it is damaged, or in no format that is known"
        raise _unreadable(path, problem, listed_in) from None
    except OSError as error:
        raise _unreadable(path, why(error), listed_in) from None
    except BROKEN as error:
        raise _unreadable(path, str(error) or "it is damaged", listed_in) from None


def _unreadable(path: Path, problem: str, listed_in: str) -> DataError:
    return DataError(
        f"{path} can't be read as an image: {problem}; replace the file, or remove it from"
        f" {listed_in}"
    )


def _check_depth(image: Image.Image, path: Path) -> None:
    if image.mode == "F":
        raise DataError(
            f"{path} holds floating-point numbers (mode F), and nothing says which of them is"
            " white; convert it to 8 or 16 bits"
        )
    # Pillow gives this mode to 32-bit integers, and to 16-bit ones of some formats.
    if image.mode == "I":
        low, high = (int(value) for value in image.getextrema())  # type: ignore[arg-type]
        if low < 0 or high > WHITE_16_BIT:
            raise DataError(
                f"{path} holds integers from {low} to {high}, and 16 bits reach from 0 to"
                f" {WHITE_16_BIT}; convert it to 8 or 16 bits"
            )


def digest_file(path: Path, listed_in: str) -> bytes:
    """The SHA-256 of a file's bytes, 32 of them; DataError where it can't be read."""
    try:
        with open_plain(path) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist, and {listed_in} lists it; put it there") from None
    except OSError as error:
        raise DataError(
            f"{path} can't be read: {why(error)}; mend its permissions, or remove it from"
            f" {listed_in}"
        ) from None
