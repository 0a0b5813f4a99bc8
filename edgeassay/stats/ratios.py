"""Bounds of ratios and differences, by Student's t."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEAST_PAIRS = 3  # of two, the spread between processes is hardly known


def ratio_bounds(ratios: npt.ArrayLike, confidence: float) -> tuple[float, float, float]:
    """The geometric mean of independent ratios with a lower and an upper bound, each one-sided
    with `confidence`: Student's t on their logarithms.

    Logarithms, since a ratio and its inverse must say the same; t, since what differs between
    processes is close enough to normal (docs/statistics.md shows the coverage). Needs two.
    """
    from scipy import special

    logs = np.log(np.asarray(ratios, np.float64))
    count = len(logs)
    half = float(special.stdtrit(count - 1, confidence) * logs.std(ddof=1) / np.sqrt(count))
    mean = float(logs.mean())
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half))


def difference_bounds(
    minuend: npt.ArrayLike, subtrahend: npt.ArrayLike, confidence: float
) -> tuple[float, float, float]:
    """The difference of two groups' means with a lower and an upper bound, each one-sided with
    `confidence`, for spreads that may differ (Welch 1947). Needs two values in each group.
    """
    from scipy import special

    groups = [np.asarray(group, np.float64) for group in (minuend, subtrahend)]
    errors = [max(float(group.var(ddof=1)), 1e-24) / len(group) for group in groups]
    error = sum(errors)
    freedom = error**2 / sum(e**2 / (len(g) - 1) for e, g in zip(errors, groups, strict=True))
    half = float(special.stdtrit(freedom, confidence) * np.sqrt(error))
    difference = float(groups[0].mean() - groups[1].mean())
    return difference, difference - half, difference + half
