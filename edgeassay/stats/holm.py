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
    return ~np.isnan(p) & (p <= holm_levels(p, alpha))


def holm_levels(p_values: npt.ArrayLike, alpha: float) -> npt.NDArray[np.float64]:
    """The share of `alpha` that decides about each hypothesis, (hypotheses,): it is rejected just
    where its p-value is no more. A bound with one less this share says the same as the verdict.

    The smallest p-value has `alpha` by how many there are, the next by one fewer, and so on; from
    the first that isn't rejected on, all have its share. NaN where a p-value is NaN.
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
    shares = alpha / np.arange(len(order), 0, -1)
    held = np.flatnonzero(p[order] > shares)
    if len(held):
        shares[held[0] :] = shares[held[0]]
    levels = np.full(len(p), np.nan)
    levels[order] = shares
    return levels
