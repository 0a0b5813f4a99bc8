"""Several hypotheses at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(p_values: npt.ArrayLike, alpha: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses are rejected, (hypotheses,) like `p_values`, so that the probability of
    rejecting any true one is at most `alpha`, however they depend on each other (Holm 1979).

    A p-value of NaN was not tested: it isn't rejected, and the others needn't make up for it.
    ValueError for a p-value outside [0, 1] or an alpha outside (0, 1).
    """
    p = np.asarray(p_values, np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    if p.ndim != 1 or ((p[tested] < 0.0) | (p[tested] > 1.0)).any():
        message = "p-values are one list of numbers from 0 to 1"
        raise ValueError(message)
    if not 0.0 < alpha < 1.0:
        message = f"alpha lies between 0 and 1, not {alpha}"
        raise ValueError(message)
    order = tested[np.argsort(p[tested], kind="stable")]
    holds_so_far = np.logical_and.accumulate(p[order] <= alpha / np.arange(len(order), 0, -1))
    rejected = np.zeros(len(p), np.bool_)
    rejected[order[holds_so_far]] = True
    return rejected
