"""All checks, one after the other, in a folder that is gone afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import edgeassay
from edgeassay.config.shapes import default_selftest
from edgeassay.machine import this_machine
from edgeassay.progress import Reporter
from edgeassay.selftest.checks import Check, Found, answer
from edgeassay.selftest.known import known_answers
from edgeassay.selftest.planted import planted_regressions
from edgeassay.selftest.record import CheckRecord, SelftestRecord, worst
from edgeassay.selftest.timing import planted_slowdowns
from edgeassay.temporary import temporary_folder


def run_selftest(report: Reporter) -> SelftestRecord:
    """Ask everything; nothing of it depends on the project or its data."""
    made = datetime.now(UTC)
    with temporary_folder() as folder:
        checks = [
            *known_answers(folder),
            *planted_regressions(folder),
            *planted_slowdowns(folder, default_selftest()),
        ]
        found = ask_all(checks, report)
        shown = [replace(one, said=one.said.replace(f"{folder}/", "")) for one in found]
    return record_of(shown, made)


def ask_all(checks: Sequence[Check], report: Reporter) -> list[Found]:
    """Every check's answer."""
    found = []
    with report("asking", len(checks)) as advance:
        for check in checks:
            found.append(answer(check))
            advance(1)
    return found


def record_of(found: Sequence[Found], made: datetime) -> SelftestRecord:
    """The answers as a file has them."""
    machine = this_machine()
    return SelftestRecord(
        edgeassay=edgeassay.__version__,
        fingerprint=machine.fingerprint,
        python=machine.python,
        made=made,
        outcome=worst(found),
        checks=[CheckRecord(**vars(one)) for one in found],
    )
