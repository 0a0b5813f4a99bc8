"""Dice and IoU again, from the pixels of every image that a bundle holds."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.errors import DataError, why
from edgeassay.plain_files import read_plain
from edgeassay.stats.arrays import Floats
from edgeassay.stats.overlap import Counts, dice, jaccard

PARTS: Final = 3  # pixels of both, marked only, drawn only


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Pixels of each image and class, (images, classes, 3)."""

    pixels: Counts

    def _means(self, *, of_iou: bool) -> tuple[Floats, Floats]:
        """Of each image, by both rules for classes that aren't drawn on it: they count, or not."""
        values = (jaccard if of_iou else dice)(self.pixels)
        drawn = self.pixels[..., [0, 2]].sum(axis=-1) > 0
        counted = np.where(drawn, values, 0.0).sum(axis=1)
        rows = drawn.any(axis=1)
        return values.mean(axis=1), counted[rows] / drawn[rows].sum(axis=1)

    def nearest(self, said: float) -> float:
        """The mean Dice by the rule that the run's number is nearest to: results don't tell the
        rule, which says what an image without a drawn pixel is worth.
        """
        return _nearest([float(m.mean()) for m in self._means(of_iou=False) if m.size], said)

    def nearest_drop(self, reference: Overlap, said: float, *, of_iou: bool) -> float | None:
        """The drop from a reference's mean, likewise; None where that is of other images."""
        pairs = zip(self._means(of_iou=of_iou), reference._means(of_iou=of_iou), strict=True)
        drops = [float((b - a).mean()) for a, b in pairs if a.size and a.shape == b.shape]
        return _nearest(drops, said) if drops else None


def _nearest(values: list[float], said: float) -> float:
    return min(values, key=lambda value: abs(value - said))


def read_overlap(path: Path, sha256: str) -> Overlap:
    """The pixels in a file; DataError where it isn't what its name is the digest of."""
    damaged = DataError(f"{path} isn't what its name is the digest of")
    try:
        content = read_plain(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damaged
    try:
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8")))
        classes = (len(header) - 1) // (1 + PARTS)
        numbers = np.array([[int(x) for x in row[1 + classes :]] for row in rows], np.int64)
        return Overlap(pixels=numbers.reshape(len(rows), classes, PARTS))
    except (ValueError, csv.Error):
        raise damaged from None
