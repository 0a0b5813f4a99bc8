"""Each case's times, measured once and alone, with the machine's health before and after.

What a claim asks for is measured when it is asked; a long run only where a claim is about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from edgeassay.build import seed_of
from edgeassay.devices import is_here
from edgeassay.errors import Absent
from edgeassay.evaluations import Evaluations
from edgeassay.health import Health, Worked, between, elsewhere, excess, snapshot
from edgeassay.measure.alone import alone
from edgeassay.measure.end_to_end import time_end_to_end
from edgeassay.measure.fit import check_fits, load_artifact
from edgeassay.measure.latency import Durations, time_case
from edgeassay.measure.processes import Rounds
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.measure.sustained import Sustained, sustain
from edgeassay.rig import Rig
from edgeassay.spec import Case, Kind
from edgeassay.worker.costs import cpu_times
from edgeassay.workers import Worker

LATENCY: Final = "latency"
END_TO_END: Final = "end to end"
SUSTAINED: Final = "sustained"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The machine's health while `what` of a case was timed, and what was beyond tolerance."""

    what: str
    health: Health
    excess: str | None


class Watch:
    """What is found out while something is timed: whether the workers are on this machine, how long
    processes ran and waited for a CPU, and what the memory of one grew to.
    """

    def __init__(self) -> None:
        self.here = False
        self._spent: list[tuple[int | None, int | None]] = []
        self._memory_bytes = 0

    def add(self, ran_ns: int | None, waited_ns: int | None, memory_bytes: int = 0) -> None:
        """What one process says of itself; None where its system doesn't tell."""
        self._spent.append((ran_ns, waited_ns))
        self._memory_bytes = max(self._memory_bytes, memory_bytes)

    @property
    def worked(self) -> Worked:
        """All of it together."""
        known = [(r, w) for r, w in self._spent if r is not None and w is not None]
        if not known or len(known) < len(self._spent):
            return Worked(memory_bytes=self._memory_bytes)
        ran, waited = (sum(column) / 1e9 for column in zip(*known, strict=True))
        return Worked(ran_s=ran, waited_s=waited, memory_bytes=self._memory_bytes)


