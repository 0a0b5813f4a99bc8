"""What the widths of a model take on a device, in turn in the same fresh processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeassay.build import seed_of
from edgeassay.devices import is_here
from edgeassay.errors import Absent
from edgeassay.health import between, elsewhere, excess, snapshot
from edgeassay.measure.alone import alone
from edgeassay.measure.fit import check_alike, load_artifact
from edgeassay.measure.latency import timed_rounds
from edgeassay.measure.processes import Rounds
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.rig import Rig
from edgeassay.selecting.widths import Times
from edgeassay.spec import Case, Kind, Selecting
from edgeassay.timings import Watch
from edgeassay.workers import Loaded, TimedRounds, Worker


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What each width took, and what others did to the machine meanwhile beyond its tolerance."""

    times: tuple[Times, ...]
    disturbed: str | None


def time_widths(rig: Rig, cases: Sequence[Case], settings: Selecting) -> Timed:
    """The times of cases on one runtime. Absent where the device or the runtime isn't here, or
    software stands in for its accelerator.
    """
    for case in cases:
        rig.check_timed(case)
        rig.loaded(case)
        if rig.kind(case) is not Kind.MEASURED:
            raise Absent(f"runtime {case.runtime} gives {rig.kind(case)} times, no device's")
    device, watch, collected = rig.plan.device, Watch(), []
    with alone(), rig.report("timing the widths", settings.processes) as advance:
        before = snapshot()
        for _ in range(settings.processes):
            with rig.start_worker(cases[0]) as worker:
                watch.here = watch.here or is_here(worker)
                rounds = _rounds(rig, cases, worker, settings)
                watch.add(rounds.ran_ns, rounds.waited_ns)
                collected.append(rounds.durations)
            advance(1)
        after = snapshot()
    health = (between if watch.here else elsewhere)(before, after, watch.worked)
    threads = rig.runtime(cases[0]).threads
    return Timed(
        times=_times(np.stack(collected, axis=1)),
        disturbed=excess(health, device.tolerance, threads=threads, file=device.file),
    )


def _rounds(rig: Rig, cases: Sequence[Case], worker: Worker, settings: Selecting) -> TimedRounds:
    """What one process takes, with all widths loaded."""
    loaded: list[Loaded] = []
    for number, case in enumerate(cases):
        artifact = rig.artifact(case)
        runtime = rig.runtime(case)
        made = load_artifact(worker, artifact, runtime, f"width-{number}")
        check_alike(made, loaded[0] if loaded else made)
        loaded.append(made)
    inputs, seed = rig.model(cases[0]).random_inputs, seed_of(cases[0].id)
    given = [random_inputs(one, inputs, seed) for one in loaded]
    return timed_rounds(worker, loaded, given, settings.rounds, settings.warmup_rounds)


def _times(durations: npt.NDArray[np.int64]) -> tuple[Times, ...]:
    """Of durations in ns, (widths, processes, rounds)."""
    drawn = np.zeros(durations.shape[1], np.int64)
    found = [Rounds(durations=own, drawn=drawn) for own in durations]
    return tuple(Times(p50_ms=own.p50_ms, p95_ms=own.p95_ms) for own in found)
