"""Charts as small SVG whose colours are the page's own, so that they suit light, dark and paper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from xml.etree import ElementTree as ET

from edgeassay.errors import ConfigError, DataError

WIDTH: Final = 250  # of what is plotted; with its axis it fits a phone
HEIGHT: Final = 210
INK: Final = "#010101"
SOFT: Final = "#010102"
LINE: Final = "#010103"
PAPER: Final = "#010104"
GOOD: Final = "#010105"
BAD: Final = "#010106"
DOUBT: Final = "#010107"
KNOWN: Final = "#010108"
FASTER: Final = "#010109"
# Series of a chart, each with a colour, a dash and a shape of its own.
SERIES: Final = ("#010111", "#010112", "#010113", "#010114", "#010115", "#010116")
# What is drawn in such a colour gets the page's variable; no chart has any other.
VARIABLES: Final[Mapping[str, str]] = {
    INK: "ink",
    SOFT: "soft",
    LINE: "line",
    PAPER: "paper",
    GOOD: "good",
    BAD: "bad",
    DOUBT: "doubt",
    KNOWN: "known",
    FASTER: "faster",
    **{colour: f"s{k}" for k, colour in enumerate(SERIES, start=1)},
}
DASHES: Final = ([1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [4, 4], [10, 3])
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
SYMBOLS: Final = ("●", "■", "▲", "◆", "✚", "▼")
AXIS: Final[Mapping[str, Any]] = {
    "labelColor": SOFT,
    "titleColor": SOFT,
    "titleFontWeight": "normal",
    "titleFontSize": 11,
    "labelFontSize": 11,
    "gridColor": LINE,
    "domainColor": LINE,
    "tickColor": LINE,
    "tickSize": 4,
    "titlePadding": 9,
}
CONFIG: Final[Mapping[str, Any]] = {
    "aria": False,
    "background": None,
    "padding": {"left": 14, "top": 6, "right": 10, "bottom": 4},
    "view": {"stroke": None},
    "axis": AXIS,
    "legend": {"disable": True},
    "text": {"fontSize": 11, "color": INK},
}
SVG: Final = "{http://www.w3.org/2000/svg}"
KEPT: Final = ("g", "path", "line", "rect", "text", "svg")
ATTRIBUTES: Final = (
    *("width", "height", "viewBox", "transform", "d", "x", "y", "x2", "y2", "opacity"),
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-opacity"),
    *("text-anchor", "font-size", "font-weight", "fill-opacity"),
)
DECIMALS: Final = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
NOWHERE: Final = ("", "M0,0h0v0h0Z")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A chart: its SVG, the heading above it, and the same in words for who can't see it."""

    svg: str
    heading: str
    alternative: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Charts that are read together; `key` says how, `lacking` what isn't there and why."""

    heading: str
    pictures: tuple[Picture, ...]
    key: str = ""
    series: tuple[tuple[str, str], ...] = ()
    lacking: str = ""


def keyed_once(figures: Iterable[Figure]) -> list[Figure]:
    """Figures of one sort, of which the first says how to read them all."""
    return [figure if k == 0 else replace(figure, key="") for k, figure in enumerate(figures)]


def colour_of(index: int) -> str:
    """Of the series with this number."""
    return SERIES[index % len(SERIES)]


def dash_of(index: int) -> list[int]:
    """Of the series with this number; beyond the colours another one than before."""
    return DASHES[(index + index // len(SERIES)) % len(DASHES)]


def shape_of(index: int) -> str:
    """Of the series with this number."""
    return SHAPES[(index + index // len(SERIES)) % len(SHAPES)]


def symbol_of(index: int) -> str:
    """The shape as a character."""
    return SYMBOLS[(index + index // len(SERIES)) % len(SYMBOLS)]


def series_key(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A legend: each series' symbol with its class, and its name."""
    return tuple((f"s{k % len(SERIES) + 1} {symbol_of(k)}", name) for k, name in enumerate(names))


def axis(
    name: str, title: str | None, low: float, high: float, *, log: bool = False, **more: Any
) -> dict[str, Any]:
    """An encoding of a number, with its scale from `low` to `high`."""
    scale: dict[str, Any] = {"domain": [low, high], "nice": False, "zero": False}
    if log:
        scale["type"] = "log"
    return {
        "field": name,
        "type": "quantitative",
        "title": title,
        "scale": scale,
        "axis": {"tickCount": 5, **more},
    }


def rows(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Values as a chart's data: nothing is ever loaded from elsewhere."""
    return {"values": list(values)}


def drawn(layers: Sequence[Mapping[str, Any]], *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The layers of a Vega-Lite chart as SVG; DataError where a number is none to draw."""
    try:
        import vl_convert
    except ImportError:
        raise ConfigError(
            "vl-convert-python, which draws charts, isn't installed: pip install"
            " 'edgeassay[report]'"
        ) from None
    spec = {"width": width, "height": height, "config": CONFIG, "layer": list(layers)}
    try:
        text = json.dumps(spec, allow_nan=False)
        return compact(vl_convert.vegalite_to_svg(text, allowed_base_urls=[]))
    except ValueError as error:
        raise DataError(
            f"the results have numbers that can't be drawn ({error}); they were changed by hand:"
            " run it again"
        ) from None


def compact(svg: str) -> str:
    """The same picture in fewer bytes, with the page's colours; of anything but shapes and text
    nothing stays.
    """
    root = ET.fromstring(svg)  # noqa: S314  it was drawn here
    view = root.attrib.pop("viewBox", None)
    _prune(root)
    root.attrib.clear()
    if view is not None:
        _, _, width, height = view.split()
        root.attrib |= {"viewBox": view, "width": width, "height": height}
    root.attrib |= {"class": "plot", "aria-hidden": "true"}
    return ET.tostring(root, encoding="unicode")


def _prune(node: ET.Element) -> None:
    """Without what isn't seen, in place, from the leaves on."""
    for child in list(node):
        name = child.tag.removeprefix(SVG)
        hidden = child.get("display") == "none" or (
            name == "path" and child.get("d", "") in NOWHERE
        )
        background = child.get("class") == "background" and child.get("fill") is None
        if name not in KEPT or hidden or background:
            node.remove(child)
            continue
        child.tag = name
        _prune(child)
        child.attrib = _attributes(child)
        if name == "g" and not len(child):
            node.remove(child)
        elif name == "g" and not child.attrib:
            place = list(node).index(child)
            node.remove(child)
            for k, grandchild in enumerate(child):
                node.insert(place + k, grandchild)
    node.tag = node.tag.removeprefix(SVG)


def _attributes(node: ET.Element) -> dict[str, str]:
    found = {}
    for name, value in node.attrib.items():
        if name not in ATTRIBUTES or (name, value) in (("opacity", "1"), ("stroke-width", "1")):
            continue
        if name in ("fill", "stroke"):
            value = f"var(--{VARIABLES[value]})" if value in VARIABLES else value  # noqa: PLW2901
        elif name not in ("text-anchor", "font-weight"):
            value = DECIMALS.sub(_shorter, value)  # noqa: PLW2901
        if value not in ("translate(0,0)", ""):
            found[name] = value
    return found


def _shorter(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0").replace("-0.0", "0")
