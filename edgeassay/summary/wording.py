"""What is said of a gate's outcome, alike in a terminal, in Markdown and in JUnit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.report.table import ORDER
from edgeassay.summary.outcome import WAIVED, Finding, Outcome

SHORT: Final = 12  # characters of a commit that are shown
SHOWN: Final = (*ORDER, WAIVED)


def counted(counts: Mapping[str, int]) -> str:
    """How many claims stand how, worst first."""
    return ", ".join(f"{counts[name]} {name}" for name in SHOWN if counts.get(name))


def of_waiver(finding: Finding) -> str:
    """Who waives a finding, why and until when; nothing where nobody does."""
    waiver = finding.waiver
    if waiver is None:
        return ""
    return f"until {waiver.expires} ({waiver.owner}: {waiver.reason})"


def headline(outcome: Outcome) -> str:
    """The verdict in a line."""
    words = [leg.word for leg in outcome.legs]
    legs = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    commit = (outcome.commit or "no commit")[:SHORT]
    red = len(outcome.red)
    reasons = f"; {red} reason{'' if red == 1 else 's'} for red" if red else ""
    number = f"{len(words)} leg{'' if len(words) == 1 else 's'}"
    return f"{outcome.word}: {number} of {outcome.config} ({legs}) at {commit}{reasons}"
