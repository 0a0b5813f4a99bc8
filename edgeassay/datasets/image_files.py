"""Image files: decoded, digested, and refused by name where they can't be read."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from edgeassay.errors import DataError, why
from edgeassay.foreign_files import DICOM_AT, NIFTI_AT
from edgeassay.plain_files import open_plain
from edgeassay.preprocess import WHITE_16_BIT, is_deep
from edgeassay.spec import Decoding

ORIENTATION, UPRIGHT = 0x0112, 1  # EXIF's mark of how an image is to be turned
# What turns an image upright, by its mark, and what turns it back.
TURNS: Final[Mapping[object, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTERS: Final = (5, 6, 7, 8)  # the marks that exchange width and height
TURNED_BACK: Final = {**TURNS, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
REFUSING: Final = Decoding()  # whatever a file has that must be decided about
# The formats that are read; others, such as FITS or EPS, need decisions that nobody has taken.
FORMATS: Final[tuple[str, ...]] = (
    *("PNG", "JPEG", "TIFF", "BMP", "DIB", "GIF", "WEBP", "AVIF", "PPM", "JPEG2000", "PCX"),
    "TGA",
)
GREY: Final = ("1", "L", "LA", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")
MODES: Final = (*GREY, "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")
# TIFF's tags: what 0 is, channels a pixel, whether numbers have signs, and words about the file.
PHOTOMETRIC, SAMPLES, SAMPLE_FORMAT, DESCRIPTION = 262, 277, 339, 270
WHITE_IS_ZERO, SIGNED = 0, 2
SLICES: Final = re.compile(r"^images=(\d+)$", re.M)  # ImageJ's, of a stack in one frame
SIZES: Final = b"\xff\x4f\xff\x51"  # how a JPEG 2000 begins to tell sizes and bits
SOME_BYTES: Final = 1 << 16
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


def load_image(path: Path, listed_in: str, decoding: Decoding = REFUSING) -> Image.Image:
    """The decoded image, of 8 or 16 bits a channel; DataError names the file and what lists it, and
    so where the file has parts whose use `decoding` leaves open.
    """
    with _opened(path, listed_in) as image:
        return flattened(_decoded(image, path, decoding), path, decoding.alpha)


@dataclass(frozen=True)
class Seen:
    """How an image is seen: its width and height when it is decoded, and EXIF's mark of how it was
    to be turned for that (1: not at all).
    """

    size: tuple[int, int]
    mark: object = UPRIGHT


def load_layers(
    path: Path, listed_in: str, decoding: Decoding = REFUSING
) -> tuple[Image.Image, Seen]:
    """A decoded image with its alpha channel, and how it is seen; of a file that has several
    frames, the one that `decoding` names. DataError likewise.
    """
    with _opened(path, listed_in) as image:
        if getattr(image, "n_frames", 1) == 1:
            decoding = replace(decoding, frame=None)
        _select_frame(image, path, decoding.frame)
        mark = _mark(image)
        made = _decoded(image, path, decoding)
        return made, Seen(made.size, mark)


def look_at(path: Path, listed_in: str, decoding: Decoding = REFUSING) -> Seen:
    """How an image is seen, which isn't decoded for it unless it may be to be turned; DataError
    likewise.
    """
    with _opened(path, listed_in) as image:
        _select_frame(image, path, decoding.frame)
        mark = _mark(image)
        if decoding.orientation is None or mark == UPRIGHT:
            return Seen(image.size, mark)
        return Seen(_decoded(image, path, decoding).size, mark)


def _decoded(image: Image.Image, path: Path, decoding: Decoding) -> Image.Image:
    """The frame that is used, the way up that it is used; with its alpha channel."""
    _select_frame(image, path, decoding.frame)
    _check_color_depth(image, path)
    _check_tags(image, path)
    _scale_key(image)
    mark = _mark(image)
    _check_mark(mark, path, decoding.orientation)
    image.load()
    _check_depth(image, path)
    turned = _mark(image) != mark  # Pillow turns TIFF files itself, and takes the mark away
    if mark not in TURNS or turned == (decoding.orientation == "exif"):
        return image.copy()
    return image.transpose(TURNED_BACK[mark] if turned else TURNS[mark])


@contextmanager
def _opened(path: Path, listed_in: str) -> Iterator[Image.Image]:
    """An image file; what goes wrong while it is read, in a sentence."""
    Image.init()  # else some of the formats aren't known yet
    here = [name for name in FORMATS if name in Image.OPEN]  # Pillow may be built without some
    try:
        with open_plain(path) as file, Image.open(file, formats=here) as image:
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
    return "it is damaged, or in no format that is read (PNG, JPEG, TIFF and others are)"


def _select_frame(image: Image.Image, path: Path, frame: int | None) -> None:
    """DataError where a file has several frames and none is named, or hasn't the one that is."""
    frames = getattr(image, "n_frames", 1)
    if frame is None and frames > 1:
        raise DataError(
            f"{path} has {frames:,} frames, and nothing says which of them is the image; name it"
            " with `frame` in [preprocess] (0 is the first), or save that one alone"
        )
    if frame is not None and frame >= frames:
        has = "1 frame" if frames == 1 else f"{frames:,} frames"
        raise DataError(
            f"{path} has {has}, and `frame` = {frame} in [preprocess] names another (0 is the"
            " first); mend the file, or the number"
        )
    if frame:
        image.seek(frame)


def _packed(image: Image.Image) -> str:
    """How the pixels are stored that aren't decoded yet, in Pillow's words, such as `RGB;16B`."""
    for tile in getattr(image, "tile", []):
        form = tile[3][0] if isinstance(tile[3], tuple) and tile[3] else tile[3]
        return str(form)
    return ""


