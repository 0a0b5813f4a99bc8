"""Masks: image files whose pixels say what belongs to a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.image_files import (
    OPAQUE,
    QUARTERS,
    REFUSING,
    UPRIGHT,
    Seen,
    alpha_of,
    load_layers,
)
from edgeassay.datasets.split import Split
from edgeassay.errors import DataError
from edgeassay.spec import Decoding, Preprocess

# More values are counted than told.
TOLD: Final = 5
COLORED: Final = 1 << 24

Mask = npt.NDArray[np.uint8]


def load_mask(path: Path, image: Seen, listed_in: str, decoding: Decoding = REFUSING) -> Mask:
    """The pixels of a class, 0 and 1, (height, width) of its image as that is seen.

    DataError where the file can't be read, doesn't lie on its image, has more than two values, the
    smaller of which is 0, or shows another mask by its palette or its alpha channel.
    """
    drawn, seen = load_layers(path, listed_in, decoding)
    _check_lies_on(path, seen, image, listed_in, decoding.orientation)
    colors = _colors(drawn)
    _check_palette(drawn, colors, path)
    mask = _binary(colors, path)
    alpha = alpha_of(drawn)
    if alpha is not None and not np.array_equal(alpha, mask * np.uint8(OPAQUE)):
        raise DataError(
            f"{path} shows one mask in its colors and another in its alpha channel, so it isn't"
            " clear what is inside; save it as grey, with 0 for what is outside"
        )
    return mask


def _check_lies_on(
    path: Path, mask: Seen, image: Seen, listed_in: str, orientation: str | None
) -> None:
    """DataError where a mask hasn't a pixel for every one of its image, or it isn't clear which.

    Where the marks differ, only sizes can show that it was drawn on the turned image.
    """
    on_turned = mask.mark == UPRIGHT and image.mark in QUARTERS and image.size[0] != image.size[1]
    if orientation == "exif" and mask.mark != image.mark and not on_turned:
        raise DataError(
            f"{path} is to be turned otherwise than its image (EXIF orientation {mask.mark}, and"
            f" {image.mark}), so it isn't clear how it lies on that; save both upright, without a"
            " mark, or both with one"
        )
    if mask.size != image.size:
        raise DataError(
            f"{path} is {mask.size[0]}x{mask.size[1]}, and its image is"
            f" {image.size[0]}x{image.size[1]}; a mask has a pixel for every one of its image, so"
            f" mend one of them, or remove the row from {listed_in}"
        )


def _colors(image: Image.Image) -> npt.NDArray[np.int64]:
    """A number for each pixel's color: its grey, or for what isn't grey `COLORED` + 0xRRGGBB."""
    if image.mode in ("1", "L", "I;16", "I"):
        return np.asarray(image).astype(np.int64)
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), np.int64), 2, 0)
    colored = COLORED + (red << 16 | green << 8 | blue)
    found: npt.NDArray[np.int64] = np.where((red == green) & (green == blue), red, colored)
    return found


def _binary(pixels: npt.NDArray[Any], path: Path) -> Mask:
    """The mask that numbers show; DataError where they are more than two."""
    values = np.unique(pixels)
    others = values[values != 0]
    if len(others) > 1:
        first = ", ".join(map(_told, others[:TOLD]))
        more = f" and {len(others) - TOLD} more" if len(others) > TOLD else ""
        raise DataError(
            f"{path} isn't binary: beside 0 its pixels are {first}{more}; save it with 0 for what"
            " is outside and one other value for what is inside, as PNG and not as JPEG"
        )
    return np.asarray(pixels != 0, np.uint8)


def _told(value: int) -> str:
    return f"#{value - COLORED:06x}" if value >= COLORED else str(value)


def _check_palette(drawn: Image.Image, colors: npt.NDArray[np.int64], path: Path) -> None:
    """DataError where a palette shows another mask than its numbers do: either may be meant."""
    if drawn.mode != "P":
        return
    numbers = np.asarray(drawn)
    if not np.array_equal(colors != 0, numbers != 0) or len(np.unique(numbers)) > len(
        np.unique(colors)
    ):
        raise DataError(
            f"{path} has a palette in which 0 isn't black or another number is, or two numbers"
            " look alike, so it isn't clear what is inside; save it as grey, with 0 for what is"
            " outside"
        )


def load_masks(split: Split, rows: Sequence[int], settings: Preprocess) -> npt.NDArray[np.float32]:
    """The masks of some rows on the grid of the network's input, float32 of 0 and 1, (rows, height,
    width, classes). Where that is another than the mask's, a pixel belongs to a class where half of
    it does.
    """
    assert split.masks is not None, "only what is segmented has masks"
    height, width = settings.size
    found = []
    for row in rows:
        mask = split.masks(row)
        if mask.shape[:2] != (height, width):
            planes = [
                np.asarray(
                    Image.fromarray(mask[..., k].astype(np.float32)).resize(
                        (width, height), Image.Resampling.BOX
                    )
                )
                for k in range(mask.shape[2])
            ]
            mask = (np.stack(planes, axis=-1) >= 0.5).astype(np.uint8)
        found.append(mask.astype(np.float32))
    return np.stack(found)
