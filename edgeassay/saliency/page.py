"""Maps beside the images they are of, as one HTML page: no file beside it, no script."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets import load_images
from edgeassay.saliency.finding import Found, Row
from edgeassay.saliency.showing import COLUMNS, cells, sentences
from edgeassay.stats.arrays import Floats

STYLE: Final = Path(__file__).with_name("page.css")
# Told apart by the colour-blind too: where the score falls when a place is covered, and rises.
FALLS: Final = (213, 94, 0)
RISES: Final = (0, 98, 163)


def page(found: Found, pictures: int, named: Callable[[str], str] = str) -> str:
    """The whole document; DataError where an image can't be read."""
    title = escape(f"Where {found.model.id} looks, by variant")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head><body>",
        f"<header><h1>{title}</h1><p>{escape(found.model.title)}</p></header><main>",
        *_table(found),
        "<ul>",
        *(f"<li>{escape(line)}</li>" for line in sentences(found)),
        "</ul>",
    ]
    runtimes = dict.fromkeys(row.case.runtime for row in found.rows)
    for runtime in runtimes:
        shown = [row for row in found.rows if row.case.runtime == runtime and row.compared]
        if shown:
            parts += _maps(found, runtime, shown, pictures, named)
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _table(found: Found) -> list[str]:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in COLUMNS)
    rows = [
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(row)) + "</tr>"
        for row in found.rows
    ]
    return [
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>',
        *rows,
        "</tbody></table></div>",
    ]


def chosen(rows: Sequence[Row], pictures: int) -> list[int]:
    """So many images, evenly from the one whose maps agree least, over all variants, to the one
    whose agree most.
    """
    every = np.array([row.compared.correlations for row in rows if row.compared])
    order = np.argsort(every.mean(axis=0), kind="stable")
    places = np.linspace(0, len(order) - 1, min(pictures, len(order))).round().astype(int)
    return [int(order[place]) for place in places]


def _maps(
    found: Found, runtime: str, rows: Sequence[Row], pictures: int, named: Callable[[str], str]
) -> list[str]:
    """The images on one runtime, each with the reference's map and every variant's."""
    reference = found.model.reference.variant
    first = rows[0].compared
    assert first is not None, "rows without maps aren't shown"
    parts = [
        f"<section><h2>{escape(runtime)}</h2>",
        '<p class="legend"><span>covered, the score rises</span> <i></i> <span>it falls</span></p>',
        "<p>No colour: it stays. Each map has its own scale. The images go from the one whose maps"
        " agree least to the one whose maps agree most.</p>",
    ]
    for image in chosen(rows, pictures):
        inputs = first.inputs
        name, class_name = (
            named(inputs.split.names[image]),
            found.model.classes[first.classes[image]],
        )
        grey = load_images(inputs.split, [image], inputs.settings)[0]
        channels = -1 if inputs.settings.channels == "last" else 0
        parts += [
            f"<h3>{escape(name)}, {escape(class_name)}</h3>",
            '<div class="maps">',
            _figure(_grey(grey.mean(axis=channels)), "image", "as the network gets it"),
            _figure(heat(first.reference[image], inputs.grid.shape), reference, "the reference"),
        ]
        for row in rows:
            if row.compared is None or row.case.variant == reference:
                continue
            drawn = heat(row.compared.candidate[image], inputs.grid.shape)
            parts.append(_figure(drawn, row.case.variant, _agreement(row, image)))
        parts.append("</div>")
    return [*parts, "</section>"]


def _agreement(row: Row, image: int) -> str:
    assert row.compared is not None, "rows without maps aren't shown"
    words = (
        f"correlation {row.compared.correlations[image]:.3f},"
        f" overlap {row.compared.overlaps[image]:.2f}"
    )
    return f"{words}; its map is flat" if row.compared.flat[image] else words


def _figure(picture: Image.Image, name: str, words: str) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    source = base64.b64encode(data.getvalue()).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{source}" alt="{escape(f"{name}, {words}")}">'
        f"<figcaption><b>{escape(name)}</b>{escape(words)}</figcaption></figure>"
    )


def _grey(image: npt.NDArray[np.float32]) -> Image.Image:
    """From its darkest to its lightest."""
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / (high - low) if high > low else np.zeros_like(image)
    return Image.fromarray(np.rint(255.0 * scaled).astype(np.uint8))


def heat(falls: Floats, shape: tuple[int, int]) -> Image.Image:
    """A map as colours on whatever lies below: the stronger, the less of that shows through."""
    values = falls.reshape(shape)
    most = float(np.abs(values).max())
    strength = np.abs(values) / most if most > 0.0 else np.zeros(shape)
    pixels = np.empty((*shape, 4), np.uint8)
    pixels[..., :3] = np.where((values >= 0.0)[..., np.newaxis], FALLS, RISES)
    pixels[..., 3] = np.rint(255.0 * strength)
    return Image.fromarray(pixels, "RGBA")
