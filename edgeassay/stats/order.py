"""Order statistics of durations, and bounds of a quantile that assume no distribution."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

ROUNDING = 1e-12  # of the binomial's sums, which may lie on the confidence itself


def percentile_upper(values: npt.ArrayLike, share: float) -> float:
    """The smallest observed value that at least `share` of the values don't exceed.

    An observed value, never an interpolation between a fast one and a slow one (the inverse of
    the empirical distribution function: Hyndman & Fan 1996, type 1).
    """
    return float(np.quantile(np.asarray(values, np.float64), share, method="inverted_cdf"))


def percentile_bounds(
    values: npt.ArrayLike, share: float, confidence: float
) -> tuple[float | None, float | None]:
    """A lower and an upper bound of the `share` quantile that independent draws come from, each
    one-sided with `confidence`, whatever the distribution; None where there are too few draws.

    Observed values: how many draws lie below the quantile is binomial (Hahn & Meeker 1991, 5.2).
    """
    from scipy import special

    ordered = np.sort(np.asarray(values, np.float64).reshape(-1))
    count = len(ordered)
    at_most = special.bdtr(np.arange(count), count, share)  # P(at most k draws lie below)
    low = int(np.searchsorted(at_most, 1.0 - confidence + ROUNDING, side="right")) - 1
    high = int(np.searchsorted(at_most, confidence - ROUNDING))
    return (
        float(ordered[low]) if low >= 0 else None,
        float(ordered[high]) if high < count else None,
    )


def least_count(share: float, confidence: float) -> int:
    """The fewest draws that give the `share` quantile an upper bound: 59 for 0.95 at 95 %."""
    return math.ceil(math.log(1.0 - confidence) / math.log(share) - ROUNDING)
