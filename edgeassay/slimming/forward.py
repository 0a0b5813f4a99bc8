"""What a width of a slimmable network says of images, in TensorFlow's own operations: the shared
arrays are sliced where they are used, so that all widths train the same ones.

Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from edgeassay.preprocess import Images
from edgeassay.slimming.archive import Slimmable
from edgeassay.slimming.shape import EPSILON, Shape, kernel_of, statistic_of

BATCH: Final = 64
# Of a block's number and what its convolution gave: mean and variance to normalise by.
Statistics = Callable[[int, Any], tuple[Any, Any]]


def logits_of(
    arrays: Mapping[str, Any], shape: Shape, width: int, images: Any, statistics: Statistics
) -> Any:
    """Before the sigmoid, (images, classes)."""
    import tensorflow as tf

    x, taken = images, shape.image[-1]
    for block, given in enumerate(shape.channels_of(width)):
        kernel = arrays[kernel_of(block)][:, :, :taken, :given]
        x = tf.nn.conv2d(x, kernel, strides=2, padding="SAME")
        mean, variance = statistics(block, x)
        scale, offset = (arrays[statistic_of(block, width, w)] for w in ("scale", "offset"))
        x = tf.nn.relu(tf.nn.batch_normalization(x, mean, variance, offset, scale, EPSILON))
        taken = given
    x = tf.reduce_mean(x, axis=(1, 2))
    return x @ arrays["dense/kernel"][:taken] + arrays["dense/bias"]


def scores_of(network: Slimmable, width: int, images: Images) -> np.ndarray[Any, Any]:
    """What a width says of preprocessed images, float32 (images, classes)."""
    import tensorflow as tf

    def kept(block: int, _: Any) -> tuple[Any, Any]:
        mean, variance = (
            network.arrays[statistic_of(block, width, what)] for what in ("mean", "variance")
        )
        return mean, variance

    parts = [
        tf.sigmoid(
            logits_of(network.arrays, network.shape, width, images[i : i + BATCH], kept)
        ).numpy()
        for i in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts)
