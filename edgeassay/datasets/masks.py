"""Masks: image files whose pixels say what belongs to a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.image_files import load_image
from edgeassay.datasets.split import Split
from edgeassay.errors import DataError
from edgeassay.spec import Preprocess

# More values are counted than told.
TOLD: Final = 5

Mask = npt.NDArray[np.uint8]


def load_mask(path: Path, size: tuple[int, int], listed_in: str) -> Mask:
    """The pixels of a class, 0 and 1, (height, width) of its image.

    DataError where the file can't be read, isn't of the image's `size` (width, height), or has more
    than two values, the smaller of which is 0.
    """
    image = load_image(path, listed_in)
    if image.size != size:
        raise DataError(
            f"{path} is {image.width}x{image.height}, and its image is {size[0]}x{size[1]}; a mask"
            f" has a pixel for every one of its image, so mend one of them, or remove the row from"
            f" {listed_in}"
        )
    _check_palette(image, path)
    pixels = np.asarray(image if image.mode in ("1", "L", "I;16", "I") else image.convert("L"))
    values = np.unique(pixels)
    others = values[values != 0]
    if len(others) > 1:
        first = ", ".join(str(int(value)) for value in others[:TOLD])
        more = f" and {len(others) - TOLD} more" if len(others) > TOLD else ""
        raise DataError(
            f"{path} isn't binary: beside 0 its pixels are {first}{more}; save it with 0 for what"
            " is outside and one other value for what is inside, as PNG and not as JPEG"
        )
    return np.asarray(pixels != 0, np.uint8)


def _check_palette(image: Image.Image, path: Path) -> None:
    """DataError where a palette shows another mask than its numbers do: either may be meant."""
    if image.mode != "P":
        return
    seen, number = np.asarray(image.convert("L")) != 0, np.asarray(image) != 0
    if not np.array_equal(seen, number):
        raise DataError(
            f"{path} has a palette in which 0 isn't black or another number is, so it isn't clear"
            " what is inside; save it as grey, with 0 for what is outside"
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
