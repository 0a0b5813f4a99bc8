"""What is said of a gate's outcome, alike in a terminal, in Markdown and in JUnit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import ORDER
from edgeassay.spec import Verdict
from edgeassay.summary.outcome import BUT_FOR_WAIVERS, WAIVED, Finding, Outcome

SHORT: Final = 12  # characters of a commit that are shown
SHOWN: Final = (*ORDER, WAIVED)
# Of how the gate and its legs end: something waived has a sign of its own, unlike any verdict's.
ENDS: Final[Mapping[str, str]] = {**SIGNS, WAIVED: "◇", BUT_FOR_WAIVERS: "◇"}


CHANGES: Final = "This commit changes what judges it:"


def counted(counts: Mapping[str, int]) -> str:
    """How many claims stand how, worst first."""
    return ", ".join(f"{counts[name]} {name}" for name in SHOWN if counts.get(name))


def sign_of(word: str) -> str:
    """That of a leg's or the gate's end; what has none of its own is red."""
    return ENDS.get(word.partition(" until ")[0], SIGNS[Verdict.FAIL.value])


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
    if let := sum(len(leg.let_pass) for leg in outcome.legs):
        reasons += f"; {let} undecided claim{'' if let == 1 else 's'} let pass by {outcome.config}"
    number = f"{len(words)} leg{'' if len(words) == 1 else 's'}"
    end = "the merge is blocked" if outcome.exit_code else "nothing blocks the merge"
    return f"{outcome.word}: {number} of {outcome.config} ({legs}) at {commit}{reasons}; {end}"
