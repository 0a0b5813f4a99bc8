"""What fresh processes took: durations with the round that stands for each, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.spec import Measurement, Timing
from edgeassay.stats import least_count, percentile_bounds, percentile_upper

P95: Final = 0.95
MEDIAN: Final = 0.5
MORE_PROCESSES: Final = "timing.processes in the device's profile sets how many there are"


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Durations in ns, int64 (processes, rounds), and which round of each process was drawn before
    any was measured.

    Rounds within a process resemble each other, so a process gives one draw: the draws are
    independent, and of all rounds of all processes.
    """

    durations: npt.NDArray[np.int64]
    drawn: npt.NDArray[np.int64]

    @property
    def p50_ms(self) -> float:
        """Median of all rounds."""
        return percentile_upper(self.durations, MEDIAN) / 1e6

    @property
    def p95_ms(self) -> float:
        """The duration that 95 % of the rounds don't exceed."""
        return percentile_upper(self.durations, P95) / 1e6

    def p50(self, confidence: float) -> Measurement:
        """p50 in ms over all rounds; its bounds are those of the median over fresh processes of
        each one's median.
        """
        medians = np.median(self.durations, axis=1) / 1e6
        return over_processes(medians, MEDIAN, confidence, value=self.p50_ms, unit="ms")

    def p95(self, confidence: float) -> Measurement:
        """p95 in ms over all rounds; its bounds from one draw a process, whatever the
        distribution.
        """
        draws = self.durations[np.arange(len(self.drawn)), self.drawn] / 1e6
        return over_processes(draws, P95, confidence, value=self.p95_ms, unit="ms")


def draw(seed: int, timing: Timing) -> npt.NDArray[np.int64]:
    """Which round of each process stands for it, decided before any is measured."""
    return np.random.default_rng(seed).integers(0, timing.rounds, timing.processes)


def median_over(values: npt.NDArray[np.float64], confidence: float, unit: str) -> Measurement:
    """The median over fresh processes, with bounds that assume no distribution."""
    value = percentile_upper(values, MEDIAN)
    return over_processes(values, MEDIAN, confidence, value=value, unit=unit)


def over_processes(
    draws: npt.NDArray[np.float64], share: float, confidence: float, *, value: float, unit: str
) -> Measurement:
    """A quantile over fresh processes from one draw each, with bounds that assume no distribution.

    With too few processes for an upper bound there is none, and a lower one can still show that a
    limit is exceeded.
    """
    low, high = percentile_bounds(draws, share, confidence)
    count, least = len(draws), least_count(share, confidence)
    needed = f"{least} fresh processes are needed to show it, and {count} were timed"
    more = f"set [timing] processes = {least} in the device's profile"
    unknown = low is None and high is None
    return Measurement(
        value=value,
        unit=unit,
        n=count,
        low=low,
        high=high,
        confidence=confidence,
        insufficient=needed if unknown else None,
        planning=MORE_PROCESSES if high is not None else more if unknown else f"{needed}; {more}",
    )
