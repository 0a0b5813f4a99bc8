"""How times went over commits, and where they changed level."""

from __future__ import annotations

from typing import Any, Final

from edgeassay.history.findings import BenchmarkHistory, MachineHistory
from edgeassay.history.shown import duration, heading, told
from edgeassay.html_report.drawing import (
    BAD,
    FASTER,
    INK,
    SOFT,
    Figure,
    Picture,
    axis,
    drawn,
    rows,
)
from edgeassay.runs.records import plain

MOST: Final = 12  # benchmarks of a machine
WIDTH: Final = 250
HEIGHT: Final = 90
KEY: Final = (
    "The median time of each saved run, the latest on the right; a dashed line is where the level"
    " changed, up is slower."
)


def trend(history: MachineHistory) -> Figure:
    """A machine's benchmarks, those that changed first."""
    ordered = sorted(history.benchmarks, key=lambda one: (-len(one.changes), one.name))
    shown, hidden = ordered[:MOST], ordered[MOST:]
    left = sum(bool(one.changes) for one in hidden)
    changed = f", {left} of which changed" if left else ", none of which changed"
    return Figure(
        heading=plain(heading(history)),
        pictures=tuple(map(_panel, shown)),
        key=KEY,
        lacking=f"Not drawn: {len(hidden)} more benchmarks{changed}." if hidden else "",
    )


def sentences(history: MachineHistory) -> list[str]:
    """Every change of level, in words."""
    return [plain(told(one.name, change)) for one in history.benchmarks for change in one.changes]


def _panel(found: BenchmarkHistory) -> Picture:
    values = [{"x": k, "y": ms} for k, ms in enumerate(found.recent_ms)]
    low, high = min(found.recent_ms), max(found.recent_ms)
    room = 0.1 * (high - low) or 0.05 * high
    x = axis("x", None, -0.5, len(values) - 0.5, ticks=False, labels=False, grid=False)
    y = axis("y", "ms", low - room, high + room, format="~g")
    y["axis"]["tickCount"] = 3
    encoding = {"x": x, "y": y}
    layers: list[dict[str, Any]] = []
    for change in found.changes:
        if change.first in found.recent:
            place = found.recent.index(change.first) - 0.5
            colour = BAD if change.percent > 0.0 else FASTER
            mark = {"type": "rule", "strokeDash": [4, 3], "color": colour, "strokeWidth": 1.5}
            layers.append({"data": rows([{"x": place}]), "mark": mark, "encoding": {"x": x}})
            text = {"type": "text", "color": colour, "align": "left", "dx": 4, "baseline": "middle"}
            value = {"x": place, "y": (low + high) / 2.0, "text": f"{change.percent:+.1f} %"}
            words = encoding | {"text": {"field": "text"}}
            layers.append({"data": rows([value]), "mark": text, "encoding": words})
    line = {"type": "line", "color": SOFT, "strokeWidth": 1.5}
    point = {"type": "point", "shape": "circle", "size": 18, "fill": INK, "stroke": INK}
    layers += [
        {"data": rows(values), "mark": line, "encoding": encoding},
        {"data": rows(values), "mark": point | {"opacity": 1}, "encoding": encoding},
    ]
    return Picture(
        svg=drawn(layers, width=WIDTH, height=HEIGHT),
        heading=plain(found.name),
        alternative=f"{plain(found.name)}: {found.runs:,} runs, now {duration(found.now_ms)};"
        f" {_in_100(found)}; {_changes(found)}",
    )


def _in_100(found: BenchmarkHistory) -> str:
    one = found.trend
    if one is None:
        return "too few runs for a trend"
    return f"{one.value:+.2f} % in 100 runs, between {one.low:+.2f} and {one.high:+.2f} %"


def _changes(found: BenchmarkHistory) -> str:
    if not found.changes:
        return "no change of level"
    return "; ".join(plain(told("changed", change)) for change in found.changes)
