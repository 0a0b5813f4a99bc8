"""A gate's outcome in a terminal, and for a program."""

from __future__ import annotations

from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.report.decision import Decision
from edgeassay.report.marks import marked
from edgeassay.report.sentences import told
from edgeassay.runs.records import plain
from edgeassay.summary.outcome import (
    BUT_FOR_WAIVERS,
    WAIVED,
    Change,
    Finding,
    LegOutcome,
    Outcome,
    Problem,
)
from edgeassay.summary.wording import CHANGES, counted, headline, of_waiver, sign_of

COLUMNS: Final = ("leg", "outcome", "kind", "cases", "claims", "files")
STYLES: Final = {
    "pass": "green",
    WAIVED: "magenta",
    BUT_FOR_WAIVERS: "magenta",
    Decision.UNDECIDED.value: "yellow",
    Decision.DECLARED.value: "magenta",
}
OTHER: Final = "bold red"
MOST_TOLD: Final = 10  # undecided claims that are let pass, each a line


def show(outcome: Outcome, console: Console) -> None:
    """The legs, what is red, what is waived, what is only told, and the verdict; refused files are
    said where errors are.
    """
    if outcome.changes:
        _say(console, CHANGES, "bold")
        for change in outcome.changes:
            _say(console, f"    {change.words}", "" if change.problem is None else "yellow")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for leg in outcome.legs:
        first, word, *others = cells(leg)
        style = _style(word)
        rest = [Text(line_of(cell)) for cell in others]
        table.add_row(Text(first), Text(f"{sign_of(word)} {word}", style=style), *rest)
    console.print(table)
    for finding in outcome.findings:
        if finding.problem is Problem.REFUSED:
            continue
        waived = of_waiver(finding)
        words = f"{finding.problem}: {finding.sentence}"
        style = STYLES[WAIVED] if waived else OTHER
        _say(console, f"{WAIVED}, {waived}: {words}" if waived else words, style)
        if finding.command is not None and not waived:
            _say(console, f"    {finding.command}", "dim")
    _show_let_pass(outcome, console)
    for note in outcome.notes:
        _say(console, f"note: {note}", "dim")
    _say(console, f"{sign_of(outcome.word)} {headline(outcome)}", _style(outcome.word))


def _style(word: str) -> str:
    return STYLES.get(word.partition(" until ")[0], OTHER)


def _show_let_pass(outcome: Outcome, console: Console) -> None:
    """The claims that aren't decided and that a leg lets pass: a merge rests on them."""
    found = [(leg.leg, judged) for leg in outcome.legs for judged in leg.let_pass]
    for leg, judged in found[:MOST_TOLD]:
        words = f"{judged.stands}, let pass by {leg.source}: {told(judged.record)}"
        _say(console, words, STYLES[Decision.UNDECIDED])
    if found[MOST_TOLD:]:
        _say(console, f"and {len(found) - MOST_TOLD} more undecided claims", "yellow")


def cells(leg: LegOutcome) -> list[str]:
    """A leg's row."""
    return [
        leg.leg.id,
        leg.word,
        marked(str(leg.leg.kind), leg.leg.kind),
        f"{leg.cases_found} of {leg.cases}",
        counted(leg.counts) or "none",
        ", ".join(leg.files) or "none",
    ]


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(line_of(text), style=style), soft_wrap=True)


def line_of(text: str) -> str:
    """Text of strangers as one line that neither a terminal nor a build server takes for a command
    (`::error::`, `##[error]`).
    """
    return plain(text).replace("::", ": :").replace("##[", "## [")


def document(outcome: Outcome) -> dict[str, Any]:
    """The same for a program."""
    return {
        "schema": 1,
        "edgeassay": edgeassay.__version__,
        "commit": outcome.commit,
        "config": outcome.config,
        "verdict": outcome.word,
        "exit_code": outcome.exit_code,
        "changes": [_change(change) for change in outcome.changes],
        "legs": [_leg(leg) for leg in outcome.legs],
        "findings": [_finding(finding) for finding in outcome.findings],
        "notes": list(outcome.notes),
    }


def _change(change: Change) -> dict[str, Any]:
    approval = change.approved
    return {
        "what": change.what,
        "sentence": change.sentence,
        "problem": None if change.problem is None else change.problem.value,
        "approval": None if approval is None else approval.source,
    }


def _leg(leg: LegOutcome) -> dict[str, Any]:
    return {
        "leg": leg.leg.id,
        "architecture": leg.leg.architecture,
        "kind": leg.leg.kind.value,
        "outcome": leg.word,
        "files": list(leg.files),
        "cases": leg.cases,
        "cases_found": leg.cases_found,
        "claims": dict(leg.counts),
        "let_pass": len(leg.let_pass),
        "waivers": [waiver.source for waiver in leg.waivers],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    record = finding.claim
    waiver = finding.waiver
    return {
        "problem": finding.problem.value,
        "sentence": finding.sentence,
        "leg": finding.leg,
        "case": None if finding.case is None else finding.case.model_dump(),
        "claim": None if record is None else record.model_dump(mode="json", by_alias=True),
        "file": finding.where,
        "command": finding.command,
        "exit_code": finding.exit_code,
        "waiver": None
        if waiver is None
        else {
            "source": waiver.source,
            "owner": waiver.owner,
            "reason": waiver.reason,
            "expires": waiver.expires.isoformat(),
        },
    }
