"""The report in a terminal."""

from __future__ import annotations

from functools import partial

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.matrix_report.markdown import DITTO
from edgeassay.matrix_report.numbers import Cell
from edgeassay.matrix_report.overview import Line, Overview
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.table import STYLES


def show(found: Overview, console: Console) -> None:
    """Runs, a table for each model, opposite verdicts, and what failed."""
    say = partial(_say, console)
    for where, facts in found.runs:
        say(where, "bold")
        for name, text in facts.items():
            say(f"  {name}: {text}")
    for model, lines in found.models.items():
        console.print(_table(found, model, lines))
    for number, note in enumerate(found.notes, start=1):
        say(f"note {number}: {note}")
    for one in found.opposites:
        say(f"{one.claim} of {one.model} {one.variant} ({one.of_file}):", "bold")
        for stand in one.stands:
            verdict = "pass" if stand.holds else "fail"
            words = f": {stand.words}" if stand.words else ""
            say(f"  {SIGNS[verdict]} {stand.where}{words}", STYLES[verdict])
    for heading, told in found.lists.items():
        for line in told:
            say(f"{heading.lower()}: {line}", "dim" if told is found.legend else "")


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _table(found: Overview, model: str, lines: tuple[Line, ...]) -> Table:
    table = Table(
        title=Text(model),
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("variant", overflow="fold")
    for name in ("runtime", "device"):
        table.add_column(name, no_wrap=True)
    for name in found.columns:
        table.add_column(name, justify="right", overflow="fold", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for line in lines:
        case = line.row.case
        words = [case.variant, case.runtime, line.row.place]
        for _, cell, columns in line.merged:
            words += [_cell(cell), *[DITTO] * (columns - 1)]
        told = Text(f"{SIGNS.get(line.worst, '')} {line.verdict}", style=STYLES.get(line.worst, ""))
        table.add_row(*map(Text, words), told)
    return table


def _cell(cell: Cell) -> str:
    """Without its bounds: a line of them would be too long for a terminal."""
    note = f" ({cell.note})" if cell.note is not None else ""
    return cell.text + note