def _check_color_depth(image: Image.Image, path: Path) -> None:
    """DataError where a file has more bits than are decoded, or colors that aren't read."""
    if image.mode not in MODES:
        raise DataError(
            f"{path} has the color space {image.mode}, which isn't read; save it as RGB or grey"
        )
    deep = ";16" in _packed(image) or _most(image) > OPAQUE
    if deep and image.mode == "LA":
        raise DataError(
            f"{path} has 16 bits and an alpha channel, of which 8 bits would be read; save it"
            " without the alpha channel"
        )
    if deep and image.mode not in GREY:
        raise DataError(
            f"{path} has more than 8 bits a channel in color, of which 8 would be read; save it"
            " with 8, or as grey with 16"
        )


def _most(image: Image.Image) -> int:
    """The largest number that a channel can have, where Pillow's mode doesn't tell."""
    if image.format == "PPM":
        numbers = [a for t in getattr(image, "tile", []) if isinstance(t[3], tuple) for a in t[3]]
        return max((n for n in numbers if isinstance(n, int)), default=OPAQUE)
    if image.format == "JPEG2000":
        file = getattr(image, "fp", None)
        if file is not None:
            place = file.tell()
            file.seek(0)
            beginning = file.read(SOME_BYTES)
            file.seek(place)
            start = beginning.find(SIZES)
            channels = beginning[start + 40 : start + 42]
            if start >= 0 and len(channels) == 2:
                count = int.from_bytes(channels, "big")
                depths = beginning[start + 42 : start + 42 + 3 * count : 3]
                return max(((1 << ((bits & 127) + 1)) - 1 for bits in depths), default=OPAQUE)
    return OPAQUE


def _check_tags(image: Image.Image, path: Path) -> None:
    """DataError where a TIFF says something of its pixels that Pillow doesn't look at."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return
    signs = tags.get(SAMPLE_FORMAT, 1)
    if SIGNED in (signs if isinstance(signs, tuple) else (signs,)) and image.mode != "I":
        raise DataError(
            f"{path} has numbers with a sign, which would be read without it; save it with numbers"
            " from 0"
        )
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and is_deep(image):
        raise DataError(
            f"{path} has white as 0 (PhotometricInterpretation 0), and in 16 bits it would be read"
            " inverted; save it with black as 0"
        )
    bands = 1 if image.mode.startswith("I") else len(image.getbands())
    if (samples := tags.get(SAMPLES, bands)) > bands:
        raise DataError(
            f"{path} has {samples} channels, of which {bands} would be read; save it without the"
            " others"
        )
    stack = SLICES.search(str(tags.get(DESCRIPTION, "")))
    if stack is not None and int(stack[1]) > getattr(image, "n_frames", 1):
        raise DataError(
            f"{path} is a stack of {stack[1]} slices (ImageJ), of which the first would be read;"
            " save each as an image"
        )


def _scale_key(image: Image.Image) -> None:
    """Give the transparent grey of a PNG of 2 or 4 bits the number that its pixels will have."""
    bits = {"L;2": 2, "L;4": 4}.get(_packed(image))
    key = image.info.get("transparency")
    if bits is not None and isinstance(key, int):
        image.info["transparency"] = key * OPAQUE // ((1 << bits) - 1)


def _mark(image: Image.Image) -> object:
    """EXIF's mark of how the image is to be turned."""
    return image.getexif().get(ORIENTATION, UPRIGHT)


def _check_mark(mark: object, path: Path, orientation: str | None) -> None:
    """DataError where an image is to be turned and nothing says whether it is, or nobody knows
    how.
    """
    if mark == UPRIGHT or orientation == "as-stored":
        return
    if orientation is None:
        raise DataError(
            f"{path} is to be turned before it is seen (EXIF orientation {mark}), and its pixels"
            ' aren\'t; say with `orientation` in [preprocess] whether training did so ("exif") or'
            ' not ("as-stored"), or save it upright'
        )
    if mark not in TURNS:
        raise DataError(
            f"{path} has the EXIF orientation {mark}, and only 1 to 8 have a meaning; save it"
            " without that mark"
        )


def alpha_of(image: Image.Image) -> npt.NDArray[np.uint8] | None:
    """How opaque each pixel is, up to 255; None where all of them are wholly."""
    if not image.has_transparency_data:
        return None
    if is_deep(image):  # the pixels of one grey are transparent
        hidden = np.asarray(image) == image.info["transparency"]
        alpha = np.where(hidden, 0, OPAQUE).astype(np.uint8)
    else:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    return None if alpha.min() == OPAQUE else alpha


def flattened(image: Image.Image, path: Path, alpha: str | None) -> Image.Image:
    """An image without transparent pixels; DataError where nothing says what is behind them."""
    if alpha_of(image) is None:
        return image
    if alpha is None:
        raise DataError(
            f"{path} has transparent pixels, and nothing says what is behind them; say so with"
            ' `alpha` in [preprocess] ("black", "white" or "drop"), or save it without an alpha'
            " channel, on the background that it is seen on"
        )
    if is_deep(image):
        return _flattened_16_bit(image, path, alpha)
    layers = image.convert("RGBA")
    if alpha == "drop":
        return layers.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, alpha), layers).convert("RGB")


def _flattened_16_bit(image: Image.Image, path: Path, alpha: str) -> Image.Image:
    """Grey of 16 bits, of which the pixels of one number are transparent."""
    if alpha == "white":
        raise DataError(
            f"{path} has transparent pixels in 16-bit grey, whose white isn't known; save it"
            " without them, on the background that it is seen on"
        )
    pixels = np.asarray(image)
    if alpha == "black":
        pixels = np.where(pixels == image.info["transparency"], 0, pixels).astype(pixels.dtype)
    return Image.fromarray(pixels)


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
