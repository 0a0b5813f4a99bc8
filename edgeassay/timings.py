"""Each case's times, measured once and alone, with the machine's health before and after."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from filelock import FileLock

from edgeassay.build import seed_of
from edgeassay.health import Health, Worked, between, elsewhere, excess, snapshot
from edgeassay.measure.latency import Durations, Start, time_case
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.rig import Rig
from edgeassay.slots import Slot
from edgeassay.spec import Case
from edgeassay.workers import Worker

LATENCY: Final = "latency"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The machine's health while `what` of a case was timed, and what was beyond tolerance."""

    what: str
    health: Health
    excess: str | None


@dataclass(kw_only=True)
class Watch:
    """What is found out while something is timed: whether the workers are on this machine, and
    what they say of themselves.
    """

    here: bool = False
    worked: Worked = field(default_factory=Worked)


class Timings:
    """Makes and keeps what the cases of a plan took."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._durations: dict[Case, Durations] = {}
        self._watched: dict[Case, dict[str, Watched]] = {}

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's."""
        if case not in self._durations:
            rig = self._rig
            artifact, whole = rig.artifact(case), rig.plan.reference_of(case)
            reference = None if whole == case else rig.artifact(whole)
            settings, seed = rig.model(case).random_inputs, seed_of(case.id)
            with self._watching(case, LATENCY) as watch:
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
                watch.worked = worked(made.starts)
            self._durations[case] = made
        return self._durations[case]

    def _starter(self, case: Case, watch: Watch) -> Callable[[], Worker]:
        """Starts workers, and finds out whether they are on this machine."""

        def start() -> Worker:
            worker = self._rig.start_worker(case)
            if not watch.here:
                watch.here = is_here(worker)
            return worker

        return start

    @contextmanager
    def _watching(self, case: Case, what: str) -> Iterator[Watch]:
        """Time something alone, and keep what others did to the machine meanwhile."""
        device, watch = self._rig.plan.device, Watch()
        # Two runs of one user don't time beside each other.
        lock = Path(tempfile.gettempdir(), f"edgeassay-timing-{getpass.getuser()}.lock")
        with FileLock(lock):
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

    def known(self, case: Case) -> Durations | None:
        """The case's durations where they have been measured."""
        return self._durations.get(case)


def worked(starts: Sequence[Start]) -> Worked:
    """What the workers of some processes say of themselves, together."""
    memory = max(start.memory.peak for start in starts)
    ran = [start.ran_ns for start in starts if start.ran_ns is not None]
    waited = [start.waited_ns for start in starts if start.waited_ns is not None]
    if len(ran) < len(starts) or len(waited) < len(starts):
        return Worked(memory_bytes=memory)
    return Worked(ran_s=sum(ran) / 1e9, waited_s=sum(waited) / 1e9, memory_bytes=memory)


def is_here(worker: Worker) -> bool:
    """Whether a worker runs on this machine: it reads what this process has in memory."""
    try:
        with Slot(4096) as slot:
            return worker.sees(slot)
    except OSError:
        return False
