"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeassay.matrix_report.numbers import Cell
from edgeassay.matrix_report.overview import Line, Overview
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.matrix_report.verdicts import Stand
from edgeassay.report.markdown import escaped

WORDS: Final = ("variant", "runtime", "device", "verdict")
DITTO: Final = "″"  # as in the cell before


def markdown(found: Overview) -> str:
    """The whole page."""
    parts = [f"# {escaped(found.title)}", "", *_runs(found), *_opposites(found)]
    for model, lines in found.models.items():
        parts += [f"## {escaped(model)}", "", *table(found.columns, lines), ""]
    for number, note in enumerate(found.notes, start=1):
        parts.append(f"- note {number}: {escaped(note)}")
    parts += [""] if found.notes else []
    for heading, told in found.lists.items():
        parts += [f"## {heading}", "", *(f"- {escaped(line)}" for line in told), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _row(words: Sequence[str]) -> str:
    return f"| {' | '.join(words)} |"


def _runs(found: Overview) -> list[str]:
    parts = []
    for where, facts in found.runs:
        parts += [f"**{escaped(where)}**", ""]
        parts += [f"- {escaped(name)}: {escaped(text)}" for name, text in facts.items()]
        parts.append("")
    return parts


def _opposites(found: Overview) -> list[str]:
    """Claims that hold on some runtimes and fail on others."""
    if not found.opposites:
        return []
    parts = [
        "## Opposite verdicts",
        "",
        _row(("claim", "of", f"{SIGNS['pass']} holds on", f"{SIGNS['fail']} fails on")),
    ]
    parts.append(_row(["---"] * 4))
    for one in found.opposites:
        about = f"{one.model} {one.variant} ({one.of_file})"
        sides = [", ".join(map(_stand, side)) for side in (one.holding, one.failing)]
        parts.append(_row([escaped(one.claim), escaped(about), *sides]))
    return [*parts, ""]


def _stand(stand: Stand) -> str:
    words = f": {escaped(stand.words)}" if stand.words else ""
    return f"**{escaped(stand.runtime)}** ({escaped(stand.place)}){words}"


def table(columns: Sequence[str], lines: Sequence[Line]) -> list[str]:
    """A model's lines as a table."""
    rule = ["---"] * len(WORDS) + ["---:"] * len(columns)
    return [_row([*WORDS, *columns]), _row(rule), *map(_line, lines)]


def _line(line: Line) -> str:
    case = line.row.case
    verdict = f"{SIGNS.get(line.worst, '')} {line.verdict}".strip()
    words = [case.variant, case.runtime, line.row.place, verdict]
    for _, cell, columns in line.merged:
        words += [_cell(cell), *[DITTO] * (columns - 1)]
    return _row([escaped(word) for word in words])


def _cell(cell: Cell) -> str:
    note = f" (note {cell.note})" if cell.note is not None else ""
    return " ".join(filter(None, (cell.text, cell.bounds))) + note
