"""Selecting a width while others take the CPU and give it back; compared by ratios alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.config.shapes import default_selecting
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.selecting import Selector
from edgeassay.spec import RandomInputs, RuntimeSpec
from edgeassay.workers import Worker
from suites.meta.tinymodels import write_layers

# Times grow with the layers: four times as long for each width.
LAYERS = {"narrow": 20, "middle": 80, "wide": 320}
HOGS = 5
BUDGET = 3.0  # of what the widest takes alone: among five others it takes six
SETTINGS = replace(default_selecting(), patience=4)
SPAN_MS = 30.0  # of inferences, whose mean stands for one: more than a turn of the scheduler
TURNS = 60
QUIET = 0.5 * BUDGET  # of the widest alone: it fits in, with head-room


@contextmanager
def hogs(cpu: int) -> Iterator[None]:
    """Others on the same CPU, each in a session of its own, as another user's would be."""
    code = f"import os\nos.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"
    started = [
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True) for _ in range(HOGS)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


class Bench:
    """A worker on one CPU with every width loaded."""

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker = worker
        runtime = RuntimeSpec()
        self.loaded = []
        for number, (name, layers) in enumerate(LAYERS.items()):
            write_layers(folder / f"{name}.tflite", layers)
            made = worker.load(folder / f"{name}.tflite", runtime, f"width-{number}", name)
            self.loaded.append(made)
        self.inputs = [random_inputs(one, RandomInputs(), 1) for one in self.loaded]
        durations = worker.time(self.loaded, self.inputs, 30, 3).durations
        # What the others do only adds to a time: the least are those of a machine at rest.
        self.alone_ms = tuple(float(ns) / 1e6 for ns in np.quantile(durations, 0.1, axis=1))

    def took(self, place: int) -> float:
        """The mean of some inferences of one width, in ms."""
        rounds = max(1, round(SPAN_MS / self.alone_ms[place]))
        timed = self.worker.time([self.loaded[place]], [self.inputs[place]], rounds, 0)
        return float(timed.durations.mean()) / 1e6


def until(bench: Bench, selector: Selector, *widths: str) -> tuple[Selector, list[str]]:
    """Inferences until none but these widths have run some turns on end; the widths that ran."""
    ran: list[str] = []
    while len(ran) < TURNS and not (
        len(ran) >= SETTINGS.patience and {*ran[-SETTINGS.patience :]} <= {*widths}
    ):
        ran.append(selector.width)
        selector = selector.after(bench.took(selector.current))
    return selector, ran


def check_quiet(bench: Bench, ran: list[str]) -> None:
    """Skip where others take the CPU too, so that the widest has no chance to run."""
    if ran[-1] != "wide" and max(bench.took(2) for _ in range(5)) > QUIET * bench.alone_ms[2]:
        pytest.skip("others use this machine's CPUs, and a time at rest can't be had")


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="CPUs can't be chosen here")
def test_a_busy_cpu_makes_it_narrower_and_a_free_one_wide_again(tmp_path: Path) -> None:
    with Worker(["{python}"], "litert", label="widths", timeout_s=60.0) as worker:
        cpu = worker.cpus(0.2)[0]  # the one that idles most
        worker.pin([cpu])
        bench = Bench(worker, tmp_path)
        assert bench.alone_ms[0] < bench.alone_ms[1] < bench.alone_ms[2]
        selector = Selector.begin(
            tuple(LAYERS), bench.alone_ms, budget_ms=BUDGET * bench.alone_ms[2], settings=SETTINGS
        )
        assert selector.width == "wide"
        selector, ran = until(bench, selector, "wide")
        check_quiet(bench, ran)
        assert ran[-1] == "wide", ran
        with hogs(cpu):
            selector, ran = until(bench, selector, "middle", "narrow")
            assert "wide" not in ran[-SETTINGS.patience :], ran
        selector, ran = until(bench, selector, "wide")
        check_quiet(bench, ran)
        assert ran[-1] == "wide", ran
