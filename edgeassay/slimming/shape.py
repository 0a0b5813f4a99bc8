"""What a slimmable network looks like, and which of the shared arrays a width takes how much of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgeassay.variants.trained import Arrays

EPSILON: Final = 1e-3  # of BatchNorm's variance
STATISTICS: Final = ("scale", "offset", "mean", "variance")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Blocks of a 3x3 convolution with stride 2, BatchNorm and ReLU, their mean over the image, and
    a dense layer with a sigmoid: Yu et al. 2019.

    `channels` are those of the blocks at the full width; `widths` the shares of them that a
    sub-network has, in percent, from the narrowest to 100. A width takes the first channels of
    every kernel, and has BatchNorms of its own.
    """

    image: tuple[int, int, int]
    classes: int
    channels: tuple[int, ...]
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if tuple(sorted({*self.widths, 100})) != self.widths or self.widths[0] < 1:
            raise ValueError(f"widths {self.widths} must rise from 1 or more to 100, in percent")
        for width in self.widths:
            if any(count * width % 100 for count in self.channels):
                raise ValueError(f"{width} % of {self.channels} are no whole channels")

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Shape:
        """The shape that an archive's facts name."""
        return cls(
            image=tuple(facts["image"]),
            classes=facts["classes"],
            channels=tuple(facts["channels"]),
            widths=tuple(facts["widths"]),
        )

    def channels_of(self, width: int) -> tuple[int, ...]:
        """How many channels the blocks of a sub-network have."""
        return tuple(count * width // 100 for count in self.channels)


def kernel_of(block: int) -> str:
    """The name of a block's kernel, (3, 3, taken, given), which all widths share."""
    return f"block{block}/kernel"


def statistic_of(block: int, width: int, what: str) -> str:
    """The name of an array of a block's BatchNorm, which is a width's own."""
    return f"block{block}/width{width}/{what}"


def fresh_arrays(shape: Shape, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays to begin with: random kernels (He et al. 2015), BatchNorms that do nothing."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    taken = shape.image[-1]
    for block, given in enumerate(shape.channels):
        spread = np.sqrt(2.0 / (9 * taken))
        arrays[kernel_of(block)] = rng.normal(0.0, spread, (3, 3, taken, given)).astype(np.float32)
        for width in shape.widths:
            own = shape.channels_of(width)[block]
            for what in STATISTICS:
                fill = np.ones if what in ("scale", "variance") else np.zeros
                arrays[statistic_of(block, width, what)] = fill(own, np.float32)
        taken = given
    arrays["dense/kernel"] = rng.normal(0.0, 0.01, (taken, shape.classes)).astype(np.float32)
    arrays["dense/bias"] = np.zeros(shape.classes, np.float32)
    return arrays


def sliced(arrays: Arrays, shape: Shape, width: int) -> list[np.ndarray[Any, Any]]:
    """The arrays of a sub-network, block by block: the kernel's first channels, and its own
    BatchNorm's scale, offset, mean and variance; last the dense layer's.
    """
    found: list[np.ndarray[Any, Any]] = []
    taken = shape.image[-1]
    for block, given in enumerate(shape.channels_of(width)):
        found.append(arrays[kernel_of(block)][:, :, :taken, :given])
        found += [arrays[statistic_of(block, width, what)] for what in STATISTICS]
        taken = given
    return [*found, arrays["dense/kernel"][:taken], arrays["dense/bias"]]
