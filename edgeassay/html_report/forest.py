"""Each class's drop with its bounds, beside the margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgeassay.html_report.drawing import (
    BAD,
    DOUBT,
    GOOD,
    INK,
    KNOWN,
    LINE,
    SOFT,
    Figure,
    Picture,
    axis,
    drawn,
    keyed_once,
    rows,
)
from edgeassay.html_report.labels import short_name
from edgeassay.html_report.stages import Stage, told_kind
from edgeassay.html_report.telling import amount
from edgeassay.report.decision import DECLARED, standing
from edgeassay.report.marks import marked
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import ClaimName, Kind, Verdict

MOST: Final = 6  # panels, each a variant
CLASSES: Final = 20  # in a panel
ROW: Final = 19
WIDTH: Final = 190
LETTERS: Final = 19
AXIS: Final[dict[str, Any]] = {
    "labelLimit": 120,
    "ticks": False,
    "domain": False,
    "labelColor": INK,
}
KEY: Final = (
    "Each class's AUC drop, right is worse, with its bounds, each one-sided; the dashed line is the"
    " margin. ● the claim holds, ✚ it fails, ◆ its bounds leave it open. Of several runtimes the"
    " one with the highest upper bound is drawn; the tables below have all."
)
STYLES: Final[dict[str, tuple[str, str]]] = {
    Verdict.PASS.value: (GOOD, "circle"),
    Verdict.FAIL.value: (BAD, "cross"),
    DECLARED: (KNOWN, "cross"),
    Verdict.INCONCLUSIVE.value: (DOUBT, "diamond"),
    Verdict.INCOMPARABLE.value: (SOFT, "square"),
    Verdict.UNMEASURED.value: (SOFT, "square"),
}


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A class's drop where it is worst."""

    name: str
    stage: Stage
    record: ClaimRecord
    low: float
    drop: float
    high: float
    limit: float | None

    @property
    def words(self) -> str:
        """The same as text."""
        found = self.record.measurement
        n = "" if found is None else f", n = {found.n:,}"
        limit = "" if self.limit is None else f", limit {self.limit:g} AUC"
        value = marked(amount(self.drop, "AUC"), self.record.kind)
        return (
            f"{self.name} {value} [{self.low:.4g}, {self.high:.4g}]{n}{limit},"
            f" {standing(self.record)} on {self.stage.runtime}"
        )


def forests(stages: Sequence[Stage]) -> list[Figure]:
    """A figure for each kind of numbers that classes were judged by."""
    kinds = dict.fromkeys(stage.kind for stage in stages)
    found = (_forest([s for s in stages if s.kind is kind], kind) for kind in kinds)
    return keyed_once(figure for figure in found if figure is not None)


def _forest(stages: Sequence[Stage], kind: Kind) -> Figure | None:
    """A panel for each variant, the worst class on top; None where no class was judged."""
    found: dict[str, dict[str, Drop]] = {}
    for stage in stages:
        for row in stage.variants:
            for record in row.claims:
                drop = _drop(stage, record)
                if drop is not None:
                    known = found.setdefault(row.case.variant, {})
                    if drop.name not in known or drop.high > known[drop.name].high:
                        known[drop.name] = drop
    if not found:
        return None
    ordered = sorted(found.items(), key=lambda pair: -max(d.high for d in pair[1].values()))
    shown = ordered[:MOST]
    everything = [drop for _, drops in shown for drop in drops.values()]
    left = ", ".join(name for name, _ in ordered[MOST:])
    return Figure(
        heading="Drop of each class's AUC" + told_kind(kind),
        pictures=tuple(_panel(name, list(drops.values()), everything) for name, drops in shown),
        key=KEY,
        lacking=f"Not drawn, and in the tables: {left}." if left else "",
    )


def _drop(stage: Stage, record: ClaimRecord) -> Drop | None:
    found = record.measurement
    if record.claim is not ClaimName.CLASS_AUC_DROP or found is None:
        return None
    return Drop(
        name=record.class_name or "all",
        stage=stage,
        record=record,
        low=found.value if found.low is None else found.low,
        drop=found.value,
        high=found.value if found.high is None else found.high,
        limit=None if record.limit is None else record.limit.value,
    )


def _panel(variant: str, drops: Sequence[Drop], everything: Sequence[Drop]) -> Picture:
    ordered = sorted(drops, key=lambda drop: -drop.high)
    shown, hidden = ordered[:CLASSES], ordered[CLASSES:]
    layers = _layers(shown, _axis(everything))
    more = f"; and {len(hidden)} classes more, whose bounds lie lower" if hidden else ""
    return Picture(
        svg=drawn(layers, width=WIDTH, height=ROW * len(shown)),
        heading=variant + (f" (the {CLASSES} worst of {len(ordered)} classes)" if hidden else ""),
        alternative=f"AUC drops of {variant} by class: {'; '.join(d.words for d in shown)}{more}",
    )


def _axis(everything: Sequence[Drop]) -> dict[str, Any]:
    """Of drops, with room for all panels'."""
    edges = [v for d in everything for v in (d.low, d.high, d.limit, 0.0) if v is not None]
    room = 0.06 * (max(edges) - min(edges)) or 0.001
    x = axis("drop", "AUC drop", min(edges) - room, max(edges) + room, format="~g")
    x["axis"]["tickCount"] = 3
    return x


def _layers(shown: Sequence[Drop], x: dict[str, Any]) -> list[dict[str, Any]]:
    """Zero, margins, bounds and drops."""
    names = _names([drop.name for drop in shown])
    data = [
        {"name": name, "low": d.low, "drop": d.drop, "high": d.high, "limit": d.limit}
        for name, d in zip(names, shown, strict=True)
    ]
    y = {"field": "name", "type": "nominal", "sort": names, "title": None, "axis": AXIS}
    layers: list[dict[str, Any]] = [
        {
            "data": rows([{"drop": 0.0}]),
            "mark": {"type": "rule", "color": LINE},
            "encoding": {"x": x},
        },
        {
            "data": rows([one for one in data if one["limit"] is not None]),
            "mark": {"type": "tick", "color": BAD, "thickness": 1.5, "height": 12},
            "encoding": {"x": x | {"field": "limit"}, "y": y},
        },
        {
            "data": rows(data),
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
            "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y},
        },
    ]
    for stands, (colour, shape) in STYLES.items():
        some = [one for one, d in zip(data, shown, strict=True) if standing(d.record) == stands]
        if some:
            mark = {"type": "point", "shape": shape, "size": 55, "opacity": 1, "fill": colour}
            mark |= {"stroke": colour, "strokeWidth": 1}
            layers.append({"data": rows(some), "mark": mark, "encoding": {"x": x, "y": y}})
    return layers


def _names(names: Sequence[str]) -> list[str]:
    """Short ones that still differ."""
    found: list[str] = []
    for name in names:
        short = short_name(name, LETTERS)
        while short in found:
            short += "'"
        found.append(short)
    return found
