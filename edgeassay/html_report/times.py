"""How long inferences take: the distribution of all of them, with the budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from edgeassay.html_report.drawing import (
    BAD,
    HEIGHT,
    INK,
    LINE,
    PAPER,
    WIDTH,
    Figure,
    Picture,
    axis,
    colour_of,
    dash_of,
    drawn,
    rows,
    series_key,
    shape_of,
)
from edgeassay.html_report.stages import Stage, claimed
from edgeassay.matrix_report.rows import Row
from edgeassay.report.curves import TimesRecord
from edgeassay.report.marks import MEANINGS
from edgeassay.spec import ClaimName, Kind

MOST: Final = 6  # panels
LEAST: Final = 4  # quantiles that are a distribution
MARKS: Final = (50, 95)  # percent
TICKS: Final = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
MOST_TICKS: Final = 6
KEY: Final = (
    "The share of all inferences that took at most so long, over all rounds of all fresh processes;"
    " the marks are p50 and p95. Left is faster; the scale is logarithmic."
)
BUDGET: Final = " The dashed line is the budget: the limit of p95."
NO_BUDGET: Final = " No limit of p95 is set."


def times(stages: Sequence[Stage], order: Mapping[str, int]) -> list[Figure]:
    """A figure for each device, machine and kind, since times of different ones are never
    compared; a panel for each runtime, on one scale.
    """
    places: dict[tuple[str, str, Kind], list[Stage]] = {}
    for stage in stages:
        if any(map(_durations, stage.rows)):
            places.setdefault((stage.place, stage.fingerprint, stage.kind), []).append(stage)
    return [
        _figure(place, machine, kind, found, order)
        for (place, machine, kind), found in places.items()
    ]


def _durations(row: Row) -> TimesRecord | None:
    curves = row.facts.curves if row.facts is not None else None
    found = curves.times if curves is not None else None
    if found is None or len(found.quantiles_ms) < LEAST:
        return None
    return found if all(0.0 < ms < math.inf for ms in found.quantiles_ms) else None


def _budget(row: Row) -> float | None:
    record = claimed(row, [ClaimName.LATENCY_P95_MS])
    limit = None if record is None or record.limit is None else record.limit.value
    return limit if limit is not None and 0.0 < limit < math.inf else None


def _figure(
    place: str, machine: str, kind: Kind, stages: Sequence[Stage], order: Mapping[str, int]
) -> Figure:
    shown, hidden = stages[:MOST], stages[MOST:]
    timed = [(row, found) for s in stages for row in s.rows if (found := _durations(row))]
    budgets = [b for row, _ in timed if (b := _budget(row)) is not None]
    ends = [v for _, found in timed for v in (found.quantiles_ms[1], found.quantiles_ms[-2])]
    scale = min([*ends, *budgets]) / 1.15, max([*ends, *budgets]) * 1.15
    here = {row.case.variant for row, _ in timed}
    named = [name for name in here if name not in order]
    keys = [("ink ●", f"{name}, the reference") for name in sorted(named)]
    meaning = "" if kind is Kind.MEASURED else f" These times are {MEANINGS[kind]}."
    left = ", ".join(stage.name for stage in hidden)
    title = "Latency" if kind is Kind.MEASURED else f"Latency, {kind}: no device's times"
    return Figure(
        heading=f"{title} on {place}, machine {machine}",
        pictures=tuple(_panel(stage, scale, order) for stage in shown),
        key=KEY + (BUDGET if budgets else NO_BUDGET) + meaning,
        series=(*keys, *(key for key in series_key(list(order)) if key[1] in here)),
        lacking=f"Not drawn, and in the table: {left}." if left else "",
    )


def _panel(stage: Stage, scale: tuple[float, float], order: Mapping[str, int]) -> Picture:
    x = axis("x", "ms, logarithmic", *scale, log=True, format="~g", values=ticks(*scale))
    y = axis("y", "% of inferences", 0.0, 100.0, values=[0, 25, 50, 75, 95])
    encoding = {"x": x, "y": y, "order": {"field": "k", "type": "quantitative"}}
    layers: list[dict[str, Any]] = [
        {"data": rows([{"y": mark}]), "mark": {"type": "rule", "color": LINE}, "encoding": {"y": y}}
        for mark in MARKS
    ]
    told = []
    for budget in sorted({b for row in stage.rows if (b := _budget(row)) is not None}):
        mark = {"type": "rule", "strokeDash": [5, 3], "color": BAD, "strokeWidth": 1.5}
        layers.append({"data": rows([{"x": budget}]), "mark": mark, "encoding": {"x": x}})
        told.append(f"budget of p95 {budget:g} ms")
    for row in stage.rows:
        found = _durations(row)
        if found is None:
            continue
        layers += _curve(row, found, scale, encoding, order)
        p50, p95 = (_quantile(found, mark) for mark in MARKS)
        told.append(
            f"{row.case.variant} p50 {p50:.4g} ms, p95 {p95:.4g} ms, n = {found.rounds:,} rounds in"
            f" {found.processes:,} processes"
        )
    return Picture(
        svg=drawn(layers, width=WIDTH, height=HEIGHT),
        heading=stage.runtime,
        alternative=f"Distribution of latency on {stage.name}: {'; '.join(told)}",
    )


def _quantile(found: TimesRecord, percent: int) -> float:
    last = len(found.quantiles_ms) - 1
    return found.quantiles_ms[round(percent / 100.0 * last)]


def _curve(
    row: Row,
    found: TimesRecord,
    scale: tuple[float, float],
    encoding: Mapping[str, Any],
    order: Mapping[str, int],
) -> list[dict[str, Any]]:
    """A variant's line, and its p50 and p95 on it; what lies beyond the axis lies at its end."""
    last = len(found.quantiles_ms) - 1
    values = [
        {"x": min(max(ms, scale[0]), scale[1]), "y": 100.0 * k / last, "k": k}
        for k, ms in enumerate(found.quantiles_ms)
    ]
    k = order.get(row.case.variant)
    colour = INK if k is None else colour_of(k)
    line = {"type": "line", "color": colour, "strokeWidth": 2.2 if k is None else 1.6}
    line |= {} if k is None else {"strokeDash": dash_of(k)}
    marks = [values[round(mark / 100.0 * last)] for mark in MARKS]
    shape = "circle" if k is None else shape_of(k)
    point = {"type": "point", "shape": shape, "size": 60, "opacity": 1, "fill": colour}
    point |= {"stroke": PAPER, "strokeWidth": 1}
    return [
        {"data": rows(values), "mark": line, "encoding": encoding},
        {"data": rows(marks), "mark": point, "encoding": encoding},
    ]


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, few enough to be read."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in TICKS:
        found = [step * 10.0**d for d in range(first, last + 1) for step in steps]
        found = [tick for tick in found if low <= tick <= high]
        if 2 <= len(found) <= MOST_TICKS:
            return found
    middle = math.sqrt(low * high)
    return [float(f"{one:.2g}") for one in (low * 1.05, middle, high / 1.05)]
