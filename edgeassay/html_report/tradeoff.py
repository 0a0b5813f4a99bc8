"""What a smaller file costs: size against the drop of quality, coloured by time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgeassay.html_report.drawing import (
    BAD,
    FASTER,
    HEIGHT,
    INK,
    PAPER,
    SOFT,
    WIDTH,
    Figure,
    Picture,
    axis,
    drawn,
    rows,
)
from edgeassay.html_report.labels import Label, placed
from edgeassay.html_report.stages import DROPS, Stage, claimed, drop_of, told_kind
from edgeassay.html_report.telling import amount
from edgeassay.html_report.times import ticks
from edgeassay.matrix_report.rows import Row
from edgeassay.spec import Kind

MOST: Final = 6  # panels
TITLE: Final = "size, by the reference's; logarithmic"
KEY: Final = (
    "Right is larger, up is worse. ◀ faster than the reference, ▶ slower, ■ no difference shown,"
    " ◯ not timed on a device, ● the reference. Bars are the drop's bounds, each one-sided. The"
    " dashed line is the margin: the limit of the drop. The thin line is the Pareto front: no other"
    " variant there is smaller without a larger drop."
)
# How a point looks, by what its time shows; what matters more lies above.
STYLES: Final[dict[str, tuple[str, str, bool]]] = {
    "reference": (INK, "circle", True),
    "untimed": (SOFT, "circle", False),
    "alike": (SOFT, "square", True),
    "slower": (BAD, "triangle-right", True),
    "faster": (FASTER, "triangle-left", True),
}


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


def tradeoffs(stages: Sequence[Stage]) -> list[Figure]:
    """A figure for each kind of numbers that variants' quality was judged by."""
    kinds = dict.fromkeys(stage.kind for stage in stages)
    found = (_tradeoff([s for s in stages if s.kind is kind], kind) for kind in kinds)
    return [figure for figure in found if figure is not None]


def _tradeoff(stages: Sequence[Stage], kind: Kind) -> Figure | None:
    """A panel for each runtime and place, all on the same scales; None where no variant of the
    model was judged by its quality.
    """
    points = [(stage, _points(stage)) for stage in stages]
    found = [(stage, here) for stage, here in points if len(here) > (stage.reference is not None)]
    if not found:
        return None
    everything = [point for _, here in found for point in here]
    shown, hidden = found[:MOST], found[MOST:]
    pictures = tuple(_panel(stage, here, everything) for stage, here in shown)
    left = ", ".join(stage.name for stage, _ in hidden)
    return Figure(
        heading="Trade-off: size against quality" + told_kind(kind),
        pictures=pictures,
        key=KEY,
        lacking=f"Not drawn, and in the table: {left}." if left else "",
    )


def _points(stage: Stage) -> list[Point]:
    found = [point for row in stage.rows if (point := _point(row)) is not None]
    return sorted(found, key=lambda point: (point.size, point.drop))


def _point(row: Row) -> Point | None:
    facts, drop = row.facts, drop_of(row)
    if row.is_reference and facts is not None and (facts.mean_auc or facts.mean_dice):
        return Point(
            name=row.case.variant,
            size=1.0,
            drop=0.0,
            low=0.0,
            high=0.0,
            limit=None,
            style="reference",
            time="",
            words=f"{row.case.variant} is the reference",
        )
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


def _time(row: Row) -> tuple[str, str]:
    """Whether it is shown to be faster or slower than the reference, and its ratio as text."""
    facts = row.facts
    if facts is None or facts.latency_ratio is None or row.kind is not Kind.MEASURED:
        return "untimed", ""
    found = facts.intervals.get("latency_ratio")
    low = facts.latency_ratio if found is None or found.low is None else found.low
    high = facts.latency_ratio if found is None or found.high is None else found.high
    style = "faster" if high < 1.0 else "slower" if low > 1.0 else "alike"
    return style, amount(float(f"{facts.latency_ratio:.3g}"), "ratio")


def _panel(stage: Stage, here: Sequence[Point], everything: Sequence[Point]) -> Picture:
    left, right = min(p.size for p in everything) / 1.4, max(p.size for p in everything) * 1.4
    low, high = _span([v for p in everything for v in (p.low, p.high, p.limit, 0.0)])
    x, y = (
        axis("size", TITLE, left, right, log=True, format="~g", values=ticks(left, right)),
        axis("drop", "quality drop", low, high, format="~g"),
    )
    scale = HEIGHT / (high - low)
    names = [
        Label(
            x=math.log(p.size / left) / math.log(right / left) * WIDTH,
            y=(high - p.drop) * scale,
            text=f"{p.name} {p.time}".strip(),
        )
        for p in here
    ]
    bars = [
        (at.x - 3.0, at.y - (p.high - p.drop) * scale, at.x + 3.0, at.y + (p.drop - p.low) * scale)
        for p, at in zip(here, names, strict=True)
    ]
    data = [vars(p) for p in here]
    layers: list[dict[str, Any]] = []
    for limit in sorted({p.limit for p in here if p.limit is not None}):
        line = {"mark": {"type": "rule", "strokeDash": [5, 3], "color": BAD}}
        layers.append(line | {"data": rows([{"drop": limit}]), "encoding": {"y": y}})
    front = [vars(p) for p in _front(here)]
    layers.append(
        {
            "data": rows(front),
            "mark": {"type": "line", "interpolate": "step-after", "color": SOFT, "strokeWidth": 1},
            "encoding": {"x": x, "y": y},
        }
    )
    layers.append(
        {
            "data": rows(data),
            "mark": {"type": "rule", "color": SOFT, "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        }
    )
    for style, (colour, shape, filled) in STYLES.items():
        some = [vars(p) for p in here if p.style == style]
        if some:
            mark = {
                "type": "point",
                "shape": shape,
                "size": 120 if "tri" in shape else 80,
                "opacity": 1,
                "strokeWidth": 1,
            }
            mark |= {"fill": colour if filled else PAPER, "stroke": PAPER if filled else colour}
            layers.append({"data": rows(some), "mark": mark, "encoding": {"x": x, "y": y}})
    layers += [
        _text(label, x, y, (left, right), (low, high))
        for label in placed(names, WIDTH, HEIGHT, bars)
    ]
    return Picture(
        svg=drawn(layers),
        heading=stage.name,
        alternative=f"Size against quality drop on {stage.name}: "
        + "; ".join(p.words for p in here),
    )


def _text(
    label: Label,
    x: dict[str, Any],
    y: dict[str, Any],
    sizes: tuple[float, float],
    span: tuple[float, float],
) -> dict[str, Any]:
    """A name where there is room for it."""
    value = {
        "size": sizes[0] * (sizes[1] / sizes[0]) ** (label.x / WIDTH),
        "drop": span[1] - label.y / HEIGHT * (span[1] - span[0]),
        "text": label.text,
    }
    mark = {"type": "text", "align": label.align, "baseline": "middle", "color": INK}
    encoding = {"x": x, "y": y, "text": {"field": "text"}}
    return {"data": rows([value]), "mark": mark, "encoding": encoding}


def _front(points: Sequence[Point]) -> list[Point]:
    """Those that no other is at least as small and as good as, the smallest first."""
    found: list[Point] = []
    for point in points:
        if not found or point.drop < found[-1].drop:
            found.append(point)
    return found


def _span(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    room = 0.08 * (high - low) or 0.001
    return low - room, high + room
