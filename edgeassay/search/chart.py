"""A search as a picture: what each recipe costs, what it loses, and the front of those that nothing
beats.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.search.result import Result
from edgeassay.search.tried import Tried, front

WIDTH: Final = 760
HEIGHT: Final = 460
LEFT: Final = 78
RIGHT: Final = 20
TOP: Final = 84
BOTTOM: Final = 52
MEETS: Final = "#1d4ed8"  # told apart by the colour-blind too
MISSES: Final = "#c2410c"
# A drop of the AUC is shown by its root: what matters lies near 0, and what fails far from it.
DROPS: Final = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MOST_TICKS: Final = 8


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Ratios across, and roots of drops up."""

    low: float
    high: float
    most: float

    def across(self, ratio: float) -> float:
        share = (ratio - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(self, drop: float) -> float:
        share = math.sqrt(min(max(drop, 0.0), self.most) / self.most)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def draw(result: Result) -> str:
    """An SVG that stands alone."""
    shown = [one for one in result.tried if not one.recipe.is_float]
    axes = _axes(shown, result)
    parts = [*_frame(axes, result), *_margin(axes, result)]
    best = {one.number for one in front(shown, result.objective)}
    line = " ".join(
        f"{axes.across(o.value(result.objective)):.1f},{axes.down(o.drop.value):.1f}"
        for o in front(shown, result.objective)
    )
    parts.append(f'<polyline points="{line}" fill="none" stroke="#9ca3af" stroke-width="1.5"/>')
    for one in shown:
        parts += _mark(one, axes, result, on_front=one.number in best)
    parts += _words(result)
    title = html.escape(_headline(result))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _axes(shown: Sequence[Tried], result: Result) -> _Axes:
    values = [one.value(result.objective) for one in shown] or [0.0, 1.0]
    room = 0.05 * (max(values) - min(values)) or 0.05
    drops = [one.drop.value for one in shown] + [2.0 * result.margin.value]
    highs = [
        one.drop.high for one in shown if one.drop.high is not None and one.meets(result.margin)
    ]
    most = next((drop for drop in DROPS if drop >= max([*drops, *highs])), 1.0)
    return _Axes(low=min(values) - room, high=max(values) + room, most=most)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(words)}</text>'


def _frame(axes: _Axes, result: Result) -> list[str]:
    parts, grid = [], 'stroke="#e5e7eb"'
    for value in _ticks(axes.low, axes.high):
        x = axes.across(value)
        parts += [
            _line(x, TOP, x, HEIGHT - BOTTOM, grid),
            _text(x, HEIGHT - BOTTOM + 16, f"{value:g}", 'text-anchor="middle"'),
        ]
    for drop in DROPS:
        if drop <= axes.most:
            y = axes.down(drop)
            parts += [
                _line(LEFT, y, WIDTH - RIGHT, y, grid),
                _text(LEFT - 8, y + 4, f"{drop:g}", 'text-anchor="end"'),
            ]
    what = {"size": "bytes", "latency": "time"}[result.objective]
    middle, centre = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    turned = f'text-anchor="middle" transform="rotate(-90 16 {centre:.0f})"'
    return [
        *parts,
        _text(middle, HEIGHT - 14, f"{what}, of the float network's", 'text-anchor="middle"'),
        _text(16, centre, "drop of the mean AUC, validation split", turned),
    ]


def _ticks(low: float, high: float) -> list[float]:
    step = 10.0 ** math.floor(math.log10(high - low))
    for part in (0.1, 0.2, 0.5, 1.0, 2.0):
        wide = step * part
        first = math.ceil(low / wide)
        ticks = [k * wide for k in range(first, math.floor(high / wide) + 1)]
        if len(ticks) <= MOST_TICKS:
            return [round(tick, 9) for tick in ticks]
    return [low, high]


def _margin(axes: _Axes, result: Result) -> list[str]:
    y = axes.down(result.margin.value)
    return [
        _line(LEFT, y, WIDTH - RIGHT, y, 'stroke="#4b5563" stroke-dasharray="4 3"'),
        _text(WIDTH - RIGHT, y - 5, f"margin {result.margin.value:g}", 'text-anchor="end"'),
    ]


def _mark(one: Tried, axes: _Axes, result: Result, *, on_front: bool) -> list[str]:
    """A recipe, and up to its upper bound a line; what is on the front is filled."""
    colour = MEETS if one.meets(result.margin) else MISSES
    x, y = axes.across(one.value(result.objective)), axes.down(one.drop.value)
    words = f"{one.recipe.words}: {one.value(result.objective):.4f}, drop {one.drop.value:+.5f}"
    parts = []
    if one.drop.high is not None:
        top = axes.down(one.drop.high)
        parts.append(_line(x, y, x, top, f'stroke="{colour}" stroke-opacity="0.35"'))
    fill = colour if on_front else "white"
    if result.chosen is not None and one.recipe == result.chosen.recipe:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{colour}"/>')
    parts.append(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{colour}">'
        f"<title>{html.escape(words)}</title></circle>"
    )
    return parts


def _headline(result: Result) -> str:
    if result.chosen is None:
        return f"{result.model}: nothing tried meets the margin"
    value = result.chosen.value(result.objective)
    return (
        f"{result.model}: {result.variant} has {value:.3f} of the float network's"
        f" {result.objective}; {len(result.tried)} recipes tried"
    )


def _words(result: Result) -> list[str]:
    parts = [_text(LEFT, 22, _headline(result), 'font-weight="bold"')]
    legend = (
        (MEETS, "its drop's upper bound (line) is within the margin"),
        (MISSES, "it isn't"),
    )
    x = float(LEFT)
    for colour, words in legend:
        parts += [
            f'<circle cx="{x + 4:.1f}" cy="44" r="4" fill="{colour}"/>',
            _text(x + 14, 48, words),
        ]
        x += 330
    return [*parts, _text(LEFT, 68, "filled and joined: nothing beats it; ringed: chosen")]
