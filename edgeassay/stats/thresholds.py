"""Operating thresholds: where labelled scores are best cut."""

from __future__ import annotations

import numpy as np

from edgeassay.stats.auc import Floats, Mask, Scores


def _cuts(positive: Mask, scores: Scores) -> tuple[Floats, Floats, Floats]:
    """Every threshold that cuts these scores in another way, ascending, with the sensitivity and
    the specificity above it.

    A cut lies midway between two neighbouring scores, so that a score that moves a little is on the
    same side still; the outer ones call everything, or nothing, positive.
    """
    values = np.unique(scores.astype(np.float64))
    cuts = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
    sensitivity = 1.0 - np.searchsorted(np.sort(scores[positive]), cuts) / positive.sum()
    specificity = np.searchsorted(np.sort(scores[~positive]), cuts) / (~positive).sum()
    return cuts, sensitivity, specificity


def youden_threshold(positive: Mask, scores: Scores) -> float:
    """The threshold with the largest sum of sensitivity and specificity (Youden 1950), the lowest
    of equally good ones; both kinds must occur.
    """
    cuts, sensitivity, specificity = _cuts(positive, scores)
    return float(cuts[int(np.argmax(sensitivity + specificity))])


def threshold_for_sensitivity(positive: Mask, scores: Scores, sensitivity: float) -> float:
    """The highest threshold above which at least this share of the positives lies."""
    cuts, reached, _ = _cuts(positive, scores)
    return float(cuts[np.flatnonzero(reached >= sensitivity - 1e-12)[-1]])
