"""Advice as a picture: what each variant costs in time (or bytes) and in AUC, what nothing beats,
and which one was taken.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.advising.candidates import Candidate, Standing
from edgeassay.advising.choosing import Advice, Outcome
from edgeassay.advising.measuring import Found
from edgeassay.advising.wording import Asked
from edgeassay.spec import Kind, Prefer

WIDTH: Final = 760
HEIGHT: Final = 480
LEFT: Final = 78
RIGHT: Final = 24
TOP: Final = 70
BOTTOM: Final = 74
LINE_CHARACTERS: Final = 92  # of the headline
TICKS: Final = 6  # at most about so many
STEPS: Final = (1.0, 2.0, 5.0, 10.0)  # between them, in powers of ten
ROOM: Final = 0.08  # of an axis beyond what lies on it
# Where a name may stand by its point, in order: the first place that is free.
PLACES: Final = (-14.0, 22.0, -30.0, 38.0, -46.0, 54.0, -62.0, 70.0, -78.0, 86.0)
CHARACTER: Final = 6.4  # about as wide
LINE: Final = 14.0  # about as high
HALO: Final = 'paint-order="stroke" stroke="white" stroke-width="3"'  # lines end around a name
# Told apart by the colour-blind too, and by their shape: filled, and hollow.
TAKEN: Final = "#c2410c"
HOLDS: Final = "#1d4ed8"
OTHER: Final = "#6b7280"


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """An axis, linear or `logarithmic`: what it shows, from where to where on the page, and of
    which candidates.
    """

    title: str
    ends: tuple[float, float]
    page: tuple[float, float]
    of: Callable[[Candidate], float | None]
    write: Callable[[float], str]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value lies on the page."""
        low, high, here = self.ends[0], self.ends[1], value
        if self.logarithmic:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return self.page[0] + (here - low) / (high - low) * (self.page[1] - self.page[0])

    def ticks(self) -> list[float]:
        """Round values to label."""
        low, high = self.ends
        if self.logarithmic:
            powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            values = [step * 10.0**power for power in powers for step in STEPS[:-1]]
            return [value for value in values if low <= value <= high]
        rough = (high - low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(step * power for step in STEPS if step * power >= rough)
        first, last = math.ceil(low / step), math.floor(high / step)
        return [step * number for number in range(first, last + 1)]


def draw(asked: Asked, found: Found, advice: Advice) -> str:
    """An SVG that stands alone."""
    across, down = _axes(asked, found, advice)
    shown = [c for c in found.candidates if None not in (across.of(c), down.of(c))]
    quality = any(c.drop is not None for c in found.candidates)
    parts = _frame(across, down)
    if quality:
        parts += _margin(asked.margin.value, across, down)
    parts += _front(advice, across, down)
    for candidate in shown:
        parts += _point(candidate, advice, across, down, quality=quality)
    parts += _names(shown, advice, across, down)
    parts += _words(asked, advice)
    title = html.escape(_headline(asked, advice))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _headline(asked: Asked, advice: Advice) -> str:
    place = f"{asked.model} on {asked.device} with {asked.runtime}"
    if advice.outcome is Outcome.ADVISED and advice.chosen is not None:
        return f"{place}: ship {advice.chosen.name}"
    leads = "" if advice.chosen is None else f"; as measured, {advice.chosen.name} leads"
    return f"{place}: {advice.outcome}{leads}"


def _axes(asked: Asked, found: Found, advice: Advice) -> tuple[_Axis, _Axis]:
    """Time or bytes to the right, loss of AUC upwards; without quality, bytes upwards."""
    candidates = found.candidates
    timed = all(c.time is not None for c in candidates)
    quality = any(c.drop is not None for c in candidates)
    by_size = not timed or (advice.prefer is Prefer.SIZE and quality)
    sizes = [c.size_bytes / 1e6 for c in candidates]
    page_x, page_y = (LEFT, WIDTH - RIGHT), (HEIGHT - BOTTOM, TOP)
    reference = next(c.name for c in candidates if c.is_reference)

    def megabytes(page: tuple[float, float]) -> _Axis:
        return _Axis(
            title="megabytes",
            ends=_ends([0.0, *sizes]),
            page=page,
            of=lambda c: c.size_bytes / 1e6,
            write=lambda v: f"{v:.2g}",
        )

    across = megabytes(page_x)
    if not by_size:
        reached = [t for c in candidates for t in (c.least_time, c.most_time) if t]
        across = _Axis(
            title=f"of {reference}'s median time",
            ends=(min(reached) / (1.0 + 2.0 * ROOM), max(reached) * (1.0 + 2.0 * ROOM)),
            page=page_x,
            of=lambda c: c.time,
            write=lambda v: f"{v:g}",
            logarithmic=True,
        )
    if not quality:
        return across, megabytes(page_y)
    drops = [d for c in candidates if c.drop for d in (c.drop.low, c.drop.high, c.loss)]
    values = [0.0, asked.margin.value, *(d for d in drops if d is not None)]
    down = _Axis(
        title="drop of the mean AUC",
        ends=_ends(values, both=True),
        page=page_y,
        of=lambda c: c.loss,
        write=lambda v: f"{v:+z.4f}",
    )
    return across, down


def _ends(values: Sequence[float], *, both: bool = False) -> tuple[float, float]:
    """The ends of an axis with some room, below too where its lowest value isn't its origin."""
    low, high = min(values), max(values)
    room = ROOM * ((high - low) or 1.0)
    return (low - room if both else low), high + room


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(words)}</text>'


