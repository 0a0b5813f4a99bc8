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

# Where other formats than pictures have their names.
DICOM_AT: Final = 128
NIFTI_AT: Final = 344
ORIENTATION, UPRIGHT = 0x0112, 1  # EXIF's mark of how an image is to be turned
COLORED: Final = ("RGB", "RGBA", "LA", "RGBX")
OPAQUE: Final = 255
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
    """The decoded image, of 8 or 16 bits a channel; DataError names the file and what lists it, and
    so where the file has more than is used, which nobody would see.
    """
    with _opened(path, listed_in) as image:
        _check_parts(image, path)
        image.load()
        _check_depth(image, path)
        _check_alpha(image, path)
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
        raise _unreadable(path, _what_it_is(path), listed_in) from None
    except OSError as error:
        raise _unreadable(path, why(error), listed_in) from None
    except BROKEN as error:
        raise _unreadable(path, str(error) or "it is damaged", listed_in) from None


def _what_it_is(path: Path) -> str:
    """Why Pillow knows no image in a file, by its bytes."""
    with open_plain(path) as file:
        beginning = file.read(NIFTI_AT + 4)
    if not beginning:
        return "it is empty"
    if beginning[DICOM_AT : DICOM_AT + 4] == b"DICM":
        return "it is a DICOM file, whose window nobody has chosen (export it as PNG)"
    if beginning[NIFTI_AT : NIFTI_AT + 3] in (b"n+1", b"ni1") or path.name.endswith(".nii.gz"):
        return "it is a NIfTI volume, and nobody has chosen its slice (export that as PNG)"
    return "it is damaged, or in no format that is known"


def _check_parts(image: Image.Image, path: Path) -> None:
    """DataError where a file has further frames, bits that aren't decoded, or is to be turned."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(
            f"{path} has {frames:,} frames, and nothing says which of them is the image; save that"
            " one alone"
        )
    packed = {str(tile[3]) for tile in getattr(image, "tile", [])}  # before it is decoded
    if image.mode in COLORED and any("16" in one for one in packed):
        raise DataError(
            f"{path} has 16 bits a channel in color, of which 8 would be read; save it with 8, or"
            " as grey with 16"
        )
    turned = image.getexif().get(ORIENTATION, UPRIGHT)
    if turned != UPRIGHT:
        raise DataError(
            f"{path} is to be turned before it is seen (EXIF orientation {turned}), and its pixels"
            " aren't; save it upright (ImageOps.exif_transpose), as in training, or without that"
            " mark"
        )


def _check_alpha(image: Image.Image, path: Path) -> None:
    """DataError where pixels are transparent: what lies behind them isn't told."""
    if not image.has_transparency_data:
        return
    alpha = image.convert("RGBA").getchannel("A")
    least = alpha.getextrema()[0]
    if least != OPAQUE:
        raise DataError(
            f"{path} has transparent pixels, and nothing says what is behind them; save it without"
            " an alpha channel, on the background that it is seen on"
        )


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
