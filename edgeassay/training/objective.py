"""What every training has alike: its loss, its learning rate, what is done to its images, and the
AUC by which its epochs are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.stats import class_aucs


def positive_weights(labels: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """How much more a positive weighs than a negative, by class, so that both weigh the same; 1
    where a class has only one of them.
    """
    share = labels.mean(axis=0)
    mixed = (share > 0.0) & (share < 1.0)
    weights = np.where(mixed, (1.0 - share) / np.where(mixed, share, 1.0), 1.0)
    return weights.astype(np.float32)


def weighted_loss(weights: npt.NDArray[np.float32]) -> Callable[[Any, Any], Any]:
    """Binary cross-entropy of every class, with positives weighed."""
    import tensorflow as tf

    def loss(truth: Any, score: Any) -> Any:
        score = tf.clip_by_value(score, 1e-6, 1.0 - 1e-6)
        return -tf.reduce_mean(
            weights * truth * tf.math.log(score) + (1.0 - truth) * tf.math.log(1.0 - score)
        )

    return loss


def decaying_rate(library: Any, peak: float, steps: int) -> Any:
    """A cosine decay after a short warm-up, of Keras or tf-keras."""
    return library.optimizers.schedules.CosineDecay(
        0.1 * peak, steps, warmup_target=peak, warmup_steps=steps // 20
    )


def augmentation(*, flip: bool, shift: float, seed: int) -> Callable[[Any], Any]:
    """Flips images left to right by chance, and shifts them by a share of their size at most."""
    import keras

    layers = []
    if flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed))
    if shift:
        layers.append(
            keras.layers.RandomTranslation(shift, shift, fill_mode="nearest", seed=seed + 1)
        )

    def augment(images: Any) -> Any:
        for layer in layers:
            images = layer(images, training=True)
        return images

    return augment


def mean_auc(labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]) -> float:
    """The mean over the classes that have both positives and negatives."""
    return float(np.nanmean(class_aucs(labels, scores)))
