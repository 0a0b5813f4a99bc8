"""Bounds of a ratio from pairs that were measured together."""

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
