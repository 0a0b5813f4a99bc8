"""The sensitivity of layers as a picture: in the network's order, one mark a precision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from edgeassay.sensitivity.measuring import LayerSensitivity
from edgeassay.sensitivity.study import Study, cut, decibels

STEP: Final = 13  # from layer to layer: what a line of small letters needs
LEAST_WIDTH: Final = 760
LEFT: Final = 58
RIGHT: Final = 24
TOP: Final = 78
PLOT: Final = 300
STRIP: Final = (
    18  # below the plot, for what wasn't measured: a row for each precision that has some
)
LETTER: Final = 5.4  # of the names of layers
MOST_LETTERS: Final = 34
TICK_DB: Final = 10
# Told apart by the colour-blind too (by their shapes besides), on white and on black.
COLOURS: Final = ("#2f7fd8", "#d9730d", "#0f9d74", "#c0479b", "#8f7f00", "#8069f0", "#7a7a7a")
STYLE: Final = """
svg{background:#fff;color:#1f2937}text{fill:currentColor}
.grid{stroke:#d1d5db;stroke-width:1}.thin{stroke:#eef0f3}.quiet{fill:#6b7280}
@media(prefers-color-scheme:dark){svg{background:#111418;color:#e5e7eb}
.grid{stroke:#374151}.thin{stroke:#1e242c}.quiet{fill:#9ca3af}}
"""


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Layers from left to right, decibels from `low` to `high` upwards."""

    layers: int
    low: float
    high: float

    @property
    def width(self) -> float:
        return max(LEAST_WIDTH, LEFT + RIGHT + STEP * self.layers)

    def x(self, place: int) -> float:
        return LEFT + (place + 0.5) * (self.width - LEFT - RIGHT) / self.layers

    def y(self, db: float) -> float:
        held = min(max(db, self.low), self.high)
        return TOP + PLOT * (self.high - held) / (self.high - self.low)


def draw(study: Study) -> str:
    """An SVG that stands alone, light or dark as the reader's screen is."""
    names = [one.layer for one in study.of(study.precisions[0])]
    axes = _axes(study, len(names))
    strips = [p for p in study.precisions if any(one.snr_db is None for one in study.of(p))]
    bottom = TOP + PLOT + STRIP * (len(strips) + 0.5)
    shown = [cut(name, MOST_LETTERS) for name in names]
    height = bottom + 24 + LETTER * max(map(len, shown))
    parts = [*_frame(axes, bottom), *_words(study), *_names(shown, axes, bottom)]
    for row, precision in enumerate(study.precisions):
        strip = TOP + PLOT + STRIP * (1 + strips.index(precision)) if precision in strips else 0.0
        parts += _series(study, precision, row, axes, strip)
    title = f"{study.model}: which layers hurt, by precision"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {axes.width:.0f} {height:.0f}"'
        f' width="{axes.width:.0f}" height="{height:.0f}" role="img" font-family="sans-serif"'
        f' font-size="12"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"{''.join(parts)}</svg>\n"
    )


def _axes(study: Study, layers: int) -> _Axes:
    """Room for all finite ratios, in whole tens."""
    values = [one.snr_db for one in study.found if one.snr_db is not None]
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low = TICK_DB * math.floor(min(finite) / TICK_DB)
    high = TICK_DB * math.ceil((max(finite) + 1.0) / TICK_DB)
    return _Axes(layers=layers, low=low, high=max(high, low + TICK_DB))


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def _frame(axes: _Axes, bottom: float) -> list[str]:
    """Lines at every ten decibels, and a thin one at every layer."""
    right, parts = axes.width - RIGHT, []
    for place in range(axes.layers):
        x = axes.x(place)
        parts.append(f'<path class="grid thin" d="M{x:.1f} {TOP}V{bottom:.1f}"/>')
    for db in range(int(axes.low), int(axes.high) + 1, TICK_DB):
        y = axes.y(db)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right:.1f}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{db}", 'text-anchor="end"'))
    middle = TOP + PLOT / 2
    turned = f'text-anchor="middle" transform="rotate(-90 16 {middle:.0f})"'
    return [*parts, _text(16, middle, "SNR of the outputs in dB: lower hurts more", turned)]


def _names(shown: list[str], axes: _Axes, bottom: float) -> list[str]:
    parts = []
    for place, name in enumerate(shown):
        x, y = axes.x(place) + 3, bottom + 12
        turned = f'font-size="9" text-anchor="end" transform="rotate(-90 {x:.1f} {y:.1f})"'
        parts.append(_text(x, y, name, turned))
    return parts


def _words(study: Study) -> list[str]:
    """What it is, and which mark is which precision."""
    of_all = "" if study.images == study.split_images else f" of {study.split_images:,}"
    told = (
        f"{study.model}: each layer alone quantized, {study.images:,}{of_all} validation images on"
        f" {study.runtime}, {study.kind}"
    )
    parts = [_text(LEFT, 20, told, 'font-weight="bold"')]
    x = float(LEFT)
    for row, precision in enumerate(study.precisions):
        parts += [_mark(row, x + 5, 38), _text(x + 15, 42, precision)]
        x += 34 + 7.5 * len(precision)
    return [*parts, _text(LEFT, 60, "; ".join(_remarks(study)), 'class="quiet"')]


def _remarks(study: Study) -> Iterator[str]:
    """What else there is to see, of what is there."""
    if any(one.snr_db is None for one in study.found):
        yield "crosses below: the quantizer has no such form, or it couldn't be run"
    if any(one.snr_db == math.inf for one in study.found):
        yield "at the top edge: nothing differs"
    if study.limit is not None and any(map(study.is_beyond, study.found)):
        yield f"ringed: the mean AUC drops by more than {study.limit.value:g}"


def _series(study: Study, precision: str, row: int, axes: _Axes, strip: float) -> list[str]:
    """A precision's marks, joined where layers follow each other; in its strip what has none."""
    colour, parts = COLOURS[row % len(COLOURS)], []
    every = study.of(precision)
    for measured, together in groupby(every, key=lambda one: one.snr_db is not None):
        if measured:
            parts.append(_line(list(together), colour, axes))
    if strip:
        parts.append(_text(LEFT - 8, strip + 4, precision, 'text-anchor="end" font-size="10"'))
    for one in every:
        x, told = axes.x(one.place), f"<title>{escape(_told(one))}</title>"
        if one.snr_db is None:
            cross = f'<path d="M{x - 3:.1f} {strip - 3:.1f}l6 6m-6 0l6 -6" stroke="{colour}"'
            parts.append(f'<g>{told}{cross} stroke-width="1.5"/></g>')
            continue
        y = axes.y(one.snr_db)
        ring = ""
        if study.is_beyond(one):
            ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{colour}"/>'
        parts.append(f"<g>{told}{ring}{_mark(row, x, y)}</g>")
    return parts


def _line(together: list[LayerSensitivity], colour: str, axes: _Axes) -> str:
    points = " ".join(f"{axes.x(o.place):.1f},{axes.y(o.snr_db or 0.0):.1f}" for o in together)
    style = f'fill="none" stroke="{colour}" stroke-opacity="0.4"'
    return f'<polyline points="{points}" {style}/>'


def _told(one: LayerSensitivity) -> str:
    """What a reader sees who points at a mark."""
    return "\n".join(_lines(one))


def _lines(one: LayerSensitivity) -> Iterator[str]:
    yield f"{one.layer} ({one.kind}), {one.precision}"
    if one.reason is not None:
        yield one.reason
        return
    yield f"SNR {decibels(one.snr_db)} dB, of its weights {decibels(one.weight_snr_db)} dB"
    drop = one.auc_drop
    if drop is not None:
        yield f"mean AUC drops by {drop.value:.4f}"
    yield f"saves {one.saved_bytes:,} bytes"


def _mark(row: int, x: float, y: float) -> str:
    """A shape of a precision's own."""
    fill = f'fill="{COLOURS[row % len(COLOURS)]}"'
    shapes = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" {fill}/>',
        f'<rect x="{x - 3.3:.1f}" y="{y - 3.3:.1f}" width="6.6" height="6.6" {fill}/>',
        f'<path d="M{x:.1f} {y - 4.6:.1f}l4.4 8h-8.8z" {fill}/>',
        f'<path d="M{x:.1f} {y - 4.8:.1f}l4.8 4.8l-4.8 4.8l-4.8 -4.8z" {fill}/>',
        f'<path d="M{x:.1f} {y + 4.6:.1f}l4.4 -8h-8.8z" {fill}/>',
        f'<path d="M{x - 4.5:.1f} {y:.1f}l4.5 -2.2l4.5 2.2l-4.5 2.2z" {fill}/>',
    )
    return shapes[row % len(shapes)]
