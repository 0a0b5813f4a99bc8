"""How far the boundary of what a network marks lies from the drawn one: the surface Dice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Floats, Mask

# Of each image and class, (..., 4): boundary pixels drawn, those of them near a marked boundary,
# boundary pixels marked, and those of them near a drawn one.
BoundaryCounts = npt.NDArray[np.int64]


def boundary(mask: Mask) -> Mask:
    """The pixels of a mask (height, width) of which a neighbour to a side, or the image's edge, is
    outside it.
    """
    from scipy.ndimage import binary_erosion

    found: Mask = mask & ~binary_erosion(mask)
    return found


def boundary_counts(
    drawn: npt.NDArray[Any], marked: npt.NDArray[Any], tolerance_px: float
) -> BoundaryCounts:
    """Boundary pixels, and those within `tolerance_px` of the other boundary, (classes, 4), of an
    image's masks (height, width, classes). ValueError for unlike shapes.
    """
    if drawn.shape != marked.shape or drawn.ndim != 3:
        message = f"masks are (height, width, classes), both alike: {drawn.shape}, {marked.shape}"
        raise ValueError(message)
    found = np.zeros((drawn.shape[2], 4), np.int64)
    for k in range(drawn.shape[2]):
        lines = [boundary(masks[..., k].astype(bool)) for masks in (drawn, marked)]
        for side, (own, other) in enumerate((lines, lines[::-1])):
            found[k, 2 * side] = own.sum()
            found[k, 2 * side + 1] = _near(own, other, tolerance_px)
    return found


def _near(own: Mask, other: Mask, tolerance_px: float) -> int:
    """How many pixels of one boundary have one of the other no further than the tolerance."""
    from scipy.ndimage import distance_transform_edt

    if not own.any() or not other.any():
        return 0
    return int((distance_transform_edt(~other)[own] <= tolerance_px).sum())


def surface_dice(pixels: BoundaryCounts, empty: float = 1.0) -> Floats:
    """The share of both boundaries that lies within the tolerance of the other (Nikolov et al.
    2021), of counts (..., 4); `empty` where there is neither. Boundaries are counted in pixels,
    where that paper measures their length.
    """
    drawn, near_marked, marked, near_drawn = (pixels[..., k].astype(np.float64) for k in range(4))
    whole = drawn + marked
    found: Floats = np.divide(
        near_marked + near_drawn, whole, out=np.full(whole.shape, empty), where=whole > 0
    )
    return found
