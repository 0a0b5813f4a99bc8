"""Looking several times at data that grow, without being wrong more often."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy.typing as npt

from edgeassay.stats.signed_rank import center_bounds, least_pairs

GROWTH = 1.35  # from one look to the next


@dataclass(frozen=True, kw_only=True)
class Looks:
    """When one looks, by the number of values there are, and what each look may be wrong with.

    Every look spends the same share of `alpha_low` and `alpha_high`; their sum bounds the
    probability that any look errs, however the looks depend on each other (Bonferroni).
    """

    counts: tuple[int, ...]
    alpha_low: float
    alpha_high: float

    def bounds(self, values: npt.ArrayLike) -> tuple[float, float, float]:
        """Centre, lower and upper bound at one look."""
        share = len(self.counts)
        return center_bounds(values, self.alpha_low / share, self.alpha_high / share)


def plan_looks(alpha_low: float, alpha_high: float, looks: int) -> Looks:
    """The first look is at the fewest values that can decide anything, each later one at a third
    more.
    """
    first = least_pairs(min(alpha_low, alpha_high) / looks)
    counts = tuple(math.ceil(first * GROWTH**k - 1e-9) for k in range(looks))
    return Looks(counts=counts, alpha_low=alpha_low, alpha_high=alpha_high)


def decide_slowdown(low: float, high: float, tolerated: float, unacceptable: float) -> bool | None:
    """Whether a slowdown is shown (True) or excluded (False); None where it is neither.

    All four on one scale. Shown: even the lower bound is beyond what is tolerated. Excluded: the
    upper bound is within what is unacceptable.
    """
    if low > tolerated:
        return True
    return False if high <= unacceptable else None
