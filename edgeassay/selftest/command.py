"""`edgeassay selftest`: what the command line says and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.atomic import check_replaceable
from edgeassay.progress import ConsoleReporter
from edgeassay.report.redaction import leave_json
from edgeassay.selftest.checks import Outcome
from edgeassay.selftest.record import SelftestRecord
from edgeassay.selftest.running import run_selftest

STYLES: Final = {
    Outcome.EXPECTED: "green",
    Outcome.WRONG: "bold red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.UNMEASURED: "dim",
}
ENDS: Final = {
    Outcome.EXPECTED: "the engine says what it ought to, on this machine",
    Outcome.WRONG: "the engine says what it ought not to: trust no verdict of it here",
    Outcome.INCONCLUSIVE: "too much goes on here to time anything: ask again when it is quieter",
    Outcome.UNMEASURED: "not everything could be asked here",
}


def selftest_command(
    *,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay selftest` does with its options."""
    if json_path is not None:
        check_replaceable(json_path)
    found = run_selftest(ConsoleReporter(Console(stderr=True)))
    facts = json.loads(found.model_dump_json(by_alias=True))
    leave_json(json_path, facts, identified=identified)
    show(found, Console(highlight=False))
    if found.code:
        raise typer.Exit(found.code)


def show(found: SelftestRecord, console: Console) -> None:
    """A row for each check, and what follows of all."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("asked", "planted", "expected", "said"):
        table.add_column(name, overflow="fold")
    table.add_column("", no_wrap=True)
    for one in found.checks:
        cells = (one.subject, one.planted, one.expected, one.said)
        table.add_row(*map(Text, cells), Text(one.outcome.value, style=STYLES[one.outcome]))
    console.print(table)
    count = sum(one.outcome is Outcome.EXPECTED for one in found.checks)
    console.print(
        Text(
            f"{count} of {len(found.checks)} as expected, edgeassay {found.edgeassay} on machine"
            f" {found.fingerprint}: {ENDS[found.outcome]}",
            style=STYLES[found.outcome],
        ),
        soft_wrap=True,
    )
