"""A case's durations: fresh workers, the reference in turn, the worker's own clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.errors import MeasurementError
from edgeassay.measure.fit import check_alike, check_ran
from edgeassay.progress import Reporter
from edgeassay.spec import Measurement, RuntimeSpec, Timing
from edgeassay.stats import (
    LEAST_PAIRS,
    least_count,
    percentile_bounds,
    percentile_upper,
    ratio_bounds,
)
from edgeassay.workers import Loaded, Worker

P95 = 0.95
MORE_PROCESSES = "timing.processes in the device's profile sets how many there are"


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
        return percentile_upper(self.durations, 0.50) / 1e6

    @property
    def p95_ms(self) -> float:
        """The duration that 95 % of the rounds don't exceed."""
        return percentile_upper(self.durations, P95) / 1e6

    def p95(self, confidence: float) -> Measurement:
        """p95 in ms over all rounds; its bounds from one draw a process, whatever the
        distribution.
        """
        draws = self.durations[np.arange(len(self.drawn)), self.drawn] / 1e6
        return over_processes(draws, P95, confidence, value=self.p95_ms, unit="ms")


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Durations of single inferences; the reference's rounds are those that took turns with the
    candidate's, or None where the case is the reference.
    """

    candidate: Rounds
    reference: Rounds | None
    worker: dict[str, Any]

    def ratio(self, confidence: float) -> Measurement:
        """Candidate/reference: the geometric mean over processes of the ratio of their medians."""
        assert self.reference is not None, "the reference has no ratio to itself"
        pairs = np.median(self.candidate.durations, axis=1) / np.median(
            self.reference.durations, axis=1
        )
        count = len(pairs)
        if count < LEAST_PAIRS:
            return Measurement(
                value=float(np.exp(np.log(pairs).mean())),
                unit="ratio",
                n=count,
                insufficient=f"{count} fresh processes show too little of the spread between them,"
                f" {LEAST_PAIRS} are needed",
                planning=MORE_PROCESSES,
            )
        value, low, high = ratio_bounds(pairs, confidence)
        return Measurement(
            value=value,
            unit="ratio",
            n=count,
            low=low,
            high=high,
            confidence=confidence,
            detail=f"processes gave {pairs.min():.4g} to {pairs.max():.4g}",
            planning=f"more processes narrow the bounds; {MORE_PROCESSES}",
        )


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
    return Measurement(
        value=value,
        unit=unit,
        n=count,
        low=low,
        high=high,
        confidence=confidence,
        insufficient=needed if low is None and high is None else None,
        planning=f"{needed}; {MORE_PROCESSES}"
        if high is None and low is not None
        else MORE_PROCESSES,
    )


def draw(seed: int, timing: Timing) -> npt.NDArray[np.int64]:
    """Which round of each process stands for it, decided before any is measured."""
    return np.random.default_rng(seed).integers(0, timing.rounds, timing.processes)


def time_case(
    artifact: Artifact,
    reference: Artifact | None,
    *,
    start_worker: Callable[[], Worker],
    runtime: RuntimeSpec,
    timing: Timing,
    inputs: Callable[[Loaded], list[npt.NDArray[Any]]],
    seed: int,
    label: str,
    report: Reporter,
) -> Durations:
    """Time an artifact in turn with the reference, in `timing.processes` fresh workers, each on
    the `inputs` that it takes; `seed` draws the round that stands for each process.

    MeasurementError where the worker's clock can't be right: a duration of zero or less, or more
    time inside than the host saw pass.
    """
    drawn = draw(seed, timing)
    collected: list[npt.NDArray[np.int64]] = []
    artifacts = [artifact] if reference is None else [artifact, reference]
    with report(label, timing.processes) as advance:
        for _ in range(timing.processes):
            with start_worker() as worker:
                loaded = [
                    worker.load(a.path, runtime, f"artifact-{k}", a.label)
                    for k, a in enumerate(artifacts)
                ]
                for item, made in zip(loaded, artifacts, strict=True):
                    check_ran(made, item)
                check_alike(loaded[0], loaded[-1])
                given = [inputs(item) for item in loaded]
                started = time.monotonic_ns()
                durations = worker.time(loaded, given, timing.rounds, timing.warmup_rounds)
                check_clock(durations, time.monotonic_ns() - started, artifact.label)
                collected.append(durations)
                facts = dict(worker.facts)
            advance(1)
    stacked = np.stack(collected)
    return Durations(
        candidate=Rounds(durations=stacked[:, 0], drawn=drawn),
        reference=None if reference is None else Rounds(durations=stacked[:, 1], drawn=drawn),
        worker=facts,
    )


def check_clock(durations: npt.NDArray[np.int64], wall_ns: int, label: str) -> None:
    """MeasurementError where durations can't have happened within `wall_ns` of the host's time."""
    if int(durations.min()) <= 0:
        raise MeasurementError(f"{label}: the worker's clock stood still or ran backwards")
    if int(durations.sum()) > wall_ns:
        raise MeasurementError(
            f"{label}: the worker reports {durations.sum() / 1e6:.1f} ms of inference, and only"
            f" {wall_ns / 1e6:.1f} ms passed here; its clock can't be trusted"
        )
