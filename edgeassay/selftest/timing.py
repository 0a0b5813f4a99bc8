"""A planted slowdown: a worker that does real extra work inside the measured span must be found,
and an equal one must not be.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.ab.gate import Outcome as Decided
from edgeassay.ab.gate import run_gate
from edgeassay.config.comparison import load_comparison
from edgeassay.measure.latency import stack_of
from edgeassay.measure.pairs import Ready, Side, time_pair
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.selftest.checks import Check, Outcome, Said
from edgeassay.selftest.networks import write_layers
from edgeassay.selftest.slower import work
from edgeassay.spec import Allowed, Limit, RandomInputs, RuntimeSpec, Selftest, Spans, Verdict
from edgeassay.workers import Worker

LAYERS: Final = 40
UNITS: Final = 2_000  # of extra work, timed to know what one takes
TIMEOUT_S: Final = 60.0
NO_OPTION: Final = "; give it more time with --max-time"  # here there is no such option
SOURCE: Final = "edgeassay/config/defaults.toml:selftest"


@dataclass(frozen=True)
class Stand:
    """A small network on this machine's own runtime, beside itself with extra work."""

    folder: Path
    settings: Selftest

    @cached_property
    def _network(self) -> Path:
        path = self.folder / "layers.tflite"
        write_layers(path, LAYERS)
        return path

    @cached_property
    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(0)

    @property
    def _spans(self) -> Spans:
        return replace(load_comparison(None, self.folder).spans, side_s=self.settings.side_s)

    def side(self, units: int) -> Side:
        """A side that does so much extra work."""
        path, runtime = self._network, RuntimeSpec()
        command = ["{python}", str(Path(__file__).with_name("slower.py")), str(units)]

        def load(worker: Worker) -> Ready:
            loaded = worker.load(path, runtime, "artifact", path.name)
            inputs = random_inputs(loaded, RandomInputs(), 1)
            stack = stack_of(runtime, worker.facts)
            return Ready(worker=worker, loaded=loaded, inputs=inputs, stack=stack)

        start = partial(Worker, command, "litert", label=path.name, timeout_s=TIMEOUT_S)
        return Side(start=start, load=load, threads=1)

    @cached_property
    def slower_by(self) -> int:
        """As many units of work as the planted slowdown takes."""
        started = time.perf_counter()
        work(UNITS)
        each_s = (time.perf_counter() - started) / UNITS
        base_s = time_pair(self.side(0), self.side(0), self._spans, self._rng).base_ms / 1e3
        return max(1, round(self.settings.slowdown * base_s / each_s))

    def compare(self, units: int) -> Decided:
        """The network against itself with so much extra work, as `edgeassay ab` compares."""
        gate = load_comparison(None, self.folder).gate
        return run_gate(
            lambda: time_pair(self.side(0), self.side(units), self._spans, self._rng),
            self._allowed,
            replace(gate, max_time_s=self.settings.max_time_s),
            cases=1,
            advance=lambda _: None,
        )

    @property
    def _allowed(self) -> Allowed:
        common = load_comparison(None, self.folder).allowed("selftest", None)
        given = {
            name: Limit(value=getattr(self.settings, name), source=f"{SOURCE}.{name}")
            for name in ("tolerated", "unacceptable")
        }
        return replace(common, floor_ms=replace(common.floor_ms, value=0.0), **given)


def planted_slowdowns(folder: Path, settings: Selftest) -> Iterator[Check]:
    """A worker that is as fast, and one that is slower."""
    stand = Stand(folder, settings)
    yield Check(
        subject="latency comparison",
        planted="the same network in another process",
        expected="pass",
        ask=lambda: said_of(stand.compare(0), Verdict.PASS),
    )
    yield Check(
        subject="latency comparison",
        planted=f"extra work of {100 * settings.slowdown:g} % inside the measured span",
        expected="fail",
        ask=lambda: said_of(stand.compare(stand.slower_by), Verdict.FAIL),
    )


def said_of(found: Decided, wanted: Verdict) -> Said:
    """What a comparison's end says of the engine: where the evidence doesn't decide, nothing."""
    words = found.reason.removesuffix(NO_OPTION)
    if (timing := found.timing) is not None:
        low, high = ("none" if b is None else f"{b:.4g}" for b in (timing.low, timing.high))
        words = (
            f"{timing.ratio:.4g} times the base's {timing.base_ms:.3g} ms (bounds {low}, {high};"
            f" {timing.pairs} pairs of fresh processes){words and f'; {words}'}"
        )
    text = f"{found.verdict.value}: {words}"
    if found.verdict is wanted:
        return Said(text=text, outcome=Outcome.EXPECTED)
    if found.verdict is Verdict.INCONCLUSIVE:
        return Said(text=text, outcome=Outcome.INCONCLUSIVE)
    if found.verdict is Verdict.UNMEASURED:
        return Said(text=text, outcome=Outcome.UNMEASURED)
    return Said(text=text, outcome=Outcome.WRONG)
