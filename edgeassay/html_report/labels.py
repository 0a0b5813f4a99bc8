"""Names beside points of a chart, where they cover each other least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

LETTER: Final = 6.2  # pixels of a letter at the charts' size
TALL: Final = 13.0
GAP: Final = 9.0  # from a point's middle to its name
LONGEST: Final = 24
FAR: Final = 1000.0  # what being outside of the chart costs


Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, kw_only=True)
class Label:
    """A name at a place in pixels, from the upper left."""

    x: float
    y: float
    text: str
    align: str = "left"

    @property
    def box(self) -> Box:
        """What it covers."""
        width = LETTER * len(self.text)
        shift = {"left": 0.0, "center": width / 2.0, "right": width}[self.align]
        return self.x - shift, self.y - TALL / 2, self.x - shift + width, self.y + TALL / 2


def placed(
    labels: Sequence[Label], width: float, height: float, bars: Sequence[Box] = ()
) -> list[Label]:
    """Each point's name beside, above or below it, wherever it covers least of others and of
    `bars`.
    """
    points = [
        (one.x - GAP / 2, one.y - GAP / 2, one.x + GAP / 2, one.y + GAP / 2) for one in labels
    ]
    found: list[Label] = []
    for one in labels:
        short = replace(one, text=short_name(one.text))
        taken = [*points, *bars, *(other.box for other in found)]
        found.append(min(_places(short), key=lambda at: _cost(at, taken, width, height)))
    return found


def short_name(text: str, longest: int = LONGEST) -> str:
    """A name that fits a chart."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _places(one: Label) -> list[Label]:
    x, y = one.x, one.y
    return [
        replace(one, x=x + GAP),
        replace(one, x=x - GAP, align="right"),
        replace(one, y=y - 1.6 * GAP, align="center"),
        replace(one, y=y + 1.6 * GAP, align="center"),
        replace(one, x=x + GAP, y=y - 1.4 * GAP),
        replace(one, x=x + GAP, y=y + 1.4 * GAP),
        replace(one, x=x - GAP, y=y - 1.4 * GAP, align="right"),
        replace(one, x=x - GAP, y=y + 1.4 * GAP, align="right"),
    ]


def _cost(one: Label, taken: Sequence[Box], width: float, height: float) -> float:
    left, top, right, bottom = one.box
    outside = left < 0.0 or top < 0.0 or right > width or bottom > height
    covered = (
        max(0.0, min(right, b[2]) - max(left, b[0])) * max(0.0, min(bottom, b[3]) - max(top, b[1]))
        for b in taken
    )
    return FAR * outside + sum(covered)
