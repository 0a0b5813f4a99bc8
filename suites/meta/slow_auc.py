"""AUCs and their variances as the papers write them, pair by pair: slow, and on their own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def psi(positive: float, negative: float) -> float:
    """1 where the positive scores above the negative, half where both score alike."""
    return 1.0 if positive > negative else 0.5 if positive == negative else 0.0


@dataclass(frozen=True, kw_only=True)
class Components:
    """The structural components of one model's AUC (DeLong 1988, equation 5)."""

    auc: float
    of_positives: Floats
    of_negatives: Floats


def components(positives: Floats, negatives: Floats) -> Components:
    """From the scores of either kind, by all pairs."""
    m, n = len(positives), len(negatives)
    of_positives = [sum(psi(x, y) for y in negatives) / n for x in positives]
    of_negatives = [sum(psi(x, y) for x in positives) / m for y in negatives]
    return Components(
        auc=sum(of_positives) / m,
        of_positives=np.array(of_positives),
        of_negatives=np.array(of_negatives),
    )


def delong_covariance(first: Components, second: Components) -> float:
    """Of two AUCs of the same images, each its own patient (DeLong 1988, equation 6)."""
    total = 0.0
    for one, two in (
        (first.of_positives, second.of_positives),
        (first.of_negatives, second.of_negatives),
    ):
        size = len(one)
        products = [(a - first.auc) * (b - second.auc) for a, b in zip(one, two, strict=True)]
        total += sum(products) / (size - 1) / size
    return total


@dataclass(frozen=True, kw_only=True)
class Sums:
    """A patient's components less the AUC, summed over positive and over negative images."""

    positive: dict[int, float]
    negative: dict[int, float]


def _sums(found: Components, positive_patients: list[int], negative_patients: list[int]) -> Sums:
    positive: dict[int, float] = defaultdict(float)
    negative: dict[int, float] = defaultdict(float)
    for patient, value in zip(positive_patients, found.of_positives, strict=True):
        positive[patient] += value - found.auc
    for patient, value in zip(negative_patients, found.of_negatives, strict=True):
        negative[patient] += value - found.auc
    return Sums(positive=positive, negative=negative)


def clustered_covariance(
    first: Components,
    second: Components,
    positive_patients: list[int],
    negative_patients: list[int],
    *,
    crossing: float | None = None,
) -> float:
    """Of two AUCs with patients as the unit (Obuchowski 1997, section 2).

    What a patient's positive and negative images share is scaled by `crossing`; by the number of
    all patients I as I / (I - 1) where None, as in the paper.
    """
    m, n = len(positive_patients), len(negative_patients)
    one = _sums(first, positive_patients, negative_patients)
    two = _sums(second, positive_patients, negative_patients)
    with_positives, with_negatives = len(one.positive), len(one.negative)
    everybody = len(set(positive_patients) | set(negative_patients))
    total = sum(one.positive[p] * two.positive[p] for p in one.positive) * (
        with_positives / (with_positives - 1) / m**2
    )
    total += sum(one.negative[p] * two.negative[p] for p in one.negative) * (
        with_negatives / (with_negatives - 1) / n**2
    )
    if crossing is None:
        crossing = everybody / (everybody - 1)
    for p in one.positive.keys() & one.negative.keys():
        shared = one.positive[p] * two.negative[p] + one.negative[p] * two.positive[p]
        total += crossing * shared / (m * n)
    return total
