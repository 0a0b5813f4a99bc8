"""ROC of the reference and its variants over each other, and how far scores mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from edgeassay.html_report.drawing import (
    INK,
    LINE,
    PAPER,
    SOFT,
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
from edgeassay.html_report.stages import Stage, told_kind, worst_stage
from edgeassay.matrix_report.rows import Row
from edgeassay.report.curves import ROC_POINTS, RocRecord
from edgeassay.spec import ClaimName
from edgeassay.stats.arrays import Floats

SIDE: Final = 250
CLASSES: Final = 3
INSET: Final = (0.4, 0.07, 0.97, 0.64)  # left, bottom, right, top, of the whole
ROOM: Final = 0.05  # between the inset and the curves
LEAST_WINDOW: Final = 0.06
MOST_WINDOW: Final = 0.3
FLAT: Final = 1e-12  # a rise that nobody could see
Points = Sequence[tuple[float, float]]


def roc(stages: Sequence[Stage], order: Mapping[str, int]) -> list[Figure]:
    """The classes that drop most, each with an inset where the curves part; nothing where no file
    has any curve.
    """
    having = [stage for stage in stages if any(map(_curves, stage.rows))]
    stage = worst_stage(stages, having)
    if stage is None:
        return []
    names = _worst_classes(stage)
    pictures = tuple(_class(name, stage, order) for name in names[:CLASSES])
    others = len(names) - len(pictures)
    where = f"On {stage.name}, the runtime where quality is worst. " if len(having) > 1 else ""
    if len(having) == 1:
        where = f"On {stage.name}. "
    lacking = f"Of {len(names)} classes, these {len(pictures)} have the largest drops."
    figure = Figure(
        heading="ROC of the reference and its variants" + told_kind(stage.kind),
        pictures=pictures,
        key=f"{where}Of each curve at most {ROC_POINTS}"
        f" points are drawn. The inset is the marked square, enlarged; {_against(stage)}.",
        series=_series(stage, order),
        lacking=lacking if others else "",
    )
    return [figure]


def _series(stage: Stage, order: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """The legend, of the variants that are there."""
    keys = series_key(list(order))
    here = {row.case.variant for row in stage.variants if _curves(row) or _bins(row)}
    named = [("ink ●", f"{stage.reference.case.variant}, the reference")] if stage.reference else []
    return (*named, *(key for key in keys if key[1] in here))


def _against(stage: Stage) -> str:
    found = {row.facts.auc_reference for row in stage.variants if row.facts is not None} - {None}
    words = ", ".join(sorted(str(one)[:120] for one in found))
    return f"drops are against {words}" if words else "nothing says what drops are against"


def _curves(row: Row) -> list[RocRecord]:
    """Those that are lines within the picture."""
    found = [] if row.facts is None or row.facts.curves is None else row.facts.curves.roc
    return [
        one
        for one in found
        if len(one.points) > 1 and all(0.0 <= v <= 1.0 for point in one.points for v in point)
    ]


def _bins(row: Row) -> bool:
    return bool(row.facts and row.facts.curves and row.facts.curves.reliability)


def _worst_classes(stage: Stage) -> list[str]:
    """All classes with a curve, those that drop most first."""
    drops: dict[str, float] = {}
    for row in stage.rows:
        for curve in _curves(row):
            drops.setdefault(curve.class_name, -1.0)
        for record in row.claims:
            name = record.class_name
            found = record.measurement
            if record.claim is ClaimName.CLASS_AUC_DROP and name in drops and found is not None:
                drops[name] = max(drops[name], found.value)
    return sorted(drops, key=lambda name: -drops[name])


def _class(name: str, stage: Stage, order: Mapping[str, int]) -> Picture:
    curves = [(row, one) for row in stage.rows for one in _curves(row) if one.class_name == name]
    lines = [(_style(row, order), list(curve.points)) for row, curve in curves]
    lines.sort(key=lambda pair: pair[0]["color"] != INK)  # the reference lies below
    x = axis("x", "false positive rate", 0.0, 1.0, format="~g")
    y = axis("y", "true positive rate", 0.0, 1.0, format="~g")
    encoding = {"x": x, "y": y}
    layers: list[dict[str, Any]] = [
        _line([(0.0, 0.0), (1.0, 1.0)], {"color": LINE, "strokeWidth": 1}, encoding)
    ]
    layers += [_line(points, style, encoding) for style, points in lines]
    window = _window([points for _, points in lines])
    if window is not None:
        layers += _inset(window, lines, encoding)
    told = "; ".join(f"{row.case.variant} {_auc(curve):.4f}" for row, curve in curves)
    _, first = curves[0]
    return Picture(
        svg=drawn(layers, width=SIDE, height=SIDE),
        heading=f"{name} ({first.positives:,} positive, {first.negatives:,} negative images)",
        alternative=f"ROC of {name} on {stage.name}. Area under the curves as drawn: {told}",
    )


def _style(row: Row, order: Mapping[str, int]) -> dict[str, Any]:
    if row.case.variant not in order:
        return {"color": INK, "strokeWidth": 2.5}
    k = order[row.case.variant]
    return {"color": colour_of(k), "strokeDash": dash_of(k), "strokeWidth": 1.5}


def _line(points: Points, style: Mapping[str, Any], encoding: Mapping[str, Any]) -> dict[str, Any]:
    values = [{"x": x, "y": y, "k": k} for k, (x, y) in enumerate(points)]
    return {
        "data": rows(values),
        "mark": {"type": "line", **style},
        "encoding": {**encoding, "order": {"field": "k", "type": "quantitative"}},
    }


def _auc(curve: RocRecord) -> float:
    from scipy.integrate import trapezoid

    found = np.array(curve.points, np.float64)
    return float(trapezoid(found[:, 1], found[:, 0]))


def _window(curves: Sequence[Points]) -> tuple[float, float, float] | None:
    """The square (left, bottom, side) around where the first curve bends most; None where curves
    run through the place of the inset.
    """
    left, _, right, top = INSET
    grid = np.linspace(left - ROOM, right + 0.03, 20)
    if any(_at(points, grid).min() < top + ROOM for points in curves):
        return None
    found = np.array(curves[0], np.float64)
    bend = found[int(np.argmax(found[:, 1] - found[:, 0]))]
    side = float(np.clip(1.5 * max(bend[0], 1.0 - bend[1]), LEAST_WINDOW, MOST_WINDOW))
    low = np.clip(bend - side / 2.0, 0.0, 1.0 - side)
    return float(low[0]), float(low[1]), side


def _at(points: Points, x: Floats) -> Floats:
    found = np.array(points, np.float64)
    return np.interp(x, found[:, 0], found[:, 1])


def _inset(
    window: tuple[float, float, float],
    lines: Sequence[tuple[Mapping[str, Any], Points]],
    encoding: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The square enlarged, and where it lies."""
    left, bottom, right, top = INSET
    x0, y0, side = window
    scale = (right - left) / side
    frame = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    boxes = [(x0, y0, x0 + side, y0 + side, "transparent"), (*INSET, PAPER)]
    layers: list[dict[str, Any]] = [
        {
            "data": rows([dict(zip(("x", "y", "x2", "y2"), box[:4], strict=True))]),
            "mark": {"type": "rect", "fill": box[4], "stroke": SOFT, "strokeWidth": 1},
            "encoding": {**encoding, **frame},
        }
        for box in boxes
    ]
    for style, points in lines:
        enlarged = [
            (left + (x - x0) * scale, bottom + (y - y0) * scale)
            for x, y in clipped(points, (x0, y0, x0 + side, y0 + side))
        ]
        if enlarged:
            layers.append(_line(enlarged, style, encoding))
    edges = [
        {"x": left + 0.01, "y": bottom - 0.035, "text": f"{x0:.2g}"},
        {"x": right - 0.08, "y": bottom - 0.035, "text": f"{x0 + side:.2g}"},
        {"x": left - 0.1, "y": bottom + 0.02, "text": f"{y0:.3g}"},
        {"x": left - 0.1, "y": top - 0.02, "text": f"{y0 + side:.3g}"},
    ]
    text = {"type": "text", "align": "left", "fontSize": 9, "color": SOFT}
    layers.append(
        {"data": rows(edges), "mark": text, "encoding": {**encoding, "text": {"field": "text"}}}
    )
    return layers


