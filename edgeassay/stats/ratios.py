"""Bounds of ratios and differences, by Student's t."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_PAIRS = 3  # of two, the spread between processes is hardly known
LEAST_VARIANCE = 1e-24  # of a mean: equal values show none, and a bound must lie somewhere


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


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean with its own variance, known from `freedom` degrees; infinitely many where the
    variance is taken as known.
    """

    value: float
    variance: float
    freedom: float

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Mean:
        """Of a sample, with its own spread. Needs two values."""
        sample = np.asarray(values, np.float64)
        count = len(sample)
        variance = max(float(sample.var(ddof=1)), LEAST_VARIANCE) / count
        return cls(value=float(sample.mean()), variance=variance, freedom=count - 1)

    def plus(self, variance: float) -> Mean:
        """The same with a variance more, which is taken as known (Satterthwaite 1946)."""
        total = self.variance + variance
        return Mean(
            value=self.value,
            variance=total,
            freedom=self.freedom * (total / self.variance) ** 2,
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two means, and its standard error, known from `freedom` degrees."""

    value: float
    error: float
    freedom: float

    @classmethod
    def between(cls, minuend: Mean, subtrahend: Mean) -> Difference:
        """Of independent means whose spreads may differ (Welch 1947, Satterthwaite 1946)."""
        square = minuend.variance + subtrahend.variance
        doubt = sum(mean.variance**2 / mean.freedom for mean in (minuend, subtrahend))
        return cls(
            value=minuend.value - subtrahend.value,
            error=math.sqrt(square),
            freedom=square**2 / doubt if doubt > 0.0 else math.inf,
        )

    def low(self, confidence: float) -> float:
        """The lower bound, one-sided."""
        return self.value - self._reach(confidence)

    def high(self, confidence: float) -> float:
        """The upper bound, one-sided."""
        return self.value + self._reach(confidence)

    def p_above(self, limit: float) -> float:
        """The probability of so large a difference, or larger, if the true one were `limit`."""
        from scipy import special

        return float(special.stdtr(self.freedom, (limit - self.value) / self.error))

    def _reach(self, confidence: float) -> float:
        from scipy import special

        return float(special.stdtrit(self.freedom, confidence)) * self.error


def difference_bounds(
    minuend: npt.ArrayLike, subtrahend: npt.ArrayLike, confidence: float
) -> tuple[float, float, float]:
    """The difference of two groups' means with a lower and an upper bound, each one-sided with
    `confidence`, for spreads that may differ. Needs two values in each group.
    """
    found = Difference.between(Mean.of(minuend), Mean.of(subtrahend))
    return found.value, found.low(confidence), found.high(confidence)
