"""Many saved runs at once, each cut down to its medians."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from edgeassay.errors import DataError
from edgeassay.progress import Reporter, silent
from edgeassay.runs.reading import read_run
from edgeassay.runs.saved import Timed

POOL_FROM: Final = 400  # files; fewer are read before other processes have started
CHUNK: Final = 50  # files that a process is given at once


@dataclass(frozen=True, kw_only=True)
class Point:
    """One benchmark of one run: what `Timed` has of it, without durations."""

    key: str
    name: str
    median_s: float
    artifact_sha256: str | None
    stack: tuple[tuple[str, str], ...]
    size_bytes: int | None
    mean_auc: float | None
    disturbed: str | None


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One saved run: what `SavedRun` has of it, without durations and claims."""

    where: Path
    commit: str | None
    dirty: bool
    saved: datetime
    hardware: str
    machine: tuple[tuple[str, str], ...]
    points: tuple[Point, ...]

    def with_points(self, points: tuple[Point, ...]) -> RunSummary:
        """The same run with these points alone."""
        return replace(self, points=points)


@dataclass(frozen=True, kw_only=True)
class Summaries:
    """Saved runs in the order of time, and why other files aren't among them."""

    runs: tuple[RunSummary, ...]
    left_out: tuple[str, ...] = ()


def read_summaries(
    paths: Sequence[Path], report: Reporter = silent, *, processes: int = 1
) -> Summaries:
    """Every file's summary, or the sentence that says why it has none; many files are read by as
    many `processes`.
    """
    runs, left_out = [], []
    with (
        report("reading saved runs", len(paths)) as advance,
        _mapping(len(paths), processes) as each,
    ):
        for found in each(paths):
            if isinstance(found, str):
                left_out.append(found)
            else:
                runs.append(found)
            advance(1)
    runs.sort(key=lambda run: (run.saved, run.where))
    return Summaries(runs=tuple(runs), left_out=tuple(left_out))


@contextmanager
def _mapping(count: int, processes: int) -> Iterator[Any]:
    """What applies `_summary` to files: here, or in other processes."""
    if count < POOL_FROM or processes == 1:
        yield partial(map, _summary)
        return
    # Started anew: a copy of this process could inherit a lock that another thread holds.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield partial(pool.map, _summary, chunksize=CHUNK)


def _summary(path: Path) -> RunSummary | str:
    try:
        run = read_run(path, claims=False)
    except DataError as error:
        return str(error)
    if run.saved is None:
        return f"{path} doesn't say when it was saved; a history needs it: save the run again"
    return RunSummary(
        where=path,
        commit=run.commit,
        dirty=run.dirty,
        saved=run.saved,
        hardware=run.hardware,
        machine=tuple(run.machine.items()),
        points=tuple(_point(timed) for timed in run.benchmarks.values()),
    )


def _point(timed: Timed) -> Point:
    return Point(
        key=timed.key,
        name=timed.name,
        median_s=timed.median_s,
        artifact_sha256=timed.artifact_sha256,
        stack=tuple(timed.stack.items()),
        size_bytes=timed.size_bytes,
        mean_auc=timed.mean_auc,
        disturbed=timed.disturbed,
    )