class Timings:
    """Makes and keeps what the cases of a plan took."""

    def __init__(self, rig: Rig, evaluations: Evaluations) -> None:
        self._rig = rig
        self._evaluations = evaluations
        self._durations: dict[Case, Durations] = {}
        self._in_turn: dict[tuple[Case, Case], Durations] = {}
        self._end_to_end: dict[Case, Rounds] = {}
        self._sustained: dict[Case, Sustained] = {}
        self._watched: dict[Case, dict[str, Watched]] = {}

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's where the same runtime takes
        both.
        """
        if case not in self._durations:
            whole = self._rig.plan.reference_of(case)
            together = whole != case and whole.runtime == case.runtime
            self._durations[case] = self._timed(case, whole if together else None, LATENCY)
        return self._durations[case]

    def in_turn(self, case: Case, other: Case) -> Durations:
        """The case's durations, taken in turn with those of another of the same runtime: those that
        `durations` gives, where the other is the case's reference.
        """
        if other == self._rig.plan.reference_of(case):
            return self.durations(case)
        if (case, other) not in self._in_turn:
            what = beside(other, self._rig.plan.reference_of(case))
            self._in_turn[case, other] = self._timed(case, other, what)
        return self._in_turn[case, other]

    def _timed(self, case: Case, other: Case | None, what: str) -> Durations:
        rig = self._rig
        rig.check_timed(case)
        artifact = rig.artifact(case)
        reference = None if other is None else rig.artifact(other)
        settings, seed = rig.model(case).random_inputs, seed_of(case.id)
        with self._watching(case, what) as watch:
            made = time_case(
                artifact,
                reference,
                start_worker=self._starter(case, watch),
                runtime=rig.runtime(case),
                timing=rig.plan.device.timing,
                inputs=lambda loaded: random_inputs(loaded, settings, seed),
                seed=seed,
                label=f"timing {case.id}",
                report=rig.report,
            )
            for start in made.starts:
                watch.add(start.ran_ns, start.waited_ns, start.memory.peak)
        return made

    def end_to_end(self, case: Case) -> Rounds:
        """From an image's file to its scores, by this machine's clock; Absent where the data isn't
        here, or the worker isn't.
        """
        if case not in self._end_to_end:
            self._rig.check_timed(case)
            rig, data = self._rig, self._evaluations.data(case.model)
            artifact, model = rig.artifact(case), rig.model(case)
            with self._watching(case, END_TO_END) as watch:
                before = cpu_times() or (None, None)
                self._end_to_end[case] = time_end_to_end(
                    artifact,
                    start_worker=self._starter(case, watch, must_be_here=True),
                    finished=lambda worker: watch.add(*worker.waiting()),
                    runtime=rig.runtime(case),
                    timing=rig.plan.device.timing,
                    split=data.split,
                    settings=data.inputs.settings,
                    check=lambda loaded: check_fits(
                        loaded, data.inputs.settings, len(model.classes), model.file, model.task
                    ),
                    seed=seed_of(case.id),
                    label=f"timing {case.id} end to end",
                    report=rig.report,
                )
                after = cpu_times() or (None, None)
                ran, waited = (_less(a, b) for a, b in zip(after, before, strict=True))
                watch.add(ran, waited)
        return self._end_to_end[case]

    def sustained(self, case: Case) -> Sustained:
        """A long run in one fresh process."""
        if case not in self._sustained:
            self._rig.check_timed(case)
            rig, timing = self._rig, self._rig.plan.device.timing
            artifact, settings = rig.artifact(case), rig.model(case).random_inputs
            with self._watching(case, SUSTAINED) as watch, self._starter(case, watch)() as worker:
                loaded = load_artifact(worker, artifact, rig.runtime(case))
                made = sustain(
                    worker,
                    loaded,
                    random_inputs(loaded, settings, seed_of(case.id)),
                    seconds=timing.sustained_s,
                    inferences=timing.sustained_inferences,
                    label=f"timing {case.id} for {timing.sustained_s:g} s or more",
                    report=rig.report,
                )
                watch.add(made.ran_ns, made.waited_ns, worker.memory().peak)
            self._sustained[case] = made
        return self._sustained[case]

    def _starter(
        self, case: Case, watch: Watch, *, must_be_here: bool = False
    ) -> Callable[[], Worker]:
        """Starts workers, and finds out whether they are on this machine."""

        def start() -> Worker:
            worker = self._rig.start_worker(case)
            if not watch.here:
                watch.here = is_here(worker)
            if must_be_here and not watch.here:
                worker.close()
                raise Absent("the worker is on another machine, and images aren't decoded there")
            return worker

        return start

    @contextmanager
    def _watching(self, case: Case, what: str) -> Iterator[Watch]:
        """Time something alone, and keep what others did to the machine meanwhile."""
        device, watch = self._rig.plan.device, Watch()
        with alone():
            before = snapshot()
            yield watch
            after = snapshot()
        health = (between if watch.here else elsewhere)(before, after, watch.worked)
        beyond = excess(
            health,
            device.tolerance,
            threads=self._rig.runtime(case).threads,
            file=device.file,
        )
        self._watched.setdefault(case, {})[what] = Watched(what=what, health=health, excess=beyond)

    def excess(self, case: Case, what: str) -> str | None:
        """What others did beyond tolerance while `what` of the case was timed."""
        return self._watched[case][what].excess

    def watched(self, case: Case) -> list[Watched]:
        """The machine's health in every timing of the case by now."""
        return list(self._watched.get(case, {}).values())

    def forget(self, case: Case) -> None:
        """Have a case timed anew when its durations are asked for again."""
        self._durations.pop(case, None)
        for pair in [pair for pair in self._in_turn if pair[0] == case]:
            del self._in_turn[pair]

    def known(self, case: Case) -> Durations | None:
        """The case's durations where they have been measured."""
        return self._durations.get(case)


def beside(other: Case, reference: Case) -> str:
    """What the timing of a case in turn with another is called."""
    return LATENCY if other == reference else f"{LATENCY} beside {other.variant}"


def disturbed_by(kind: Kind, excess: str | None) -> str | None:
    """Why nothing may be compared with these times, nor a baseline be of them; else None."""
    if kind is Kind.MEASURED:
        return excess
    return f"{kind} times are no device's"


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before
