"""A case's durations: fresh workers, the reference in turn, the worker's own clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.errors import MeasurementError
from edgeassay.measure.fit import check_alike, check_same_graph, load_artifact
from edgeassay.measure.processes import MORE_PROCESSES, Rounds, draw, median_over
from edgeassay.progress import Reporter
from edgeassay.spec import Measurement, RuntimeSpec, Stack, Timing
from edgeassay.stats import LEAST_PAIRS, ratio_bounds
from edgeassay.workers import Loaded, Memory, TimedRounds, Worker

MB = 1e6
TIMED_ROWS: Final = 1  # of one inference
SOFTWARE_TIMES: Final = "software stands in for the accelerator, and its times decide nothing"
NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, kw_only=True)
class Start:
    """What one fresh process needed beside its steady rounds: to make the artifact ready, for its
    first inference, and in memory while it held nothing else; and how long it ran and waited for a
    CPU during the timed rounds, where its system tells.
    """

    init_ns: int
    first_ns: int
    memory: Memory
    ran_ns: int | None
    waited_ns: int | None


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Durations of single inferences; the reference's rounds are those that took turns with the
    candidate's, or None where the case is the reference. `starts` has one for each process;
    `worker` is what the last of them said of itself, `facts` what its runtime said of the
    candidate.
    """

    candidate: Rounds
    reference: Rounds | None
    starts: tuple[Start, ...]
    worker: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)

    def init(self, confidence: float) -> Measurement:
        """To make the artifact ready in a fresh process, in ms: the median over processes."""
        return median_over(np.array([s.init_ns for s in self.starts]) / 1e6, confidence, "ms")

    def first(self, confidence: float) -> Measurement:
        """The first inference of a fresh process, in ms: the median over processes."""
        return median_over(np.array([s.first_ns for s in self.starts]) / 1e6, confidence, "ms")

    def peak_memory(self, confidence: float) -> Measurement:
        """By how much a process's memory grew at most, in MB: the median over processes, and as its
        upper bound the largest of all.

        Where the peak can't begin anew at loading, each process gives a range.
        """
        memory = [s.memory for s in self.starts]
        least = np.array([m.peak - m.peak_before for m in memory]) / MB
        most = np.array([m.peak - m.resident_before for m in memory]) / MB
        shown = median_over(most, confidence, "MB")
        return replace(
            shown,
            low=median_over(least, confidence, "MB").low,
            high=None if shown.high is None else float(most.max()),
            detail=f"of {max(m.peak for m in memory) / MB:.4g} MB in all",
        )

    @property
    def reference_medians_ns(self) -> list[float] | None:
        """The median of the reference's rounds in each process; None for the reference itself."""
        if self.reference is None:
            return None
        medians: list[float] = np.median(self.reference.durations, axis=1).tolist()
        return medians

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
                planning=f"set [timing] processes = {LEAST_PAIRS} in the device's profile",
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


def _delegate(runtime: RuntimeSpec) -> str:
    return runtime.kernels if runtime.accelerator == "cpu" else runtime.accelerator


def stack_of(
    runtime: RuntimeSpec, worker: Mapping[str, Any], facts: Mapping[str, Any] = NOTHING
) -> Stack:
    """What executed a case that was timed: what its runtime declares, what the worker says of
    itself, and what its runtime says of the artifact, which an accelerator's name is among.
    """
    return Stack(
        runtime=worker["runtime"],
        runtime_version=worker["runtime_version"],
        delegate=worker.get("delegate", _delegate(runtime)),
        gpu_driver=facts.get("adapter"),
        threads=runtime.threads,
        batch=TIMED_ROWS,
        signature=facts.get("signatures", {}).get("judged"),
    )


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
    collected: list[npt.NDArray[np.int64]] = []
    starts: list[Start] = []
    with report(label, timing.processes) as advance:
        for process in range(timing.processes):
            with start_worker() as worker:
                loaded, given = _load(worker, artifact, runtime, 0, inputs)
                first = timed_rounds(worker, [loaded], [given], 1, 0)
                timed_rounds(worker, [loaded], [given], max(1, timing.warmup_rounds), 0)
                memory = worker.memory()
                turns, turn_inputs = [loaded], [given]
                if reference is not None:
                    other, other_given = _load(worker, reference, runtime, 1, inputs)
                    check_alike(loaded, other)
                    check_same_graph(loaded, other)
                    turns, turn_inputs = [loaded, other], [given, other_given]
                if process == 0 and math.isfinite(timing.turns_s):  # all have as many rounds
                    one = timed_rounds(worker, turns, turn_inputs, 1, 1)
                    timing = timing.within(float(one.durations.sum()) / 1e9)
                rounds = timed_rounds(
                    worker, turns, turn_inputs, timing.rounds, timing.warmup_rounds
                )
                collected.append(rounds.durations)
                assert loaded.init_ns is not None, "it was loaded just now"
                starts.append(
                    Start(
                        init_ns=loaded.init_ns,
                        first_ns=int(first.durations[0, 0]),
                        memory=memory,
                        ran_ns=rounds.ran_ns,
                        waited_ns=rounds.waited_ns,
                    )
                )
                said, facts = dict(worker.facts), dict(loaded.facts)
            advance(1)
    stacked, drawn = np.stack(collected), draw(seed, timing)
    return Durations(
        candidate=Rounds(durations=stacked[:, 0], drawn=drawn),
        reference=None if reference is None else Rounds(durations=stacked[:, 1], drawn=drawn),
        starts=tuple(starts),
        worker=said,
        facts=facts,
    )


def _load(
    worker: Worker,
    artifact: Artifact,
    runtime: RuntimeSpec,
    number: int,
    inputs: Callable[[Loaded], list[npt.NDArray[Any]]],
) -> tuple[Loaded, list[npt.NDArray[Any]]]:
    """An artifact in a worker, of the right bytes, and inputs for it."""
    loaded = load_artifact(worker, artifact, runtime, f"artifact-{number}")
    return loaded, inputs(loaded)


def timed_rounds(
    worker: Worker,
    loaded: list[Loaded],
    inputs: list[list[npt.NDArray[Any]]],
    rounds: int,
    warmup_rounds: int,
) -> TimedRounds:
    """Rounds by the worker's clock, held against the host's."""
    started = time.monotonic_ns()
    timed = worker.time(loaded, inputs, rounds, warmup_rounds)
    check_clock(timed.durations, time.monotonic_ns() - started, loaded[0].label)
    return timed


def check_clock(durations: npt.NDArray[np.int64], wall_ns: int, label: str) -> None:
    """MeasurementError where durations can't have happened within `wall_ns` of the host's time."""
    if int(durations.min()) <= 0:
        raise MeasurementError(f"{label}: the worker's clock stood still or ran backwards")
    if int(durations.sum()) > wall_ns:
        raise MeasurementError(
            f"{label}: the worker reports {durations.sum() / 1e6:.1f} ms of inference, and only"
            f" {wall_ns / 1e6:.1f} ms passed here; its clock can't be trusted"
        )
