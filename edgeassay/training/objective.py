"""What a training is after: its loss, what is done to its images, and the quality by which its
epochs are compared; for each task one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.spec import Task
from edgeassay.stats import class_aucs
from edgeassay.stats.overlap import counts, dice

# Labels (images, classes) or masks (images, height, width, classes), of 0 and 1.
Truths = npt.NDArray[Any]
Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is minimised, and what an epoch is chosen by: the higher, the better. `loss` is given
    the truths that are trained on, and whether positives and negatives weigh the same.
    """

    measure: str
    loss: Callable[[Truths, bool], Loss]
    quality: Callable[[Truths, npt.NDArray[np.float32]], float]


def positive_weights(labels: Truths) -> npt.NDArray[np.float32]:
    """How much more a positive weighs than a negative, by class (the last axis), so that both weigh
    the same; 1 where a class has only one of them.
    """
    share = labels.mean(axis=tuple(range(labels.ndim - 1)), dtype=np.float64)
    mixed = (share > 0.0) & (share < 1.0)
    weights = np.where(mixed, (1.0 - share) / np.where(mixed, share, 1.0), 1.0)
    return weights.astype(np.float32)


def weighted_loss(labels: Truths, weigh: bool) -> Loss:
    """Binary cross-entropy of every class, with positives weighed."""
    import tensorflow as tf

    weights = positive_weights(labels)
    weights = weights if weigh else np.ones_like(weights)

    def loss(truth: Any, score: Any) -> Any:
        score = tf.clip_by_value(score, 1e-6, 1.0 - 1e-6)
        return -tf.reduce_mean(
            weights * truth * tf.math.log(score) + (1.0 - truth) * tf.math.log(1.0 - score)
        )

    return loss


def overlap_loss(masks: Truths, weigh: bool) -> Loss:
    """Binary cross-entropy of every pixel and class, and what is lacking of their Dice (Milletari
    et al. 2016), taken over all images of a step together.
    """
    import tensorflow as tf

    entropy = weighted_loss(masks, weigh)

    def loss(truth: Any, score: Any) -> Any:
        both = tf.reduce_sum(truth * score, axis=(0, 1, 2))
        whole = tf.reduce_sum(truth, axis=(0, 1, 2)) + tf.reduce_sum(score, axis=(0, 1, 2))
        return entropy(truth, score) + 1.0 - tf.reduce_mean((2.0 * both + 1.0) / (whole + 1.0))

    return loss


def mean_auc(labels: Truths, scores: npt.NDArray[np.float32]) -> float:
    """The mean over the classes that have both positives and negatives."""
    return float(np.nanmean(class_aucs(labels, scores)))


def mean_dice(masks: Truths, scores: npt.NDArray[np.float32]) -> float:
    """The mean over images and classes, of pixels that score 0.5 at least."""
    found = [dice(counts(m, s >= 0.5)) for m, s in zip(masks, scores, strict=True)]
    return float(np.mean(found))


OBJECTIVES: Final[Mapping[Task, Objective]] = {
    Task.CLASSIFICATION: Objective(measure="AUC", loss=weighted_loss, quality=mean_auc),
    Task.SEGMENTATION: Objective(measure="Dice", loss=overlap_loss, quality=mean_dice),
}


def decaying_rate(library: Any, peak: float, steps: int) -> Any:
    """A cosine decay after a short warm-up, of Keras or tf-keras."""
    return library.optimizers.schedules.CosineDecay(
        0.1 * peak, steps, warmup_target=peak, warmup_steps=steps // 20
    )


def augmentation(*, flip: bool, shift: float, seed: int) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Flips images left to right by chance, and shifts them by a share of their size at most; masks
    with them.
    """
    import keras
    import tensorflow as tf

    layers = []
    if flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed))
    if shift:
        layers.append(
            keras.layers.RandomTranslation(shift, shift, fill_mode="nearest", seed=seed + 1)
        )

    def moved(images: Any) -> Any:
        for layer in layers:
            images = layer(images, training=True)
        return images

    def augment(images: Any, truths: Any) -> tuple[Any, Any]:
        if truths.shape.rank != images.shape.rank:
            return moved(images), truths
        together = moved(tf.concat([images, truths], axis=-1))
        channels = images.shape[-1]
        return together[..., :channels], together[..., channels:]

    return augment