def _frame(across: _Axis, down: _Axis) -> list[str]:
    """The grid with its labels."""
    parts, grid = [], 'stroke="#e5e7eb"'
    for value in across.ticks():
        x = across.place(value)
        parts += [
            _line(x, TOP, x, HEIGHT - BOTTOM, grid),
            _text(x, HEIGHT - BOTTOM + 16, across.write(value), 'text-anchor="middle"'),
        ]
    for value in down.ticks():
        y = down.place(value)
        parts += [
            _line(LEFT, y, WIDTH - RIGHT, y, grid),
            _text(LEFT - 8, y + 4, down.write(value), 'text-anchor="end"'),
        ]
    middle, height = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    turned = f'text-anchor="middle" transform="rotate(-90 16 {height:.0f})"'
    return [
        *parts,
        _text(middle, HEIGHT - BOTTOM + 34, across.title, 'text-anchor="middle"'),
        _text(16, height, down.title, turned),
    ]


def _margin(limit: float, across: _Axis, down: _Axis) -> list[str]:
    """What may be lost, as a line; above it nothing holds."""
    y = down.place(limit)
    end = across.page[1]
    return [
        _line(LEFT, y, end, y, 'stroke="#b91c1c" stroke-dasharray="6 3"'),
        _text(end - 4, y - 5, f"at most {limit:g}", 'text-anchor="end" fill="#b91c1c"'),
    ]


def _front(advice: Advice, across: _Axis, down: _Axis) -> list[str]:
    """What nothing beats, joined."""
    places = []
    for candidate in advice.front:
        x, y = across.of(candidate), down.of(candidate)
        if x is not None and y is not None:
            places.append((across.place(x), down.place(y)))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in sorted(places))
    style = f'fill="none" stroke="{HOLDS}" stroke-opacity="0.35" stroke-width="2"'
    return [f'<polyline points="{path}" {style}/>'] if len(places) > 1 else []


def _colour(candidate: Candidate, advice: Advice) -> str:
    if advice.chosen is not None and candidate.name == advice.chosen.name:
        return TAKEN
    return HOLDS if candidate.standing is not Standing.FAILS else OTHER


def _point(
    candidate: Candidate, advice: Advice, across: _Axis, down: _Axis, *, quality: bool
) -> list[str]:
    """A candidate with its bounds."""
    x, y = across.of(candidate), down.of(candidate)
    assert x is not None, "only what has a place is drawn"
    assert y is not None, "likewise"
    px, py, colour = across.place(x), down.place(y), _colour(candidate, advice)
    parts, style = [], f'stroke="{colour}" stroke-width="1.5"'
    drop = candidate.drop
    if quality and drop is not None and drop.low is not None and drop.high is not None:
        parts.append(_line(px, down.place(drop.low), px, down.place(drop.high), style))
    if across.of(candidate) == candidate.time and candidate.ratio is not None:
        ends = [across.place(t) for t in (candidate.least_time, candidate.most_time) if t]
        parts.append(_line(ends[0], py, ends[-1], py, style))
    on_front = any(candidate.name == one.name for one in advice.front)
    fill = colour if on_front else "white"
    parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{fill}" {style}/>')
    if colour == TAKEN:
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="10" fill="none" {style}/>')
    return parts


def _names(shown: Sequence[Candidate], advice: Advice, across: _Axis, down: _Axis) -> list[str]:
    """The candidates' names, each at the first place by its point where no other one stands."""
    taken: list[tuple[float, float, float]] = []  # middle, half of the width, and height
    parts = []
    for candidate in sorted(shown, key=lambda c: (across.of(c) or 0.0, c.name)):
        x, y = across.of(candidate), down.of(candidate)
        assert x is not None, "only what has a place is drawn"
        assert y is not None, "likewise"
        px, py = across.place(x), down.place(y)
        words = f"{candidate.name}, {candidate.size_bytes / 1e3:,.0f} kB"
        half = CHARACTER * len(words) / 2
        middle = min(max(px, LEFT + half), WIDTH - RIGHT - half)
        free = (
            offset
            for offset in PLACES
            if TOP < py + offset < HEIGHT - BOTTOM
            and all(
                abs(middle - other) > half + width or abs(py + offset - height) > LINE
                for other, width, height in taken
            )
        )
        offset = next(free, PLACES[0])
        taken.append((middle, half, py + offset))
        colour = _colour(candidate, advice)
        weight = ' font-weight="bold"' if colour == TAKEN else ""
        if abs(offset) > PLACES[1]:
            style = f'stroke="{colour}" stroke-width="0.5"'
            parts.append(_line(px, py, middle, py + offset - LINE / 3, style))
        style = f'{HALO} text-anchor="middle" fill="{colour}"{weight}'
        parts.append(_text(middle, py + offset, words, style))
    return parts


def _words(asked: Asked, advice: Advice) -> list[str]:
    """The headline, what the signs mean, and what kind of times these are."""
    lines = textwrap.wrap(_headline(asked, advice), LINE_CHARACTERS)
    parts = [_text(LEFT, 22 + 16 * n, line, 'font-weight="bold"') for n, line in enumerate(lines)]
    legend = (
        "filled and joined: nothing that holds beats it in size, time and AUC together; ringed:"
        " taken; grey: doesn't hold"
    )
    parts.append(_text(LEFT, HEIGHT - 14, legend, 'font-size="11" fill="#4b5563"'))
    if asked.kind is not Kind.MEASURED:
        style = 'text-anchor="end" font-size="28" fill="#9ca3af" fill-opacity="0.6"'
        parts.append(_text(WIDTH - RIGHT - 8, HEIGHT - BOTTOM - 12, asked.kind.upper(), style))
    return parts
