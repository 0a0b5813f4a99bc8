"""The Wilcoxon signed-rank test and the bounds that it gives: exact, whatever the distribution, as
long as it is symmetric.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Floats


@lru_cache(maxsize=256)
def _tail(count: int) -> Floats:
    """P(W <= w) for w = 0, 1, ...: W is the sum of the ranks 1 to `count`, each taken or not with
    probability 1/2 (Wilcoxon 1945), by adding one rank after another.
    """
    ways = np.zeros(count * (count + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, count + 1):
        ways[rank:] = 0.5 * (ways[rank:] + ways[:-rank])
        ways[:rank] *= 0.5
    return np.cumsum(ways)


def least_pairs(alpha: float) -> int:
    """The fewest values that can show anything at a one-sided `alpha`: 7 at 1 %."""
    return math.ceil(-math.log2(alpha) - 1e-12)


def center_bounds(
    values: npt.ArrayLike, alpha_low: float, alpha_high: float
) -> tuple[float, float, float]:
    """The centre of a symmetric distribution with a lower and an upper bound, which are wrong with
    a probability of `alpha_low` and `alpha_high` at most; infinite where there are too few values.

    The median of the means of all pairs of values, each with itself too, and order statistics of
    those means (Hodges & Lehmann 1963). Values are finite, (n,), independent, at least one.
    """
    x = np.asarray(values, np.float64)
    first, second = np.triu_indices(len(x))
    means = np.sort((x[first] + x[second]) / 2.0)
    tail = _tail(len(x))
    # With k means below the true centre, W = k: the (k+1)-th is a bound where P(W <= k) <= alpha.
    low, high = (int(np.searchsorted(tail, a, side="right")) for a in (alpha_low, alpha_high))
    return (
        float(np.median(means)),
        float(means[low - 1]) if low else -math.inf,
        float(means[-high]) if high else math.inf,
    )
