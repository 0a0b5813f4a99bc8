"""A long run in one process: whether a device keeps its speed under the model's own load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.measure.latency import timed_rounds
from edgeassay.measure.processes import MEDIAN, P95
from edgeassay.progress import Reporter
from edgeassay.spec import Measurement
from edgeassay.stats import difference_bounds, percentile_bounds, percentile_upper
from edgeassay.workers import Loaded, Worker

PARTS: Final = 4  # the first and the last quarter of the run are compared
BLOCKS: Final = 10  # in each of them; longer than what resembles each other from round to round
FEW: Final = 8  # rounds that show how long one takes
REQUEST_NS: Final = 1e9  # of inference that one request asks for


@dataclass(frozen=True, kw_only=True)
class Sustained:
    """Durations of single inferences in ns, int64 (rounds,), one after another in one process."""

    durations: npt.NDArray[np.int64]
    ran_ns: int | None
    waited_ns: int | None

    @property
    def seconds(self) -> float:
        """How long it inferred."""
        return float(self.durations.sum()) / 1e9

    def _quarter(self, number: int) -> npt.NDArray[np.int64]:
        """The rounds that began in a quarter of the run's time."""
        begun = np.cumsum(self.durations) - self.durations
        part = begun * PARTS // self.durations.sum()
        quarter: npt.NDArray[np.int64] = self.durations[part == number]
        return quarter

    @property
    def _told(self) -> str:
        return f"{len(self.durations):,} inferences in {self.seconds:.1f} s of one process"

    def p95(self, confidence: float) -> Measurement:
        """p95 of the last quarter, in ms; its bounds from the p95 of blocks of rounds."""
        last = self._quarter(PARTS - 1) / 1e6
        value = percentile_upper(last, P95)
        blocks = [percentile_upper(block, P95) for block in np.array_split(last, BLOCKS)]
        low, high = percentile_bounds(blocks, MEDIAN, confidence)
        assert low is not None
        assert high is not None
        return Measurement(
            value=value,
            unit="ms",
            n=len(last),
            low=min(low, value),
            high=max(high, value),
            confidence=confidence,
            detail=f"the last quarter of {self._told}",
        )

    def ratio(self, confidence: float) -> Measurement:
        """Median time in the last quarter by that in the first; bounds from blocks of rounds."""
        last, first = (
            [np.log(np.median(block)) for block in np.array_split(self._quarter(k), BLOCKS)]
            for k in (PARTS - 1, 0)
        )
        value, low, high = np.exp(difference_bounds(last, first, confidence))
        return Measurement(
            value=float(value),
            unit="ratio",
            n=len(self.durations),
            low=float(low),
            high=float(high),
            confidence=confidence,
            detail=f"the last quarter by the first of {self._told}",
        )


def sustain(
    worker: Worker,
    loaded: Loaded,
    inputs: list[npt.NDArray[Any]],
    *,
    seconds: float,
    inferences: int,
    label: str,
    report: Reporter,
) -> Sustained:
    """Infer without a pause until both `seconds` of inference and `inferences` are reached."""
    parts: list[npt.NDArray[np.int64]] = []
    ran: int | None = 0
    waited: int | None = 0
    spent_ns = done = told = 0
    with report(label, round(seconds)) as advance:
        rounds = min(FEW, inferences)
        while spent_ns < seconds * 1e9 or done < inferences:
            timed = timed_rounds(worker, [loaded], [inputs], rounds, 0)
            parts.append(timed.durations[0])
            spent_ns, done = spent_ns + int(timed.durations.sum()), done + rounds
            ran = None if ran is None or timed.ran_ns is None else ran + timed.ran_ns
            waited = None if waited is None or timed.waited_ns is None else waited + timed.waited_ns
            usual_ns = float(np.median(timed.durations))
            left = max(inferences - done, math.ceil((seconds * 1e9 - spent_ns) / usual_ns))
            rounds = max(1, min(left, math.ceil(REQUEST_NS / usual_ns)))
            reached = min(round(seconds), int(spent_ns / 1e9))
            advance(reached - told)
            told = reached
    return Sustained(durations=np.concatenate(parts), ran_ns=ran, waited_ns=waited)
