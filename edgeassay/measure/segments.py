"""What a segmentation network marks on a split's images, reduced to counts shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets import Split
from edgeassay.measure.fit import mask_axes
from edgeassay.measure.quantization import dequantize
from edgeassay.measure.shards import Shard
from edgeassay.spec import Preprocess, Segmentation
from edgeassay.stats.arrays import Mask
from edgeassay.stats.boundaries import BoundaryCounts, boundary_counts
from edgeassay.stats.overlap import Counts, counts
from edgeassay.workers import Loaded


@dataclass(frozen=True, kw_only=True)
class Segments:
    """What a case marks, by image and class: `pixels` (images, classes, 3) as `stats.overlap`
    counts them, and `boundaries` (images, classes, 4) as `stats.boundaries` does, or None where
    nobody asks for them.

    `odd` of `numbers` outputs are no finite numbers. `worker` is what the workers say of
    themselves; `reused` counts the images whose outputs an earlier run had kept.
    """

    pixels: Counts
    boundaries: BoundaryCounts | None
    odd: int
    numbers: int
    worker: dict[str, Any]
    reused: int

    @property
    def finite_share(self) -> float:
        """The share of outputs that are finite numbers."""
        return 1.0 - self.odd / self.numbers

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a shard gave."""

    pixels: Counts
    boundaries: BoundaryCounts | None
    odd: int
    numbers: int


@dataclass(frozen=True, kw_only=True)
class Marking:
    """From raw outputs to counts: a network's settings beside what was drawn."""

    split: Split
    classes: int
    preprocess: Preprocess
    settings: Segmentation
    with_boundaries: bool

    def planes(self, values: npt.NDArray[Any], loaded: Loaded) -> npt.NDArray[np.float32]:
        """Raw outputs (images, numbers) as real numbers (images, height, width, classes)."""
        output = loaded.outputs[0]
        axes = mask_axes(output.shape, self.classes, self.preprocess.size)
        assert axes is not None, "check_fits refuses such outputs"
        real = dequantize(values, output).reshape(len(values), *output.shape[1:])
        height, width, channel = axes
        if channel is None:
            return real[..., np.newaxis]
        return np.transpose(real, (0, height, width, channel))

    def marked(self, plane: npt.NDArray[np.float32], size: tuple[int, int]) -> Mask:
        """Which pixels an image's outputs (height, width, classes) mark, at the mask's own size."""
        if plane.shape[:2] != size:
            plane = np.stack([_resized(plane[..., k], size) for k in range(self.classes)], axis=-1)
        above = plane >= self.settings.threshold
        return above if self.settings.rule == ">=" else plane > self.settings.threshold

    def take(self, shard: Shard, values: npt.NDArray[Any], loaded: Loaded) -> Part:
        """The counts of a shard; DataError names a mask that isn't as it must be."""
        assert self.split.masks is not None, "only what is segmented has masks"
        planes, pixels, lines = self.planes(values, loaded), [], []
        for plane, row in zip(planes, range(shard.start, shard.stop), strict=True):
            drawn = self.split.masks(row)
            marked = self.marked(plane, _size(drawn))
            pixels.append(counts(drawn, marked))
            if self.with_boundaries:
                lines.append(boundary_counts(drawn, marked, self.settings.tolerance_px))
        return Part(
            pixels=np.stack(pixels),
            boundaries=np.stack(lines) if lines else None,
            odd=int((~np.isfinite(planes)).sum()),
            numbers=planes.size,
        )


def whole(parts: Sequence[Part], worker: dict[str, Any], reused: int) -> Segments:
    """A split's counts of those of its shards, in order."""
    lines = [part.boundaries for part in parts if part.boundaries is not None]
    return Segments(
        pixels=np.concatenate([part.pixels for part in parts]),
        boundaries=np.concatenate(lines) if lines else None,
        odd=sum(part.odd for part in parts),
        numbers=sum(part.numbers for part in parts),
        worker=worker,
        reused=reused,
    )


def _size(mask: npt.NDArray[np.uint8]) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]


def _resized(plane: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """A plane of numbers on another grid, bilinearly, as Pillow resizes images."""
    height, width = size
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    found: npt.NDArray[np.float32] = np.asarray(
        image.resize((width, height), Image.Resampling.BILINEAR)
    )
    return found
