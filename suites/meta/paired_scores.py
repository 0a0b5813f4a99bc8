"""Two models' scores of the same images, drawn by a seed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from edgeassay.stats import AucDrop, compare_aucs
from edgeassay.stats.arrays import Codes, Floats, Labels

BinaryMask = npt.NDArray[np.bool_]


def column(positive: BinaryMask) -> Labels:
    """The labels of one class."""
    return positive[:, np.newaxis].astype(np.int8)


def two_models(
    seed: int, images: int = 120, *, shift: float = 1.2, noise: float = 0.5, step: float = 0.0
) -> tuple[BinaryMask, Floats, Floats]:
    """Labels and both models' scores, rounded to multiples of `step`."""
    rng = np.random.default_rng(seed)
    positive = rng.random(images) < 0.35
    first = rng.normal(size=images) + shift * positive
    second = first + noise * rng.normal(size=images)
    if step:
        first, second = (np.round(scores / step) * step for scores in (first, second))
    return positive, first, second


def drop_of(
    positive: BinaryMask, first: Floats, second: Floats, codes: Codes | None = None
) -> AucDrop:
    """The drop of one class's AUC; each image is its own patient where `codes` says nothing."""
    who = np.arange(len(positive)) if codes is None else codes
    found = compare_aucs(column(positive), first[:, np.newaxis], second[:, np.newaxis], who).drops[
        0
    ]
    assert found is not None
    return found


def clustered(seed: int, patients: int) -> tuple[BinaryMask, Floats, Floats, Codes]:
    """As `two_models`, of patients with positive and negative images."""
    positive, first, second = two_models(seed)
    return positive, first, second, np.random.default_rng(seed).integers(0, patients, len(positive))


def simulated(seed: int, positives: int, auc: float, likeness: float, drop: float) -> AucDrop:
    """A sample in which the true drop is `drop`: normal scores, four negatives to a positive."""
    rng = np.random.default_rng(seed)
    positive = np.arange(5 * positives) < positives
    mixed = np.linalg.cholesky([[1.0, likeness], [likeness, 1.0]]).T
    scores = rng.normal(size=(len(positive), 2)) @ mixed
    scores += np.outer(positive, math.sqrt(2.0) * ndtri([auc, auc - drop]))
    return drop_of(positive, scores[:, 0], scores[:, 1])