def clipped(points: Points, box: tuple[float, float, float, float]) -> Points:
    """The part of a line that never falls which lies in a box, with its ends on the box's edge."""
    left, bottom, right, top = box
    found = np.array(points, np.float64)
    inside: list[tuple[float, float]] = []
    for (xa, ya), (xb, yb) in pairwise(found):
        near = _crossing((xa, xb, left, right), (ya, yb, bottom, top))
        if near is not None:
            ends = [(xa + t * (xb - xa), ya + t * (yb - ya)) for t in near]
            inside += [end for end in ends if not inside or end != inside[-1]]
    return inside


def _crossing(*spans: tuple[float, float, float, float]) -> tuple[float, float] | None:
    """Between which shares of its way a straight line lies within all spans (Liang-Barsky)."""
    first, last = 0.0, 1.0
    for a, b, low, high in spans:
        if abs(b - a) < FLAT:
            if not low <= a <= high:
                return None
            continue
        enter, leave = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, enter), min(last, leave)
    return (first, last) if first <= last else None


def reliability(stages: Sequence[Stage], order: Mapping[str, int]) -> list[Figure]:
    """How many are positive where scores say so many; nothing where no file has it."""
    having = [stage for stage in stages if any(map(_bins, stage.rows))]
    stage = worst_stage(stages, having)
    if stage is None:
        return []
    shown = [row for row in stage.rows if _bins(row)]
    figure = Figure(
        heading="Reliability: whether scores are probabilities" + told_kind(stage.kind),
        pictures=(_bent(stage, shown, order),),
        key=f"On {stage.name}, over all classes. On the diagonal, of images with a score of 0.3"
        " three in ten are positive; below it scores promise too much. Each point has a tenth of"
        " the scores.",
        series=_series(stage, order),
    )
    return [figure]


