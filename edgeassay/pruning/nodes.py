"""A network as pruning sees it: its layers, and how they follow one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a layer does to the channels it is given, whatever else it does."""

    INPUT = "input"  # gives channels that can't be removed
    PASSES = "passes"  # channel by channel
    MIXES = "mixes"  # passes them, and looks at all of them together
    SCALES = "scales"  # channel by channel, with weights of its own for each
    JOINS = "joins"  # the same channel of each of its inputs becomes one
    APPENDS = "appends"  # the channels of its inputs behind one another
    REPEATS = "repeats"  # each channel once for every position
    FILTERS = "filters"  # every channel it gives is made of all that it is given
    DEPTHWISE = "depthwise"  # each channel it gives is made of one


# By the names of Keras. What isn't here can't be followed.
PARTS: dict[str, Part] = {
    "InputLayer": Part.INPUT,
    **dict.fromkeys(
        (
            *("Activation", "ReLU", "LeakyReLU", "ELU", "Identity", "Rescaling"),
            *("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise"),
            *("ZeroPadding2D", "Cropping2D", "UpSampling2D", "MaxPooling2D", "AveragePooling2D"),
            *("GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        ),
        Part.PASSES,
    ),
    "Softmax": Part.MIXES,
    "BatchNormalization": Part.SCALES,
    "PReLU": Part.SCALES,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), Part.JOINS),
    "Concatenate": Part.APPENDS,
    "Flatten": Part.REPEATS,
    "Conv2D": Part.FILTERS,
    "Conv2DTranspose": Part.FILTERS,
    "Dense": Part.FILTERS,
    "DepthwiseConv2D": Part.DEPTHWISE,
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A layer: its name, Keras's name of its kind, the layers that it takes its inputs from.

    `channels` is the last axis of what it gives, `positions` the product of the axes before. Of
    one that multiplies, `kernel` is the area of its kernel (1 of a dense layer) and `places` how
    often it is applied: at the positions of its output, or of its input where it is transposed.
    """

    name: str
    kind: str
    part: Part
    inputs: tuple[str, ...]
    channels: int
    positions: int
    kernel: int = 0
    places: int = 0

    @property
    def multiplies(self) -> bool:
        """Whether it has a kernel."""
        return self.part in (Part.FILTERS, Part.DEPTHWISE)
