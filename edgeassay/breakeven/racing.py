"""The variants of a model on a CPU against the whole network on an accelerator, in turn, in fresh
processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np

from edgeassay.breakeven.networks import Network
from edgeassay.breakeven.timing import Contestant, Ready, Times, make_ready, phases_of
from edgeassay.errors import Absent, ArtifactError
from edgeassay.progress import Reporter
from edgeassay.spec import Ladder
from edgeassay.stats.launch import Bounded
from edgeassay.stats.ratios import ratio_bounds
from edgeassay.workers import Phases, Worker

PHASES = ("upload", "compute", "read_back", "total")


@dataclass(kw_only=True)
class Raced:
    """What was timed: every network on the CPU by its name, and the whole one on the accelerator;
    `absent` says why it isn't there, and `left_out` why a network isn't among them. `spent` is how
    long workers ran and waited for a CPU, in ns.
    """

    cpu: dict[str, Times] = field(default_factory=dict)
    whole: Times | None = None
    absent: str | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    spent: list[tuple[int | None, int | None]] = field(default_factory=list)

    @property
    def software(self) -> bool:
        """Whether software stood in for the accelerator."""
        return self.whole is not None and bool(self.whole.facts.get("software"))

    def ratio(self, name: str, against: Times, confidence: float) -> Bounded:
        """A network's whole inferences on the CPU by others', process by process."""
        mine, theirs = (np.asarray(t.phases["total"]) for t in (self.cpu[name], against))
        value, low, high = ratio_bounds(mine / theirs, confidence)
        return Bounded(value=value, low=low, high=high)


def race(
    cpu: Contestant,
    accelerator: Contestant,
    networks: Sequence[Network],
    ladder: Ladder,
    *,
    seed: int,
    report: Reporter,
) -> Raced:
    """Time all `networks`, the first of which is the whole one, on the CPU, and that on the
    accelerator too, where there is one. MeasurementError where a clock can't be right.
    """
    raced, rng = Raced(), np.random.default_rng(seed)
    with report("timing variants", ladder.processes * (len(networks) + 1)) as advance:
        for _ in range(ladder.processes):
            with ExitStack() as stack:
                workers = [stack.enter_context(cpu.start())]
                ready = _on_cpu(raced, cpu, workers[0], networks, ladder)
                further = None
                if raced.absent is None:
                    try:
                        workers.append(stack.enter_context(accelerator.start()))
                        raced.whole = raced.whole or Times()
                        named = replace(networks[0], name="the whole network")
                        further = make_ready(accelerator, workers[1], named, raced.whole, ladder)
                    except Absent as error:
                        raced.absent, raced.whole = str(error), None
                _take_turns(raced, ready, further, ladder, rng)
                raced.spent += [worker.waiting() for worker in workers]
            advance(len(networks) + 1)
    return raced


def _on_cpu(
    raced: Raced, cpu: Contestant, worker: Worker, networks: Sequence[Network], ladder: Ladder
) -> dict[str, Ready]:
    """The networks that the CPU's runtime takes; ArtifactError where the whole one isn't."""
    ready = {}
    for network in networks:
        if network.name in raced.left_out:
            continue
        times = raced.cpu.get(network.name, Times())
        try:
            ready[network.name] = make_ready(cpu, worker, network, times, ladder)
        except ArtifactError as error:
            if network == networks[0]:
                raise
            raced.left_out[network.name] = str(error)
            continue
        raced.cpu[network.name] = times
    return ready


def _take_turns(
    raced: Raced,
    ready: dict[str, Ready],
    further: Ready | None,
    ladder: Ladder,
    rng: np.random.Generator,
) -> None:
    """One process's turns, in a random order each."""
    all_ready = [*ready.values(), *([] if further is None else [further])]
    places = [raced.cpu[name] for name in ready]
    if further is not None:
        assert raced.whole is not None, "it was made ready just now"
        places.append(raced.whole)
    taken: list[list[Phases]] = [[] for _ in all_ready]
    for _ in range(ladder.turns):
        for k in rng.permutation(len(all_ready)):
            taken[k].append(phases_of(all_ready[k], all_ready[k].rounds, 1))
    for times, turns in zip(places, taken, strict=True):
        for phase in PHASES:
            times.add(phase, np.concatenate([getattr(turn, phase) for turn in turns]))
