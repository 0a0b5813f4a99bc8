"""From many runs of one machine to what each benchmark's history shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from edgeassay.runs.summaries import Point, RunSummary
from edgeassay.spec import History
from edgeassay.stats.arrays import Floats
from edgeassay.stats.ratios import difference_bounds
from edgeassay.stats.series import change_points, noise_of, trend, without_outliers

RECENT: Final = 24  # medians that are shown one by one
TREND_RUNS: Final = 100  # that a trend is given for
MOST_LOG: Final = 50.0  # of a ratio, far beyond what two computers differ by
SHORT: Final = 10  # characters of a commit that are shown


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A run's commit and when it was saved; `commit` ends with a plus where files were uncommitted,
    and is the file's name where no version control knew one.
    """

    commit: str
    saved: datetime

    @property
    def short(self) -> str:
        """The commit as people write it."""
        commit = self.commit.removesuffix("+")
        hexadecimal = all(c in "0123456789abcdef" for c in commit)
        return commit[:SHORT] + self.commit[len(commit) :] if hexadecimal else self.commit


@dataclass(frozen=True, kw_only=True)
class Change:
    """A level that another replaces: `last` was measured before, `first` after.

    `percent` is how much slower it became (less than 0: faster), between `low` and `high`, each a
    bound one-sided. `reasons` says what else was new there.
    """

    last: Moment
    first: Moment
    percent: float
    low: float
    high: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Percent:
    """Percent in 100 runs, with bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The first and the latest of values that have no noise."""

    first: float
    now: float


@dataclass(frozen=True, kw_only=True)
class BenchmarkHistory:
    """One benchmark on one machine, over `runs` in the order of time.

    `disturbed` further ones don't count, since others kept the machine busy; where there are no
    others, what is shown is of them. `now_ms` is the latest run's median; `recent_ms` ends with it,
    and `recent` has the commits that those medians are of.
    `trend` is None, and there are no `changes`, where the runs are too few.
    """

    key: str
    name: str
    runs: int
    disturbed: int
    first: Moment
    last: Moment
    now_ms: float
    recent_ms: tuple[float, ...]
    recent: tuple[Moment, ...]
    trend: Percent | None
    changes: tuple[Change, ...]
    size_bytes: Drift | None
    mean_auc: Drift | None


@dataclass(frozen=True, kw_only=True)
class MachineHistory:
    """All benchmarks of one machine; of another they are never compared with."""

    fingerprint: str
    machine: dict[str, str]
    runs: int
    first: Moment
    last: Moment
    benchmarks: tuple[BenchmarkHistory, ...]


def machine_history(
    runs: Sequence[RunSummary], settings: History, confidence: float
) -> MachineHistory:
    """What runs of one machine show, given in the order of time; at least one."""
    found: dict[str, list[tuple[RunSummary, Point]]] = {}
    for run in runs:
        for point in run.points:
            found.setdefault(point.key, []).append((run, point))
    return MachineHistory(
        fingerprint=runs[-1].hardware,
        machine=dict(runs[-1].machine),
        runs=len(runs),
        first=_moment(runs[0]),
        last=_moment(runs[-1]),
        benchmarks=tuple(_benchmark(found[key], settings, confidence) for key in sorted(found)),
    )


def _benchmark(
    measured: Sequence[tuple[RunSummary, Point]], settings: History, confidence: float
) -> BenchmarkHistory:
    kept = [pair for pair in measured if pair[1].disturbed is None]
    shown = kept or measured  # where all were disturbed, they can at least be looked at
    runs, points = [run for run, _ in shown], [point for _, point in shown]
    medians_s = np.array([point.median_s for point in points])
    enough = len(kept) >= settings.least_runs
    logs = np.log(medians_s)
    return BenchmarkHistory(
        key=points[-1].key,
        name=points[-1].name,
        runs=len(kept),
        disturbed=len(measured) - len(kept),
        first=_moment(runs[0]),
        last=_moment(runs[-1]),
        now_ms=points[-1].median_s * 1e3,
        recent_ms=tuple((medians_s[-RECENT:] * 1e3).tolist()),
        recent=tuple(map(_moment, runs[-RECENT:])),
        trend=_trend(logs, confidence) if enough else None,
        changes=tuple(_changes(runs, points, logs, settings, confidence)) if enough else (),
        size_bytes=_drift(point.size_bytes for point in points),
        mean_auc=_drift(point.mean_auc for point in points),
    )


def _trend(logs: Floats, confidence: float) -> Percent:
    slope = trend(logs, confidence)
    values = (_percent(one * TREND_RUNS) for one in (slope.slope, slope.low, slope.high))
    return Percent(**dict(zip(("value", "low", "high"), values, strict=True)))


def _percent(log_ratio: float) -> float:
    return math.expm1(min(log_ratio, MOST_LOG)) * 100.0


def _changes(
    runs: Sequence[RunSummary],
    points: Sequence[Point],
    logs: Floats,
    settings: History,
    confidence: float,
) -> Iterator[Change]:
    noise = noise_of(logs, settings.least_noise)
    calm = without_outliers(logs, noise.sd, settings.least_stretch)
    starts = change_points(calm, noise, penalty=settings.penalty, stretch=settings.least_stretch)
    edges = [0, *starts, len(logs)]
    for before, at, end in zip(edges, starts, edges[2:], strict=False):
        bounds = difference_bounds(calm[at:end], calm[before:at], confidence)
        percent, low, high = (_percent(bound) for bound in bounds)
        yield Change(
            last=_moment(runs[at - 1]),
            first=_moment(runs[at]),
            percent=percent,
            low=low,
            high=high,
            reasons=tuple(_reasons(runs, points, at, settings.near_runs)),
        )


def _reasons(
    runs: Sequence[RunSummary], points: Sequence[Point], at: int, near: int
) -> Iterator[str]:
    """What was new in a run at most `near` from a change point; the level's place isn't exact."""
    for index in range(max(at - near, 1), min(at + near + 1, len(points))):
        before, after = points[index - 1], points[index]
        was, now = dict(before.stack), dict(after.stack)
        new = [
            f"{name} {was.get(name, 'none')} → {now.get(name, 'none')}"
            for name in sorted(was.keys() | now.keys())
            if was.get(name) != now.get(name)
        ]
        if before.artifact_sha256 != after.artifact_sha256:
            new.insert(0, "a new artifact")
        if new:
            yield f"{', '.join(new)} with {_moment(runs[index]).short}"


def _moment(run: RunSummary) -> Moment:
    commit = run.where.name if run.commit is None else run.commit + "+" * run.dirty
    return Moment(commit=commit, saved=run.saved)


def _drift(values: Iterable[float | None]) -> Drift | None:
    known = [value for value in values if value is not None]
    return Drift(first=known[0], now=known[-1]) if known else None
