"""p50 by variant for each runtime: small multiples on one logarithmic scale, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from edgeassay.matrix_report.numbers import DISTURBED, number
from edgeassay.matrix_report.overview import Line
from edgeassay.report.marks import MEANINGS, marked
from edgeassay.spec import Kind

WIDTH: Final = 400
LEFT: Final = 92  # names of variants
RIGHT: Final = 84  # values
TOP: Final = 34
ROW: Final = 26
BOTTOM: Final = 34
# Of each decade, the finest that leaves no more ticks than can be read.
TICKS: Final = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))
MOST_TICKS: Final = 6
LETTERS: Final = 13  # of a name


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A logarithmic axis of ms, from `low` to `high`."""

    low: float
    high: float

    def x(self, ms: float) -> float:
        """Where a duration lies; what is beyond the axis lies at its end."""
        share = math.log(min(max(ms, self.low), self.high) / self.low) / math.log(
            self.high / self.low
        )
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    @property
    def ticks(self) -> list[float]:
        """Round durations on it, few enough to be read."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in TICKS:
            ticks = [step * 10.0**d for d in range(first, last + 1) for step in steps]
            found = [tick for tick in ticks if self.low <= tick <= self.high]
            if len(found) <= MOST_TICKS:
                return found
        return found[:: math.ceil(len(found) / MOST_TICKS)]


def scale_of(lines: Iterable[Line]) -> Scale | None:
    """An axis with room for all durations and their bounds; None where there are none."""
    values = [v for line in lines for v in _durations(line)]
    if not values:
        return None
    low, high = min(values) / 1.4, max(values) * 1.4
    return Scale(low=low, high=high)


def _durations(line: Line) -> list[float]:
    facts = line.row.facts
    if facts is None or facts.p50_ms is None:
        return []
    found = facts.intervals.get("p50_ms")
    bounds = [found.low, found.high] if found is not None else []
    return [v for v in (facts.p50_ms, *bounds) if v is not None and v > 0.0]


def charts(lines: Sequence[Line]) -> list[str]:
    """A figure for each device and kind among a model's lines: on its own scale, since times of
    different devices or kinds are never compared.
    """

    def place(line: Line) -> tuple[str, str, str]:
        return line.row.case.device, line.row.run.fingerprint, line.row.kind

    made = []
    for _, found in groupby(sorted(lines, key=place), key=place):
        together = list(found)
        scale = scale_of(together)
        if scale is not None:
            made.append(_figure(together, scale))
    return made


def _figure(lines: Sequence[Line], scale: Scale) -> str:
    row = lines[0].row
    panels: dict[str, list[Line]] = {}
    for line in lines:
        panels.setdefault(line.row.case.runtime, []).append(line)
    drawn = "".join(
        _panel(runtime, found, scale)
        for runtime, found in panels.items()
        if any(map(_durations, found))
    )
    kind = "" if row.kind is Kind.MEASURED else f", {MEANINGS[row.kind].partition(':')[0]}"
    caption = f"p50 in ms on {row.place}{kind} (machine {row.run.fingerprint})"
    title = f"<figcaption>{escape(caption)}</figcaption>"
    return f'<figure>{title}<div class="panels">{drawn}</div></figure>'


def _panel(runtime: str, lines: Sequence[Line], scale: Scale) -> str:
    """One runtime: a row a variant, left of the dashed line is faster than the reference."""
    height = TOP + ROW * len(lines) + BOTTOM
    bottom = TOP + ROW * len(lines)
    told = "; ".join(f"{line.row.case.variant} {line.cells['p50 / p95 ms'].text}" for line in lines)
    parts = [
        f'<svg class="panel" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(f"p50 in ms on {runtime}: {told}")}">',
        f'<text class="head" x="0" y="16">{escape(runtime)}</text>',
    ]
    for tick in scale.ticks:
        x = scale.x(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 15}">{tick:g}</text>')
    parts.append(
        f'<text class="tick" x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{bottom + 29}">ms, log</text>'
    )
    base = next(
        (line.row.facts.p50_ms for line in lines if line.row.is_reference and line.row.facts), None
    )
    if base is not None:
        x = scale.x(base)
        parts.append(f'<line class="base" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"/>')
    for k, line in enumerate(lines):
        parts.append(_point(line, scale, TOP + ROW * k + ROW / 2))
    return "".join([*parts, "</svg>"])


def _point(line: Line, scale: Scale, y: float) -> str:
    """A variant: its name, its p50 with bounds, and the number; or why there is none."""
    facts, name = line.row.facts, line.row.case.variant
    short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    lead = f'<line class="lead" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    label = f'{lead}<text class="name" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(short)}</text>'
    if facts is None or facts.p50_ms is None:
        words = line.cells["p50 / p95 ms"].text
        return f'{label}<text class="none" x="{LEFT + 4}" y="{y + 4:.1f}">{escape(words)}</text>'
    x, style = scale.x(facts.p50_ms), _style(line)
    found, bar = facts.intervals.get("p50_ms"), ""
    if found is not None and found.low is not None and found.high is not None:
        low, high = scale.x(found.low), scale.x(found.high)
        bar = (
            f'<path class="bar" d="M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}v8'
            f'M{high:.1f} {y - 4:.1f}v8"/>'
        )
    value = marked(number(facts.p50_ms), line.row.kind)
    value += f" {DISTURBED}" if line.row.disturbed else ""
    text = f'<text class="value" x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}">{escape(value)}</text>'
    return f"{label}{bar}{_mark(style, x, y)}{text}"


def _style(line: Line) -> str:
    """Whether it is shown to be faster or slower than the reference, in turn with which it ran."""
    facts = line.row.facts
    if facts is None or facts.latency_ratio is None:
        return "reference" if line.row.is_reference else "alike"
    found = facts.intervals.get("latency_ratio")
    low, high = (found.low, found.high) if found is not None else (None, None)
    low, high = low or facts.latency_ratio, high or facts.latency_ratio
    return "faster" if high < 1.0 else "slower" if low > 1.0 else "alike"


def _mark(style: str, x: float, y: float) -> str:
    """A disc for the reference, a square for no difference, and arrowheads to either side."""
    if style == "reference":
        return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    if style == "alike":
        return f'<rect class="{style}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
    tip = -7 if style == "faster" else 7
    return f'<path class="{style}" d="M{x + tip:.1f} {y:.1f}l{-1.7 * tip:.1f} 6v-12z"/>'
