"""How a pair is timed: on the same CPUs, in a random order, each span after an uncounted round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeassay.errors import Absent, ArtifactError
from edgeassay.measure import pairs
from edgeassay.measure.pairs import BASE, HEAD, Ready, Side, SideFailed, time_pair
from edgeassay.spec import Spans
from edgeassay.workers import TimedRounds
from suites.meta.test_gate import STACK

SPANS = Spans(warmup_s=0.05, warmup_rounds=20, span_ms=5.0, least=8, most=30, side_s=1.0)


class Loaded:
    """What takes and gives nothing."""

    inputs = outputs = ()


class FakeWorker:
    """A worker that says which CPUs idle, and remembers where it was put."""

    def __init__(self) -> None:
        self.pinned: list[int] = []
        self.closed = False

    def cpus(self, seconds: float) -> list[int]:
        return [3, 1, 0]

    def pin(self, cpus: list[int]) -> None:
        self.pinned = cpus

    def __enter__(self) -> FakeWorker:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True


class Bench:
    """Two sides whose inferences take so many ms each, and the spans in the order they came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, base_ms: float, head_ms: float) -> None:
        self.workers = (FakeWorker(), FakeWorker())
        self.spans: list[tuple[int, int, int]] = []
        self._ms = (base_ms, head_ms)
        monkeypatch.setattr(pairs, "timed_rounds", self._timed)

    def _timed(
        self, worker: Any, loaded: Any, inputs: Any, rounds: int, warmup_rounds: int
    ) -> TimedRounds:
        which = self.workers.index(worker)
        self.spans.append((which, rounds, warmup_rounds))
        taken = np.full((1, rounds), round(1e6 * self._ms[which]), np.int64)
        return TimedRounds(durations=taken, ran_ns=None, waited_ns=None)

    def side(self, which: int, threads: int = 1) -> Side:
        def load(worker: Any) -> Ready:
            return Ready(worker=worker, loaded=Loaded(), inputs=[], stack=STACK)  # type: ignore[arg-type]

        return Side(start=lambda: self.workers[which], load=load, threads=threads)  # type: ignore[arg-type,return-value]

    def time(self, threads: int = 1) -> pairs.Pair:
        sides = (self.side(BASE, threads), self.side(HEAD))
        return time_pair(*sides, SPANS, np.random.default_rng(0))


def test_sides_take_turns_in_a_random_order_after_an_uncounted_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, 1.0, 2.0)
    pair = bench.time()
    turns = bench.spans[6:]  # three looks at each side come first
    assert len(turns) == 2 * SPANS.most
    order = [tuple(which for which, _, _ in turns[k : k + 2]) for k in range(0, len(turns), 2)]
    assert set(order) == {(BASE, HEAD), (HEAD, BASE)}
    assert {(which, rounds, warm) for which, rounds, warm in turns} == {(BASE, 5, 1), (HEAD, 2, 1)}
    assert pair.log_ratio == pytest.approx(np.log(2.0))
    assert all(worker.closed for worker in bench.workers)


def test_both_are_kept_on_the_cpus_that_idle_most(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, 1.0, 1.0)
    assert bench.time(threads=2).cpus == (3, 1)
    assert [worker.pinned for worker in bench.workers] == [[3, 1], [3, 1]]


def test_a_slow_network_has_fewer_spans_of_one_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, 60.0, 60.0)
    pair = bench.time()
    assert pair.base.shape == (16, 1)  # a second of each side
    assert bench.spans[-1][1:] == (1, 0)


@pytest.mark.parametrize("which", [BASE, HEAD])
def test_who_breaks_is_told_and_a_missing_runtime_is_nobodys_fault(
    monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    bench = Bench(monkeypatch, 1.0, 1.0)

    def broken(error: Exception) -> Side:
        def start() -> Any:
            raise error

        return Side(start=start, load=bench.side(which).load, threads=1)

    for error, expected in ((ArtifactError("no"), SideFailed), (Absent("none"), Absent)):
        sides = [bench.side(BASE), bench.side(HEAD)]
        sides[which] = broken(error)
        with pytest.raises(expected) as caught:
            time_pair(sides[0], sides[1], SPANS, np.random.default_rng(0))
        if isinstance(caught.value, SideFailed):
            assert caught.value.which == which
        assert bench.workers[1 - which].closed
