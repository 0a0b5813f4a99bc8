"""Patients drawn anew: a check of the formulas that shares none of their assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Codes, Floats, Labels, Mask, Scores
from edgeassay.stats.bounds import Bounds

# Resamples at a time: what a chunk needs is images x this x 4 bytes, three times over.
CHUNK: Final = 100

Weights = npt.NDArray[np.int32]


def _weighted_aucs(
    positive: Mask,
    scores: Scores,
    weights: Weights,
) -> Floats:
    """The AUC under each row of image weights, (resamples, images); NaN where a kind is missing."""
    negatives = np.sort(scores[~positive])
    order = np.flatnonzero(~positive)[np.argsort(scores[~positive], kind="stable")]
    below = np.zeros((len(weights), len(order) + 1), np.int32)
    np.cumsum(weights[:, order], axis=1, out=below[:, 1:])
    left = np.searchsorted(negatives, scores[positive], "left")
    right = np.searchsorted(negatives, scores[positive], "right")
    drawn = weights[:, positive].astype(np.float64)
    wins = (drawn * (below[:, left] + below[:, right])).sum(axis=1) / 2
    with np.errstate(invalid="ignore"):
        aucs: Floats = wins / (drawn.sum(axis=1) * below[:, -1])
    return aucs


def resampled_aucs(
    labels: Labels,
    models: Sequence[Scores],
    codes: Codes,
    *,
    resamples: int,
    seed: int,
) -> Floats:
    """The AUCs of several models under the same redrawn patients, (resamples, models, classes).

    Each resample draws as many patients as there are, with replacement, and takes all of a
    patient's images each time. NaN where a class lost its positives or its negatives.
    """
    rng = np.random.default_rng(seed)
    patients = int(codes.max()) + 1
    shares = np.full(patients, 1.0 / patients)
    found = np.full((resamples, len(models), labels.shape[1]), np.nan)
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        weights = rng.multinomial(patients, shares, size).astype(np.int32)[:, codes]
        for k, positive in enumerate(labels.T.astype(bool)):
            if positive.any() and not positive.all():
                for m, scores in enumerate(models):
                    aucs = _weighted_aucs(positive, scores[:, k], weights)
                    found[start : start + size, m, k] = aucs
    return found


def percentile_bounds_of(resampled: Floats, value: float, confidence: float) -> Bounds | None:
    """One-sided bounds by the percentiles of what the resamples gave, (resamples,); None where
    fewer than half of them gave anything.
    """
    usable = resampled[np.isfinite(resampled)]
    if 2 * len(usable) < len(resampled):
        return None
    low, high = np.quantile(usable, [1.0 - confidence, confidence])
    return Bounds(value=value, low=float(low), high=float(high))
