"""Several tests at once: which of them stand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeassay.stats.auc import Mask


def holm(p_values: npt.NDArray[np.float64], alpha: float) -> Mask:
    """Which hypotheses are rejected when all are tested at once, so that any is rejected wrongly
    with a probability of at most `alpha` (Holm 1979); NaN is not tested and doesn't count.
    """
    rejected = np.zeros(len(p_values), bool)
    tested = np.flatnonzero(~np.isnan(p_values))
    for rank, place in enumerate(tested[np.argsort(p_values[tested], kind="stable")]):
        if p_values[place] > alpha / (len(tested) - rank):
            break
        rejected[place] = True
    return rejected
