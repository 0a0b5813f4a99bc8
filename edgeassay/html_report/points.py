"""Variants as points: how much smaller, how much worse, how much faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeassay.html_report.stages import DROPS, Stage, claimed, drop_of
from edgeassay.html_report.telling import TIMES, amount
from edgeassay.matrix_report.numbers import number
from edgeassay.matrix_report.rows import Row
from edgeassay.spec import Kind


@dataclass(frozen=True, kw_only=True)
class Point:
    """A variant in the picture."""

    name: str
    size: float
    drop: float
    low: float
    high: float
    limit: float | None
    style: str
    time: str
    words: str


def points_of(stage: Stage) -> list[Point]:
    """Those that were judged by their quality, the smallest first."""
    found = [point for row in stage.rows if (point := _point(row)) is not None]
    return sorted(found, key=lambda point: (point.size, point.drop))


def _point(row: Row) -> Point | None:
    facts, drop = row.facts, drop_of(row)
    if row.is_reference and facts is not None and (facts.mean_auc or facts.mean_dice):
        return _reference(row.case.variant)
    if facts is None or drop is None or facts.size_ratio is None:
        return None
    record = claimed(row, DROPS)
    measured = None if record is None else record.measurement
    limit = None if record is None or record.limit is None else record.limit.value
    low = drop if measured is None or measured.low is None else measured.low
    high = drop if measured is None or measured.high is None else measured.high
    unit = "AUC" if facts.mean_dice_drop is None else "Dice"
    style, time = _time(row)
    words = (
        f"{row.case.variant}: size {amount(facts.size_ratio, 'ratio')}, drop {amount(drop, unit)}"
    )
    if measured is not None:
        words += f" [{low:.4g}, {high:.4g}], n = {measured.n:,}"
    words += f", limit {limit:g} {unit}" if limit is not None else ", no limit"
    return Point(
        name=row.case.variant,
        size=facts.size_ratio,
        drop=drop,
        low=low,
        high=high,
        limit=limit,
        style=style,
        time=time,
        words=f"{words}, time {time or 'not measured on a device'}",
    )


def _reference(name: str) -> Point:
    return Point(
        name=name,
        size=1.0,
        drop=0.0,
        low=0.0,
        high=0.0,
        limit=None,
        style="reference",
        time="",
        words=f"{name} is the reference",
    )


def _time(row: Row) -> tuple[str, str]:
    """Whether it is shown to be faster or slower than the reference, and its ratio as text."""
    facts = row.facts
    if facts is None or facts.latency_ratio is None or row.kind is not Kind.MEASURED:
        return "untimed", ""
    found = facts.intervals.get("latency_ratio")
    low = facts.latency_ratio if found is None or found.low is None else found.low
    high = facts.latency_ratio if found is None or found.high is None else found.high
    style = "faster" if high < 1.0 else "slower" if low > 1.0 else "alike"
    return style, f"{number(facts.latency_ratio)}{TIMES}"


def front(points: Sequence[Point]) -> list[Point]:
    """Those that no other is at least as small and as good as, the smallest first."""
    found: list[Point] = []
    for point in points:
        if not found or point.drop < found[-1].drop:
            found.append(point)
    return found
