"""What a smaller file costs: size against the drop of quality, coloured by time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
    keyed_once,
    rows,
)
from edgeassay.html_report.labels import Label, placed
from edgeassay.html_report.points import Point, front, points_of
from edgeassay.html_report.stages import Stage, told_kind
from edgeassay.html_report.times import ticks
from edgeassay.spec import Kind

MOST: Final = 6  # panels
BAR: Final = 3.0  # pixels to both sides of a bar, that names keep off
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


def tradeoffs(stages: Sequence[Stage]) -> list[Figure]:
    """A figure for each kind of numbers that variants' quality was judged by."""
    kinds = dict.fromkeys(stage.kind for stage in stages)
    found = (_tradeoff([s for s in stages if s.kind is kind], kind) for kind in kinds)
    return keyed_once(figure for figure in found if figure is not None)


def _tradeoff(stages: Sequence[Stage], kind: Kind) -> Figure | None:
    """A panel for each runtime and place, all on the same scales; None where no variant of the
    model was judged by its quality.
    """
    points = [(stage, points_of(stage)) for stage in stages]
    found = [(stage, here) for stage, here in points if len(here) > (stage.reference is not None)]
    if not found:
        return None
    scales = _scales([point for _, here in found for point in here])
    shown, hidden = found[:MOST], found[MOST:]
    pictures = tuple(_panel(stage, here, scales) for stage, here in shown)
    left = ", ".join(stage.name for stage, _ in hidden)
    return Figure(
        heading="Trade-off: size against quality" + told_kind(kind),
        pictures=pictures,
        key=KEY,
        lacking=f"Not drawn, and in the table: {left}." if left else "",
    )


@dataclass(frozen=True, kw_only=True)
class Scales:
    """Both axes, from the least to the greatest of all panels."""

    sizes: tuple[float, float]
    drops: tuple[float, float]

    @property
    def x(self) -> dict[str, Any]:
        """Sizes."""
        ends = self.sizes
        return axis("size", TITLE, *ends, log=True, format="~g", values=ticks(*ends))

    @property
    def y(self) -> dict[str, Any]:
        """Drops."""
        return axis("drop", "quality drop", *self.drops, format="~g")

    @property
    def both(self) -> dict[str, Any]:
        """An encoding of a point."""
        return {"x": self.x, "y": self.y}

    def down(self, drop: float) -> float:
        """Where a drop lies, in pixels from the top."""
        low, high = self.drops
        return (high - drop) / (high - low) * HEIGHT

    def named(self, point: Point) -> Label:
        """A point's name, where the point lies."""
        low, high = self.sizes
        across = math.log(point.size / low) / math.log(high / low) * WIDTH
        text = f"{point.name} {point.time}".strip()
        return Label(x=across, y=self.down(point.drop), text=text)

    def value(self, label: Label) -> dict[str, Any]:
        """A label's place as the axes have it."""
        (left, right), (low, high) = self.sizes, self.drops
        return {
            "size": left * (right / left) ** (label.x / WIDTH),
            "drop": high - label.y / HEIGHT * (high - low),
            "text": label.text,
        }


def _scales(points: Sequence[Point]) -> Scales:
    sizes = [p.size for p in points]
    return Scales(
        sizes=(min(sizes) / 1.4, max(sizes) * 1.4),
        drops=_span([v for p in points for v in (p.low, p.high, p.limit, 0.0)]),
    )


def _panel(stage: Stage, here: Sequence[Point], scales: Scales) -> Picture:
    limits = sorted({p.limit for p in here if p.limit is not None})
    margin = {"type": "rule", "strokeDash": [5, 3], "color": BAD}
    step = {"type": "line", "interpolate": "step-after", "color": SOFT, "strokeWidth": 1}
    bar = {"type": "rule", "color": SOFT, "strokeWidth": 1.5}
    spans = {"x": scales.x, "y": scales.y | {"field": "low"}, "y2": {"field": "high"}}
    layers = [
        {
            "data": rows([{"drop": limit} for limit in limits]),
            "mark": margin,
            "encoding": {"y": scales.y},
        },
        {"data": rows([vars(p) for p in front(here)]), "mark": step, "encoding": scales.both},
        {"data": rows([vars(p) for p in here]), "mark": bar, "encoding": spans},
        *_marks(here, scales),
        *_names(here, scales),
    ]
    words = "; ".join(p.words for p in here)
    return Picture(
        svg=drawn(layers),
        heading=stage.name,
        alternative=f"Size against quality drop on {stage.name}: {words}",
    )


def _marks(here: Sequence[Point], scales: Scales) -> Iterator[dict[str, Any]]:
    """The points, by what their times show."""
    for style, (colour, shape, filled) in STYLES.items():
        some = [vars(p) for p in here if p.style == style]
        size = 120 if shape.startswith("triangle") else 80  # as large as the others to the eye
        mark = {"type": "point", "shape": shape, "size": size, "opacity": 1, "strokeWidth": 1}
        mark |= {"fill": colour if filled else PAPER, "stroke": PAPER if filled else colour}
        if some:
            yield {"data": rows(some), "mark": mark, "encoding": scales.both}


def _names(here: Sequence[Point], scales: Scales) -> Iterator[dict[str, Any]]:
    """The points' names, where there is room for them."""
    names = [scales.named(p) for p in here]
    bars = [
        (at.x - BAR, scales.down(p.high), at.x + BAR, scales.down(p.low))
        for p, at in zip(here, names, strict=True)
    ]
    encoding = scales.both | {"text": {"field": "text"}}
    for label in placed(names, WIDTH, HEIGHT, bars):
        mark = {"type": "text", "align": label.align, "baseline": "middle", "color": INK}
        yield {"data": rows([scales.value(label)]), "mark": mark, "encoding": encoding}


def _span(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    room = 0.08 * (high - low) or 0.001
    return low - room, high + room
