"""A ladder as a picture: both runtimes' times by size, their lines, and where those cross."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeassay.breakeven.finding import Cost, Found, headline
from edgeassay.spec import Kind

WIDTH: Final = 760
HEIGHT: Final = 480
LEFT: Final = 70
RIGHT: Final = 20
TOP: Final = 94
LINE_CHARACTERS: Final = 100  # of the headline, which has two lines
BOTTOM: Final = 52
COLOURS: Final = ("#c2410c", "#1d4ed8")  # told apart by the colour-blind too
CURVE_POINTS: Final = 80


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Logarithmic axes: powers of ten of MMACs and of ms."""

    x: tuple[int, int]
    y: tuple[int, int]

    def place(self, mmacs: float, ms: float) -> tuple[float, float]:
        """Where a point lies on the page."""
        return self.across(mmacs), self.down(ms)

    def across(self, mmacs: float) -> float:
        share = (math.log10(mmacs) - self.x[0]) / (self.x[1] - self.x[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(self, ms: float) -> float:
        share = (math.log10(ms) - self.y[0]) / (self.y[1] - self.y[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def draw(found: Found) -> str:
    """An SVG that stands alone."""
    costs = (found.candidate, found.against)
    every = [ms for cost in costs for times in cost.rungs for ms in times.phases["total"]]
    every += [ms for cost in costs for ms in cost.floor.phases["total"]]
    sizes = [network.mmacs for network in found.networks]
    axes = _Axes(x=_decades(sizes), y=_decades(every))
    parts = [*_frame(axes), *_break_even(found, axes)]
    for colour, cost in zip(COLOURS, costs, strict=True):
        parts += _series(cost, sizes, colour, axes)
    parts += _words(found, costs)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{html.escape(headline(found))}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around the values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(words)}</text>'


def _frame(axes: _Axes) -> list[str]:
    """The grid, with a label at each power of ten."""
    parts, grid = [], 'stroke="#e5e7eb"'
    for power in range(axes.x[0], axes.x[1] + 1):
        x = axes.across(10.0**power)
        parts += [
            _line(x, TOP, x, HEIGHT - BOTTOM, grid),
            _text(x, HEIGHT - BOTTOM + 16, f"{10.0**power:,g}", 'text-anchor="middle"'),
        ]
    for power in range(axes.y[0], axes.y[1] + 1):
        y = axes.down(10.0**power)
        parts += [
            _line(LEFT, y, WIDTH - RIGHT, y, grid),
            _text(LEFT - 8, y + 4, f"{10.0**power:,g}", 'text-anchor="end"'),
        ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    turned = f'text-anchor="middle" transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"'
    return [
        *parts,
        _text(middle, HEIGHT - 14, "size in MMACs", 'text-anchor="middle"'),
        _text(16, (TOP + HEIGHT - BOTTOM) / 2, "ms, inputs to outputs", turned),
    ]


def _break_even(found: Found, axes: _Axes) -> list[str]:
    """A line where the two cross, over the range of its bounds."""
    least, most = 10.0 ** axes.x[0], 10.0 ** axes.x[1]
    if not (found.is_within and found.mmacs.value >= least):
        return []
    low, high = (float(np.clip(b, least, most)) for b in (found.mmacs.low, found.mmacs.high))
    x1, x2, x = axes.across(low), axes.across(high), axes.across(found.mmacs.value)
    band = f'<rect x="{x1:.1f}" y="{TOP}" width="{max(1.0, x2 - x1):.1f}"'
    return [
        f'{band} height="{HEIGHT - TOP - BOTTOM}" fill="#9ca3af" fill-opacity="0.25"/>',
        _line(x, TOP, x, HEIGHT - BOTTOM, 'stroke="#4b5563" stroke-dasharray="4 3"'),
    ]


def _series(cost: Cost, sizes: Sequence[float], colour: str, axes: _Axes) -> list[str]:
    """A runtime's processes, their medians, its line, and its floor."""
    parts = []
    for size, times in zip(sizes, cost.rungs, strict=True):
        spread = times.phases["total"]
        x, y = axes.place(size, times.median_ms("total"))
        ends = axes.down(min(spread)), axes.down(max(spread))
        parts += [
            _line(x, ends[0], x, ends[1], f'stroke="{colour}" stroke-width="2"'),
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>',
        ]
    least = 10.0 ** axes.y[0]
    points = [
        axes.place(size, max(least, float(cost.line.at(size))))
        for size in np.geomspace(sizes[0], sizes[-1], CURVE_POINTS)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    floor = axes.down(cost.floor.median_ms("total"))
    return [
        *parts,
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
        _line(LEFT, floor, WIDTH - RIGHT, floor, f'stroke="{colour}" stroke-dasharray="2 4"'),
    ]


def _words(found: Found, costs: tuple[Cost, Cost]) -> list[str]:
    """The headline, the legend, and what kind of numbers these are."""
    lines = textwrap.wrap(headline(found), LINE_CHARACTERS)
    parts = [_text(LEFT, 20 + 16 * n, line, 'font-weight="bold"') for n, line in enumerate(lines)]
    for row, (colour, cost) in enumerate(zip(COLOURS, costs, strict=True)):
        named = f"{cost.id}, {cost.adapter}" if cost.adapter else cost.id
        y = 56 + 18 * row
        parts += [
            f'<circle cx="{LEFT + 4}" cy="{y - 4}" r="4" fill="{colour}"/>',
            _text(LEFT + 14, y, f"{named}; dotted: an almost empty network"),
        ]
    if found.kind is not Kind.MEASURED:
        style = 'text-anchor="end" font-size="28" fill="#9ca3af" fill-opacity="0.6"'
        parts.append(_text(WIDTH - RIGHT - 8, HEIGHT - BOTTOM - 12, found.kind.upper(), style))
    return parts
