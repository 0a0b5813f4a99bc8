"""The report as one HTML page: no file beside it, no script; readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from edgeassay.matrix_report.chart import charts
from edgeassay.matrix_report.numbers import NOT_ASKED, Cell
from edgeassay.matrix_report.overview import Line, Overview
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.matrix_report.verdicts import Opposite, Stand

STYLE: Final = Path(__file__).with_name("page.css")
CHART: Final = (
    "● the reference, ◀ faster than it, ▶ slower, ■ no difference shown, each by the time ratio on"
    " its own runtime; the dashed line is the reference's p50, and bars are bounds of p50."
)


def page(found: Overview) -> str:
    """The whole document."""
    title = escape(found.title)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head><body>",
        f"<header><h1>{title}</h1>",
        *(_made(where, facts) for where, facts in found.runs),
        "</header><main>",
        *opposites(found.opposites),
    ]
    for model, lines in found.models.items():
        parts += _model(found, model, lines)
    parts += notes(found.notes)
    for heading, told in found.lists.items():
        parts += [f"<section><h2>{heading}</h2>", _list(told), "</section>"]
    parts += _runs(found)
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _made(where: str, facts: Mapping[str, str]) -> str:
    """What a reader must know of a run before its numbers."""
    made = f"{where}: {facts['run']}"
    return f"<p>{escape(facts['machine'])}<br><small>{escape(made)}</small></p>"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def opposites(found: Sequence[Opposite]) -> list[str]:
    """Claims that hold on some runtimes and fail on others."""
    if not found:
        return []
    parts = ['<section><h2>Opposite verdicts</h2><div class="opposites">']
    for one in found:
        about = f"<b>{escape(f'{one.model} {one.variant}')}</b>, {one.of_file}"
        chips = "".join(map(_chip, (*one.holding, *one.failing)))
        parts.append(
            f'<div class="opposite"><p>{about}: {escape(one.claim)}</p>'
            f'<p class="chips">{chips}</p></div>'
        )
    return [*parts, "</div></section>"]


def _chip(stand: Stand) -> str:
    verdict = "pass" if stand.holds else "fail"
    words = f": {stand.words}" if stand.words else ""
    return (
        f'<span class="chip {verdict}">{SIGNS[verdict]} <b>{escape(stand.runtime)}</b>'
        f" <small>{escape(stand.place)}</small>{escape(words)}</span>"
    )


def _model(found: Overview, model: str, lines: Sequence[Line]) -> list[str]:
    figures = charts(lines)
    parts = [f"<section><h2>{escape(model)}</h2>"]
    parts += [*figures, f'<p class="key">{CHART}</p>'] if figures else []
    return [*parts, '<div class="wide">', *table(found.columns, lines), "</div></section>"]


def table(columns: Sequence[str], lines: Sequence[Line]) -> list[str]:
    """A model's rows, a case each; on a phone each becomes a card."""
    heads = ["variant", "runtime", "device", "verdict", *columns]
    parts = ["<table><thead><tr>"]
    parts += [f'<th scope="col">{escape(name)}</th>' for name in heads]
    parts.append("</tr></thead><tbody>")
    before = ""
    for line in lines:
        first = line.row.case.variant != before
        before = line.row.case.variant
        parts.append(_line(line, first=first))
    return [*parts, "</tbody></table>"]


def _line(line: Line, *, first: bool) -> str:
    case, row = line.row.case, line.row
    cells = [
        f'<th scope="row" data-head="variant">{escape(case.variant)}</th>',
        f'<td data-head="runtime" class="word">{escape(case.runtime)}</td>',
        f'<td data-head="device" class="word">{escape(row.place)}</td>',
        f'<td data-head="verdict" class="verdict {escape(line.worst.replace(" ", "-"))}">'
        f"{SIGNS.get(line.worst, '')} {escape(line.verdict)}</td>",
        *(_cell(name, cell, columns) for name, cell, columns in line.merged),
    ]
    return f'<tr class="{"first" if first else "next"} {row.kind}">{"".join(cells)}</tr>'


def _cell(name: str, cell: Cell, columns: int) -> str:
    note = ""
    if cell.note is not None:
        note = f'<sup><a href="#note-{cell.note}">{cell.note}</a></sup>'
    bounds = f" <small>{escape(cell.bounds)}</small>" if cell.bounds else ""
    kind = "none" if cell.text == NOT_ASKED else "absent" if cell.absent else "number"
    head = name if columns == 1 else f"{name}, and {columns - 1} more"
    span = "" if columns == 1 else f' colspan="{columns}"'
    value = f"<span>{escape(cell.text)}{note}{bounds}</span>"
    return f'<td data-head="{escape(head)}" class="{kind}"{span}>{value}</td>'


def notes(told: Sequence[str]) -> list[str]:
    """The footnotes that tables lead to."""
    if not told:
        return []
    items = (f'<li id="note-{k}">{escape(note)}</li>' for k, note in enumerate(told, start=1))
    return ["<section><h2>Notes</h2><ol>", *items, "</ol></section>"]


def _runs(found: Overview) -> list[str]:
    parts = ["<section><h2>Runs</h2>"]
    for where, facts in found.runs:
        rows = "".join(f"<dt>{escape(n)}</dt><dd>{escape(text)}</dd>" for n, text in facts.items())
        parts.append(f"<h3>{escape(where)}</h3><dl>{rows}</dl>")
    return [*parts, "</section>"]
