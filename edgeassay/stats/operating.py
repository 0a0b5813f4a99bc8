"""Operating points: where a score becomes a decision.

Thresholds are fixed on a validation split and kept for all that is compared afterwards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Floats, Mask, Scores

Integers = npt.NDArray[np.int64]


class Rule(StrEnum):
    """When a score is called positive."""

    AT_LEAST = ">="
    ABOVE = ">"


def decisions(scores: Scores, thresholds: npt.ArrayLike, *, rule: Rule) -> Mask:
    """Which scores are called positive, in the shape of `scores`; `thresholds`, one or one for each
    of the last axis, is compared in double precision, in which a midpoint of two scores is exact.
    """
    exact, limits = np.asarray(scores, np.float64), np.asarray(thresholds, np.float64)
    found: Mask = exact >= limits if rule is Rule.AT_LEAST else exact > limits
    return found


def within_step(scores: Scores, thresholds: npt.ArrayLike, step: float) -> Integers:
    """How many of each class's scores lie at most one quantization step from its threshold,
    (classes,): the decisions that a change of one step can turn.

    `scores` (images, classes); `thresholds` one, or (classes,); `step` in units of the scores, not
    negative (ValueError).
    """
    if not step >= 0.0:
        message = f"a quantization step isn't negative: {step}"
        raise ValueError(message)
    distance = np.abs(np.asarray(scores, np.float64) - np.asarray(thresholds, np.float64))
    near: Integers = (distance <= step).sum(axis=0).astype(np.int64)
    return near


def youden_threshold(labels: npt.NDArray[Any], scores: Scores, *, rule: Rule) -> float:
    """The threshold with the largest sensitivity + specificity - 1 (Youden 1950).

    `labels` of 0 and 1 and `scores`, (images,). Of equally good thresholds the lowest: a missed
    finding is worse than a false one. Midway between two adjacent different scores, so that both
    rules agree on these images and no small change of any score turns a decision. ValueError where
    either label is absent or all scores are equal: nothing is there to separate.
    """
    distinct, positives, negatives = _called(labels, scores)
    if len(distinct) < 2:
        message = "all scores are equal: no threshold separates them"
        raise ValueError(message)
    if positives[0] == 0 or negatives[0] == 0:
        message = "Youden's threshold needs positives and negatives"
        raise ValueError(message)
    # In whole numbers: equally good thresholds must be seen to be equal.
    gain = positives * negatives[0] - negatives * positives[0]
    best = 1 + int(np.argmax(gain[1:]))
    return _between(float(distinct[best - 1]), float(distinct[best]), rule)


def threshold_for_sensitivity(
    labels: npt.NDArray[Any],
    scores: Scores,
    sensitivity: float,
    *,
    rule: Rule,
) -> float:
    """The highest threshold at which at least `sensitivity` of the positives are called positive.

    `labels` of 0 and 1 and `scores`, (images,). Midway between two adjacent different scores of
    either label (see `youden_threshold`); minus infinity where only calling every image positive
    would do. ValueError without positives or for a sensitivity outside (0, 1].
    """
    distinct, positives, _ = _called(labels, scores)
    if not 0.0 < sensitivity <= 1.0 or positives[0] == 0:
        message = f"a sensitivity in (0, 1] of at least one positive is needed, not {sensitivity}"
        raise ValueError(message)
    # A share such as 0.95 isn't exact in binary: 19 of 20 reach it.
    reached = int(np.flatnonzero(positives / positives[0] >= sensitivity - 1e-12)[-1])
    if reached == 0:
        return -np.inf
    return _between(float(distinct[reached - 1]), float(distinct[reached]), rule)


def _called(labels: npt.NDArray[Any], scores: Scores) -> tuple[Floats, Integers, Integers]:
    """The distinct scores, rising, and how many positives and negatives score at least each."""
    if labels.ndim != 1 or labels.shape != scores.shape or not np.isfinite(scores).all():
        message = f"finite scores of one class are needed: {labels.shape} and {scores.shape}"
        raise ValueError(message)
    distinct, where = np.unique(scores.astype(np.float64), return_inverse=True)
    positive = labels.astype(np.bool_)

    def at_least(mask: Mask) -> Integers:
        counts = np.bincount(where.reshape(-1)[mask], minlength=len(distinct)).astype(np.int64)
        return counts[::-1].cumsum()[::-1]

    return distinct, at_least(positive), at_least(~positive)


def _between(low: float, high: float, rule: Rule) -> float:
    """A threshold that calls `high` positive and `low` not, midway where numbers lie between."""
    middle = low + (high - low) / 2
    if low < middle < high:
        return middle
    return high if rule is Rule.AT_LEAST else low
