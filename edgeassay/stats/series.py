"""A series of measurements in the order of time: its noise, its level's changes, its trend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeassay.stats.arrays import Floats

NORMAL_MAD: Final = 0.6745  # of a normal distribution, in standard deviations
NORMAL_90: Final = 1.645  # nine tenths of it are within this many
MOST_CORRELATED: Final = 0.9  # what a finite series can tell from a change of its level
OUTLYING: Final = 3.0  # standard deviations from the values around it
WITHIN: Final = 0.9950  # the variance of a standard normal that is drawn in to there
MOST_POINTS: Final = 400  # of a trend: it is found from all pairs


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What values of one level differ by.

    `sd` is the standard deviation of one value; `long_run` is what the mean of many values differs
    by, times the square root of their number: more than `sd` where neighbours resemble each other.
    """

    sd: float
    long_run: float


def noise_of(values: Floats, least: float) -> Noise:
    """The noise of a series whose level may change now and then; `least` where there is less.

    By differences between neighbours, which hardly notice changes of the level, and those between
    second neighbours, which show how far neighbours resemble each other: a process of first order
    is assumed (Chakar, Lebarbier, Levy-Leduc & Robin 2017). Of the resemblance that is counted
    which exceeds the standard error of none, 1/sqrt(n) (Bartlett 1946). Needs three values.
    """
    first, second = (_variance(values[lag:] - values[:-lag]) / 2.0 for lag in (1, 2))
    seen = second / first - 1.0 - 1.0 / math.sqrt(len(values)) if first > 0.0 else 0.0
    correlated = min(max(seen, 0.0), MOST_CORRELATED)
    sd = max(math.sqrt(first / (1.0 - correlated)), least)
    return Noise(sd=sd, long_run=sd * math.sqrt((1.0 + correlated) / (1.0 - correlated)))


def _variance(differences: Floats) -> float:
    """Of normal differences around 0, among which a few are outliers (Huber 1981, proposal 2,
    one step from the median).
    """
    sizes = np.abs(differences)
    sd = float(np.median(sizes)) / NORMAL_MAD
    if sd == 0.0:  # a coarse clock: what differs tells, unless it is so little that it is a step
        return (float(np.quantile(sizes, 0.9)) / NORMAL_90) ** 2
    return float(np.mean(np.minimum(sizes, OUTLYING * sd) ** 2)) / WITHIN


def without_outliers(values: Floats, sd: float, stretch: int) -> Floats:
    """The series with what lies beyond three `sd` of the values around it drawn in to there.

    A change of the level that lasts for `stretch` values stays as it is.
    """
    from scipy import ndimage

    around = ndimage.median_filter(values, size=2 * stretch - 1, mode="mirror")
    return np.clip(values, around - OUTLYING * sd, around + OUTLYING * sd)


def change_points(values: Floats, noise: Noise, *, penalty: float, stretch: int) -> list[int]:
    """Where a new level begins, as indices of `values`, with at least `stretch` values to a level.

    The levels with the least sum of squares, each further one at the price of `penalty` variances
    of the noise times the logarithm of the number of values (PELT: Killick, Fearnhead & Eckley
    2012, as ruptures has it).
    """
    if len(values) < 2 * stretch:
        return []
    import ruptures

    scaled = (values - np.median(values)) / noise.long_run
    search = ruptures.KernelCPD(kernel="linear", min_size=stretch).fit(scaled.reshape(-1, 1))
    ends: list[int] = search.predict(pen=penalty * math.log(len(values)))
    return ends[:-1]


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A slope for each step of a series, with a lower and an upper bound."""

    slope: float
    low: float
    high: float


def trend(values: Floats, confidence: float) -> Trend:
    """The median slope over all pairs (Theil 1950, Sen 1968), each bound one-sided with
    `confidence` for values that don't depend on each other.

    Of a long series the medians of equally many neighbours are taken. Needs two values.
    """
    from scipy import stats

    count = math.ceil(len(values) / MOST_POINTS)
    groups = np.array_split(values, math.ceil(len(values) / count))
    ends = np.cumsum([len(group) for group in groups])
    middles = ends - np.array([len(group) + 1 for group in groups]) / 2.0
    medians = np.array([np.median(group) for group in groups])
    slope, _, low, high = stats.theilslopes(medians, middles, alpha=2.0 * confidence - 1.0)
    return Trend(slope=float(slope), low=float(low), high=float(high))
