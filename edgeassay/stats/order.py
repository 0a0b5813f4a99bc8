"""Order statistics of durations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def percentile_upper(values: npt.ArrayLike, share: float) -> float:
    """The smallest observed value that at least `share` of the values don't exceed.

    An observed value, never an interpolation between a fast one and a slow one (the inverse of
    the empirical distribution function: Hyndman & Fan 1996, type 1).
    """
    return float(np.quantile(np.asarray(values, np.float64), share, method="inverted_cdf"))