def _bent(stage: Stage, shown: Sequence[Row], order: Mapping[str, int]) -> Picture:
    bins = [(row, row.facts.curves.reliability) for row in shown if row.facts and row.facts.curves]
    top = max(max(b.score, b.share) for _, found in bins for b in found)
    top = min(1.0, 1.05 * top) or 1.0
    x = axis("x", "mean score", 0.0, top, format="~g")
    y = axis("y", "share that is positive", 0.0, top, format="~g")
    encoding = {"x": x, "y": y}
    layers = [_line([(0.0, 0.0), (top, top)], {"color": SOFT, "strokeWidth": 1}, encoding)]
    told = []
    for row, found in bins:
        style, points = _style(row, order), [(b.score, b.share) for b in found]
        shape = shape_of(order[row.case.variant]) if row.case.variant in order else "circle"
        layers.append(_line(points, style, encoding))
        mark = {"type": "point", "shape": shape, "size": 34, "opacity": 1}
        mark |= {"fill": style["color"], "stroke": style["color"], "strokeWidth": 1}
        layers.append(
            {
                "data": rows([{"x": a, "y": b} for a, b in points]),
                "mark": mark,
                "encoding": encoding,
            }
        )
        pairs = ", ".join(f"{b.score:.2g} → {b.share:.2g} (n = {b.n:,})" for b in found)
        told.append(f"{row.case.variant}: {pairs}")
    return Picture(
        svg=drawn(layers, width=SIDE, height=SIDE),
        heading=stage.name,
        alternative=f"Mean score and share that is positive on {stage.name}. {'; '.join(told)}",
    )
