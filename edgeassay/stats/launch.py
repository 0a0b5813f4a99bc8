"""What an inference costs at any size and what it costs by size, and where two such lines cross."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Line:
    """Time in ms = fixed_ms + ms_per_mmac times the millions of multiply-accumulates."""

    fixed_ms: float
    ms_per_mmac: float

    def at(self, mmacs: npt.ArrayLike) -> Numbers:
        """The time that it gives at a size."""
        return self.fixed_ms + self.ms_per_mmac * np.asarray(mmacs, np.float64)


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """A number with bounds, each one-sided; infinite where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Two runtimes' lines, with the bounds of what they are made of, and the size in MMACs from
    which the first is the faster one: 0 where it always is, infinite where it never gets so.
    """

    first: Line
    second: Line
    first_fixed_ms: Bounded
    second_fixed_ms: Bounded
    first_ms_per_mmac: Bounded
    second_ms_per_mmac: Bounded
    mmacs: Bounded


def fit_line(mmacs: npt.ArrayLike, ms: npt.ArrayLike) -> Line:
    """The line with neither part negative whose *relative* errors have the least sum of squares
    (Lawson and Hanson 1974): a network a thousand times as large has a thousand times the error.
    """
    from scipy.optimize import nnls

    sizes, times = np.asarray(mmacs, np.float64), np.asarray(ms, np.float64)
    design = np.stack([np.ones_like(sizes), sizes], axis=1) / times[:, np.newaxis]
    (fixed, slope), _ = nnls(design, np.ones_like(times))
    return Line(fixed_ms=float(fixed), ms_per_mmac=float(slope))


def misfit(line: Line, mmacs: npt.ArrayLike, ms: npt.ArrayLike) -> float:
    """By how much of a measured time the line misses it, where it misses most."""
    times = np.asarray(ms, np.float64)
    return float(np.abs(line.at(mmacs) / times - 1.0).max())


def crossing_of(first: Line, second: Line) -> float:
    """The size from which `first` takes less time than `second` does."""
    gain = second.ms_per_mmac - first.ms_per_mmac
    if gain <= 0.0:
        return math.inf
    return max(0.0, (first.fixed_ms - second.fixed_ms) / gain)


def fit_crossing(
    mmacs: npt.ArrayLike,
    first_ms: npt.ArrayLike,
    second_ms: npt.ArrayLike,
    *,
    confidence: float,
    resamples: int,
    rng: np.random.Generator,
) -> Crossing:
    """Fit both to the medians over processes; times are of shape (processes, sizes), a row of each
    taken beside the other. Bounds are percentiles over resampled processes (Efron 1979).
    """
    first, second = np.asarray(first_ms, np.float64), np.asarray(second_ms, np.float64)
    lines = _lines(mmacs, first, second)
    drawn = []
    for _ in range(resamples):
        rows = rng.integers(0, len(first), len(first))
        drawn.append(_numbers(*_lines(mmacs, first[rows], second[rows])))
    low, high = (
        np.quantile(np.array(drawn), share, axis=0, method="inverted_cdf")
        for share in (1.0 - confidence, confidence)
    )
    bounded = [
        Bounded(value=v, low=min(v, float(a)), high=max(v, float(b)))
        for v, a, b in zip(_numbers(*lines), low, high, strict=True)
    ]
    return Crossing(
        first=lines[0],
        second=lines[1],
        first_fixed_ms=bounded[0],
        second_fixed_ms=bounded[1],
        first_ms_per_mmac=bounded[2],
        second_ms_per_mmac=bounded[3],
        mmacs=bounded[4],
    )


def _lines(mmacs: npt.ArrayLike, first: Numbers, second: Numbers) -> tuple[Line, Line]:
    return (
        fit_line(mmacs, np.median(first, axis=0)),
        fit_line(mmacs, np.median(second, axis=0)),
    )


def _numbers(first: Line, second: Line) -> list[float]:
    return [
        first.fixed_ms,
        second.fixed_ms,
        first.ms_per_mmac,
        second.ms_per_mmac,
        crossing_of(first, second),
    ]
