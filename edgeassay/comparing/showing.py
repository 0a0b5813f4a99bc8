"""What `edgeassay compare` prints, and the files that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.changes import Change, LostClaim
from edgeassay.comparing.judging import Found, Row
from edgeassay.comparing.sides import Side
from edgeassay.comparing.wording import COLUMNS, cells, lines
from edgeassay.privacy import Redactor
from edgeassay.report.markdown import escaped
from edgeassay.report.table import STYLES

RIGHT: Final = ("base ms", "head ms", "change", "bounds")


def show(found: Found, console: Console, *, unchanged: bool) -> None:
    """The table, without what is `unchanged` unless it is wanted, and the lines below it."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        right = name in RIGHT
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right)
    rows = [row for row in found.worst_first if unchanged or not row.unchanged]
    for row in rows:
        *words, verdict = cells(row)
        table.add_row(*map(Text, words), Text(verdict, style=STYLES[row.verdict.value]))
    if rows:
        console.print(table)
    for line in lines(found):
        console.print(line, markup=False, soft_wrap=True)


def markdown(found: Found, eraser: Redactor) -> str:
    """The same for a pull request, without names; what is unchanged is only counted."""

    def said(text: str) -> str:
        return escaped(eraser.text(text))

    def row(words: Sequence[str]) -> str:
        return f"| {' | '.join(words)} |"

    title = f"{found.base.title} -> {found.head.title}"
    rows = [cells(one) for one in found.worst_first if not one.unchanged]
    made = [f"### edgeassay compare: {said(title)}", ""]
    if rows:
        made += [row(COLUMNS), row(["---:" if name in RIGHT else "---" for name in COLUMNS])]
        made += [row([said(word) for word in words]) for words in rows]
        made.append("")
    *told, summary = lines(found)
    made += [f"**{said(summary)}**", ""]
    made += [f"- {said(line)}" for line in told]
    return "\n".join(made).rstrip("\n") + "\n"


def document(found: Found) -> dict[str, Any]:
    """The same for a program: ratios are head/base, a drop is base - head."""
    return {
        "schema": 1,
        "edgeassay": edgeassay.__version__,
        "verdict": found.verdict,
        "exit_code": found.exit_code,
        "across_machines": found.across,
        "machines_differ": list(found.machines),
        "noise": asdict(found.settings.noise),
        "base": _side(found.base),
        "head": _side(found.head),
        "benchmarks": [_row(row) for row in found.worst_first],
        "missing": [timed.key for timed in found.missing],
        "new": [timed.key for timed in found.new],
        "claims": [_lost(lost) for lost in found.lost],
        "remarks": lines(found),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "title": side.title,
        "hardware": side.latest.hardware,
        "machine": dict(side.latest.machine),
        "runs": [
            {
                "path": run.where,
                "format": run.version,
                "commit": run.commit,
                "dirty": run.dirty,
                "complete": run.complete,
                "saved": None if run.saved is None else run.saved.isoformat(),
            }
            for run in side.runs
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    case = row.head.case
    return {
        "benchmark": row.head.key,
        "base_benchmark": row.base.key,
        "case": None if case is None else case.model_dump(),
        "verdict": row.verdict,
        "unchanged": row.unchanged,
        "labels": list(row.labels),
        "changes": [_change(change) for change in row.changes],
        "accepted": [change.quantity for change in row.changes if row.excuses(change)],
    }


def _change(change: Change) -> dict[str, Any]:
    return {**asdict(change), "limits": [asdict(limit) for limit in change.limits]}


def _lost(lost: LostClaim) -> dict[str, Any]:
    return {
        "claim": lost.base.claim,
        "case": lost.base.case.model_dump(),
        "class": lost.base.class_name,
        "base": lost.base.verdict,
        "head": None if lost.head is None else lost.head.verdict,
        "deviation": lost.declared,
        "fails": lost.fails,
        "reason": None if lost.head is None else lost.head.reason,
    }
