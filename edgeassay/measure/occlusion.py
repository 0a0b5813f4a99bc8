"""Images with a patch covered, place after place: by how much a network's score falls is a map of
what it looks at (Zeiler and Fergus 2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeassay.datasets import Split, load_images
from edgeassay.measure.accuracy import REQUEST_BYTES
from edgeassay.measure.shards import Shard
from edgeassay.preprocess import Images
from edgeassay.spec import Preprocess, Saliency
from edgeassay.stats.arrays import Floats, Scores


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where the patch of `side` pixels lies: its upper and its left ends, in pixels."""

    side: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @classmethod
    def of(cls, size: tuple[int, int], saliency: Saliency) -> Grid:
        """The places in an image of `size` (height, width). The last of a row and of a column end
        at the image's edge, so that every pixel is covered.
        """
        shorter = min(size)
        side = max(1, round(saliency.patch * shorter))
        step = max(1, round(saliency.stride * shorter))
        tops, lefts = (
            tuple(dict.fromkeys((*range(0, length - side + 1, step), length - side)))
            for length in size
        )
        return cls(side=side, tops=tops, lefts=lefts)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a map."""
        return len(self.tops), len(self.lefts)

    @property
    def positions(self) -> int:
        """How many places there are."""
        return len(self.tops) * len(self.lefts)


@dataclass(frozen=True, kw_only=True)
class OccludedInputs:
    """A split's preprocessed images, each as it is and then covered at every place of a grid, row
    by row: `1 + positions` inputs an image, which are its shard.

    What covers has the mean of the image's own channel, before inputs are quantized.
    """

    split: Split
    settings: Preprocess
    grid: Grid

    def __len__(self) -> int:
        return len(self.split) * (1 + self.grid.positions)

    @cached_property
    def shards(self) -> list[Shard]:
        """One for each image; DataError names one that can't be read."""
        each = 1 + self.grid.positions
        return [
            Shard(
                start=image * each,
                stop=(image + 1) * each,
                digest=hashlib.sha256(self.split.digest(image)).hexdigest(),
            )
            for image in range(len(self.split))
        ]

    def parts(self, shard: Shard) -> Iterator[Images]:
        """An image's inputs, some at a time."""
        image = load_images(self.split, [shard.start // len(shard)], self.settings)[0]
        step = max(1, REQUEST_BYTES // image.nbytes)
        covered = cover(image, self.grid, channels_last=self.settings.channels == "last")
        part: list[Images] = []
        for one in (image, *covered):
            part.append(one)
            if len(part) == step:
                yield np.stack(part)
                part = []
        if part:
            yield np.stack(part)


def cover(image: Images, grid: Grid, *, channels_last: bool = True) -> Iterator[Images]:
    """Copies of an image, each with the mean of every channel at one place, row by row."""
    seen = image if channels_last else image.transpose(1, 2, 0)
    neutral = seen.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    for top in grid.tops:
        for left in grid.lefts:
            made = image.copy()
            view = made if channels_last else made.transpose(1, 2, 0)
            view[top : top + grid.side, left : left + grid.side] = neutral
            yield made


@dataclass(frozen=True, kw_only=True)
class OccludedScores:
    """Scores of images as they are, (images, classes), and of each covered at every place,
    (images, positions, classes).
    """

    whole: Scores
    covered: Scores

    @classmethod
    def of(cls, scores: Scores, images: int) -> OccludedScores:
        """From scores in the order of `OccludedInputs`."""
        each = scores.reshape(images, -1, scores.shape[1])
        return cls(whole=each[:, 0], covered=each[:, 1:])

    @property
    def classes(self) -> npt.NDArray[np.intp]:
        """Of each image the class with the highest score, the first of equal ones."""
        highest: npt.NDArray[np.intp] = self.whole.argmax(axis=1)
        return highest

    def maps(self, classes: npt.NDArray[np.intp]) -> Floats:
        """By how much a class's score of each image falls, (images, positions)."""
        rows = np.arange(len(classes))
        whole = self.whole[rows, classes].astype(np.float64)
        found: Floats = whole[:, np.newaxis] - self.covered[rows, :, classes]
        return found
