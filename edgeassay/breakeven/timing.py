"""Two runtimes timed on a ladder of networks, in turn, in fresh processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edgeassay.breakeven.networks import Network
from edgeassay.errors import MeasurementError
from edgeassay.health import between, excess, snapshot
from edgeassay.measure.alone import alone
from edgeassay.measure.latency import check_clock
from edgeassay.progress import Reporter
from edgeassay.spec import DeviceSpec, Ladder, RuntimeSpec
from edgeassay.timings import Watch
from edgeassay.workers import Loaded, Phases, Worker

SIDES: Final = 2
PHASES: Final = ("init", "first", "upload", "compute", "read_back", "total")


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One of the two: its id, its options, and what starts its worker."""

    id: str
    runtime: RuntimeSpec
    start: Callable[[], Worker]


@dataclass(kw_only=True)
class Times:
    """Medians in ms of each process, by phase: `init` is to make the network ready, `first` the
    first whole inference, and the others are of the steady state. `facts` is what the runtime said
    of the last.
    """

    phases: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PHASES})
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, phase: str, ns: npt.ArrayLike) -> None:
        """What a process took, in ns."""
        self.phases[phase].append(float(np.median(np.asarray(ns))) / 1e6)

    def median_ms(self, phase: str) -> float:
        """The median over processes."""
        return float(np.median(self.phases[phase]))


@dataclass(kw_only=True)
class Timed:
    """All that was timed: `times[k][name]` of each contestant and network, what their workers said
    of themselves, how long they ran and waited for a CPU where their systems tell, and the networks
    that were too slow to be timed.
    """

    times: tuple[dict[str, Times], dict[str, Times]] = field(default_factory=lambda: ({}, {}))
    workers: dict[str, dict[str, Any]] = field(default_factory=dict)
    spent: list[tuple[int | None, int | None]] = field(default_factory=list)
    left_out: list[Network] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A network that a worker has loaded and warmed up, and how many inferences make a turn."""

    worker: Worker
    loaded: Loaded
    inputs: list[npt.NDArray[Any]]
    rounds: int


def time_ladder(
    contestants: Sequence[Contestant],
    networks: Sequence[Network],
    ladder: Ladder,
    *,
    seed: int,
    report: Reporter,
) -> Timed:
    """Time both contestants on every network, smallest first in the first pair of processes, which
    finds out what is too slow, and then in a random order.

    MeasurementError where the workers' clocks can't be right, or the two disagree on what a network
    takes.
    """
    timed, rng, kept = Timed(), np.random.default_rng(seed), list(networks)
    with report("timing networks", ladder.processes * len(networks)) as advance:
        for process in range(ladder.processes):
            with ExitStack() as stack:
                workers = [stack.enter_context(one.start()) for one in contestants]
                timed.workers |= {
                    c.id: dict(w.facts) for c, w in zip(contestants, workers, strict=True)
                }
                order = kept if process == 0 else [kept[k] for k in rng.permutation(len(kept))]
                for number, network in enumerate(order):
                    slowest_s = _time_network(
                        contestants, workers, network, ladder=ladder, timed=timed, rng=rng
                    )
                    advance(1)
                    if process == 0 and slowest_s > ladder.longest_s:
                        timed.left_out, kept = order[number + 1 :], order[: number + 1]
                        break
                timed.spent += [worker.waiting() for worker in workers]
            if process == 0:
                advance(len(timed.left_out) * ladder.processes)
    return timed


def _time_network(
    contestants: Sequence[Contestant],
    workers: Sequence[Worker],
    network: Network,
    *,
    ladder: Ladder,
    timed: Timed,
    rng: np.random.Generator,
) -> float:
    """Time a network on both, in turns of a random order; how long the slower takes, in s."""
    ready = [
        make_ready(c, w, network, timed.times[k].setdefault(network.name, Times()), ladder)
        for k, (c, w) in enumerate(zip(contestants, workers, strict=True))
    ]
    if any(one.loaded.inputs != ready[0].loaded.inputs for one in ready):
        raise MeasurementError(f"{network.name}: the runtimes disagree on what it takes")
    taken: list[list[Phases]] = [[], []]
    for _ in range(ladder.turns):
        for k in rng.permutation(SIDES):
            taken[k].append(phases_of(ready[k], ready[k].rounds, 1))
    for k, turns in enumerate(taken):
        times = timed.times[k][network.name]
        for phase in ("upload", "compute", "read_back", "total"):
            times.add(phase, np.concatenate([getattr(turn, phase) for turn in turns]))
    return max(timed.times[k][network.name].phases["total"][-1] for k in range(SIDES)) / 1e3


def make_ready(
    contestant: Contestant, worker: Worker, network: Network, times: Times, ladder: Ladder
) -> Ready:
    """Load a network, run it for the first time, and warm it up."""
    loaded = worker.load(network.path, contestant.runtime, network.name, network.name)
    assert loaded.init_ns is not None, "it was loaded just now"
    rng = np.random.default_rng(0)
    inputs = [rng.random(t.shape, np.float32).astype(t.dtype) for t in loaded.inputs]
    one = Ready(worker=worker, loaded=loaded, inputs=inputs, rounds=1)
    first = phases_of(one, 1, 0)
    warm = first
    if first.total[0] / 1e9 < ladder.longest_s:
        warm = phases_of(one, ladder.warmup_rounds, 0)
    times.add("init", loaded.init_ns)
    times.add("first", first.total)
    times.facts = dict(loaded.facts)
    each_s = float(np.median(warm.total)) / 1e9
    rounds = int(np.clip(ladder.turn_s / each_s, ladder.least_rounds, ladder.most_rounds))
    return Ready(worker=worker, loaded=loaded, inputs=inputs, rounds=rounds)


def phases_of(one: Ready, rounds: int, warmup_rounds: int) -> Phases:
    """Whole inferences by the worker's clock, held against this one's."""
    started = time.monotonic_ns()
    made = one.worker.phases(one.loaded, one.inputs, rounds, warmup_rounds)
    passed = time.monotonic_ns() - started
    parts = np.stack([made.upload, made.compute, made.read_back])
    if int(parts.min()) < 0:
        raise MeasurementError(f"{one.loaded.label}: the worker's clock ran backwards")
    check_clock(made.total, passed, one.loaded.label)
    return made


def totals(timed: Mapping[str, Times], names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Whole inferences in ms, of shape (processes, networks)."""
    return np.array([timed[name].phases["total"] for name in names]).T


class Spent(Protocol):
    """What was timed, with how long workers ran and waited for a CPU, in ns."""

    @property
    def spent(self) -> Sequence[tuple[int | None, int | None]]:
        """Of each worker."""


T = TypeVar("T", bound=Spent)


def undisturbed(work: Callable[[], T], *, device: DeviceSpec, threads: int) -> tuple[T, str | None]:
    """Time it alone, and what others did to the machine meanwhile beyond the device's tolerance."""
    with alone():
        before = snapshot()
        timed = work()
        after = snapshot()
    watch = Watch()
    for ran_ns, waited_ns in timed.spent:
        watch.add(ran_ns, waited_ns)
    health = between(before, after, watch.worked)
    return timed, excess(health, device.tolerance, threads=threads, file=device.file)
