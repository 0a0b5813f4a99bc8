"""How far what a network marks overlaps with what was drawn: Dice and Jaccard, image by image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Floats

# Pixels of each image and class: (..., 3) of what is marked and drawn, marked only, drawn only.
Counts = npt.NDArray[np.int64]


def counts(drawn: npt.NDArray[Any], marked: npt.NDArray[Any]) -> Counts:
    """Pixels of both, of `marked` alone and of `drawn` alone, (classes, 3), of an image's masks
    (height, width, classes). ValueError for unlike shapes.
    """
    if drawn.shape != marked.shape or drawn.ndim != 3:
        message = f"masks are (height, width, classes), both alike: {drawn.shape}, {marked.shape}"
        raise ValueError(message)
    a, b = drawn.astype(bool), marked.astype(bool)
    found = [(x & y).sum(axis=(0, 1)) for x, y in ((a, b), (~a, b), (a, ~b))]
    return np.stack(found, axis=-1).astype(np.int64)


def dice(pixels: Counts, empty: float = 1.0) -> Floats:
    """2 |A and B| / (|A| + |B|) of counts (..., 3) (Dice 1945), which is the F1 of pixels; `empty`
    where neither has a pixel.
    """
    both, marked, drawn = (pixels[..., k].astype(np.float64) for k in range(3))
    whole = 2.0 * both + marked + drawn
    found: Floats = np.divide(2.0 * both, whole, out=np.full(whole.shape, empty), where=whole > 0)
    return found


def jaccard(pixels: Counts, empty: float = 1.0) -> Floats:
    """|A and B| / |A or B| of counts (..., 3), also called IoU (Jaccard 1912); `empty` likewise."""
    both, marked, drawn = (pixels[..., k].astype(np.float64) for k in range(3))
    whole = both + marked + drawn
    found: Floats = np.divide(both, whole, out=np.full(whole.shape, empty), where=whole > 0)
    return found
