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
from edgeassay.stats import percentile_upper
from edgeassay.workers import Loaded, Worker


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Durations of single inferences in ns, int64 (processes, rounds); the reference's rounds are
    those that took turns with the candidate's, or None where the case is the reference.
    """

    candidate: npt.NDArray[np.int64]
    reference: npt.NDArray[np.int64] | None
    worker: dict[str, Any]

    @property
    def p50_ms(self) -> float:
        """Median of all rounds."""
        return percentile_upper(self.candidate, 0.50) / 1e6

    @property
    def p95_ms(self) -> float:
        """The duration that 95 % of the rounds don't exceed."""
        return percentile_upper(self.candidate, 0.95) / 1e6

    def p95(self) -> Measurement:
        """p95 of one inference, in ms."""
        return Measurement(value=self.p95_ms, unit="ms", n=self.candidate.size)

    def ratio(self) -> Measurement:
        """Candidate/reference: the median over processes of the ratio of their medians."""
        assert self.reference is not None, "the reference has no ratio to itself"
        pairs = np.median(self.candidate, axis=1) / np.median(self.reference, axis=1)
        return Measurement(value=float(np.median(pairs)), unit="ratio", n=self.candidate.size)


def time_case(
    artifact: Artifact,
    reference: Artifact | None,
    *,
    start_worker: Callable[[], Worker],
    runtime: RuntimeSpec,
    timing: Timing,
    inputs: Callable[[Loaded], list[npt.NDArray[Any]]],
    label: str,
    report: Reporter,
) -> Durations:
    """Time an artifact in turn with the reference, in `timing.processes` fresh workers, each on
    the `inputs` that it takes.

    MeasurementError where the worker's clock can't be right: a duration of zero or less, or more
    time inside than the host saw pass.
    """
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
        candidate=stacked[:, 0],
        reference=None if reference is None else stacked[:, 1],
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
