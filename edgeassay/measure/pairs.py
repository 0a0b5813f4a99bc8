"""Two sides against each other: a fresh process each, on the same CPUs, taking turns span by span.

What slows the machine down for a while slows both, and goes out of their ratio; what makes one
process slower than the next (where its memory lies) doesn't, and only more pairs tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import Absent, EdgeassayError, MeasurementError
from edgeassay.measure.fit import check_alike
from edgeassay.measure.latency import timed_rounds
from edgeassay.spec import Spans, Stack
from edgeassay.workers import Loaded, Worker

BASE: Final = 0
HEAD: Final = 1

LOOKING_S: Final = 0.1  # for the CPU that others use least


class SideFailed(MeasurementError):
    """One of two sides broke while they were timed; `which` says whose fault it is."""

    def __init__(self, which: int, error: EdgeassayError) -> None:
        super().__init__(str(error))
        self.which = which


@dataclass(frozen=True, kw_only=True)
class Ready:
    """An artifact in a worker of its own, the inputs that it takes, and what executes it."""

    worker: Worker
    loaded: Loaded
    inputs: list[npt.NDArray[Any]]
    stack: Stack


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side: how to start its worker, and how to make its artifact ready there."""

    start: Callable[[], Worker]
    load: Callable[[Worker], Ready]
    threads: int


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Durations in ns, int64 (spans, rounds), base and head in turn; the rounds of a span may be
    more on one side. `cpus` are those that both were kept on; none where that can't be had.
    `stacks` are what executed them, as the workers say.
    """

    base: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    cpus: tuple[int, ...]
    stacks: tuple[Stack, Stack]

    @property
    def log_ratio(self) -> float:
        """The logarithm of head/base: the median over spans of that of their medians."""
        ratios = np.log(np.median(self.head, axis=1)) - np.log(np.median(self.base, axis=1))
        return float(np.median(ratios))

    @property
    def base_ms(self) -> float:
        """The base's median duration."""
        return float(np.median(self.base)) / 1e6

    @property
    def head_ms(self) -> float:
        """The head's median duration."""
        return float(np.median(self.head)) / 1e6


def time_pair(base: Side, head: Side, spans: Spans, rng: np.random.Generator) -> Pair:
    """One pair: both start together, are kept on the CPUs that others use least, warm up, and take
    turns, each time in a random order.

    SideFailed where a side doesn't start, load or run, or its clock can't be right; Absent where
    its runtime isn't there;
    MeasurementError where the two are no forms of one network.
    """
    sides = (base, head)
    ready: list[Ready] = []
    rounds: list[tuple[int, float]] = []
    with ExitStack() as stack:
        workers = _start(sides, stack)
        cpus = _keep_together(workers, max(side.threads for side in sides))
        for which, side in enumerate(sides):
            with _blaming(which):
                ready.append(side.load(workers[which]))
        check_alike(ready[HEAD].loaded, ready[BASE].loaded)
        for which, one in enumerate(ready):
            with _blaming(which):
                rounds.append(_warm_up(one, spans))
        longest_s = max(count * each for count, each in rounds)
        turns = int(np.clip(spans.side_s / longest_s, spans.least, spans.most))
        durations: list[list[npt.NDArray[np.int64]]] = [[], []]
        for _ in range(turns):
            for which in rng.permutation(2):
                with _blaming(which):
                    durations[which].append(_span(ready[which], *rounds[which], spans=spans))
    made = [np.stack(spans_of) for spans_of in durations]
    return Pair(
        base=made[BASE],
        head=made[HEAD],
        cpus=tuple(cpus),
        stacks=(ready[BASE].stack, ready[HEAD].stack),
    )


@contextmanager
def _blaming(which: int) -> Iterator[None]:
    """What breaks here is this side's, but for a runtime that isn't there: nothing is measured."""
    try:
        yield
    except Absent:
        raise
    except EdgeassayError as error:
        raise SideFailed(which, error) from None


def _start(sides: Sequence[Side], stack: ExitStack) -> list[Worker]:
    """Both workers, started together, which end with the stack."""
    with ThreadPoolExecutor(len(sides)) as pool:
        starting = [pool.submit(side.start) for side in sides]
    for future in starting:
        if future.exception() is None:
            stack.enter_context(future.result())
    workers = []
    for which, future in enumerate(starting):
        with _blaming(which):
            workers.append(future.result())
    return workers


def _keep_together(workers: Sequence[Worker], count: int) -> list[int]:
    """The CPUs that all are kept on from now on: those that others use least."""
    cpus = workers[0].cpus(LOOKING_S)[:count]
    for worker in workers if cpus else ():
        worker.pin(cpus)
    return cpus


def _warm_up(one: Ready, spans: Spans) -> tuple[int, float]:
    """How many rounds a span of this side has, and how many seconds each takes."""
    timed_rounds(one.worker, [one.loaded], [one.inputs], 1, 0)
    once = timed_rounds(one.worker, [one.loaded], [], 1, 0).durations[0, 0] / 1e9
    rounds = max(1, min(spans.warmup_rounds, round(spans.warmup_s / once)))
    steady = timed_rounds(one.worker, [one.loaded], [], rounds, 0)
    each = float(np.median(steady.durations)) / 1e9
    return max(1, round(spans.span_ms / 1e3 / each)), each


def _span(one: Ready, rounds: int, each: float, *, spans: Spans) -> npt.NDArray[np.int64]:
    """A short span of one side, after one uncounted round where that is short beside the span."""
    again = 1 if each < spans.span_ms / 1e3 else 0
    span: npt.NDArray[np.int64] = timed_rounds(
        one.worker, [one.loaded], [], rounds, again
    ).durations[0]
    return span
