"""How far scores moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class ScoreShift:
    """Of all distances between two models' scores: median, 99th percentile and largest."""

    median: float
    p99: float
    largest: float


def shift_summary(
    reference: npt.NDArray[np.floating[Any]],
    candidate: npt.NDArray[np.floating[Any]],
) -> ScoreShift:
    """Summarize |candidate - reference| over all scores, in their own unit.

    Both of the same shape, not empty and finite (ValueError). Percentiles are observed distances
    (the smallest that 50 % or 99 % of them don't exceed: Hyndman & Fan 1996, type 1).
    """
    if reference.shape != candidate.shape or reference.size == 0:
        message = f"scores of one shape are compared: {reference.shape} and {candidate.shape}"
        raise ValueError(message)
    distance = np.abs(candidate.astype(np.float64) - reference.astype(np.float64))
    if not np.isfinite(distance).all():
        message = "a shift needs finite scores"
        raise ValueError(message)
    median, p99, largest = np.quantile(distance, [0.5, 0.99, 1.0], method="inverted_cdf")
    return ScoreShift(median=float(median), p99=float(p99), largest=float(largest))
