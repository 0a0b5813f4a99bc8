"""What a gate over several machines found: for terminals, Markdown, JUnit and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from edgeassay.report.decision import (
    Decided,
    Decision,
    decided,
    decided_comparisons,
    together,
    undecided,
)
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import Approval, Leg, Verdict, Waiver

WAIVED: Final = "waived"
BUT_FOR_WAIVERS: Final = "passes but for waivers"
HOLDS: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
UNDECIDED: Final = 3
LACKING: Final = 4
# The first of these that anything ends with is the exit code of all.
PRECEDENCE: Final = (REFUSED, FAILED, LACKING, UNDECIDED, HOLDS)
# Of what doesn't hold; what holds is as its claims are decided.
WORDS: Final[Mapping[int, str]] = {
    REFUSED: "refused",
    FAILED: Decision.FAIL.value,
    LACKING: Decision.UNDECIDED.value,
    UNDECIDED: Decision.UNDECIDED.value,
}


class Problem(StrEnum):
    """Why a gate is red; each is said in a sentence of its own."""

    REFUSED = "refused file"
    FAILS = "claim fails"
    DEVIATION = "deviation to remove"
    SLOWER = "slower than the base"
    EXPIRED_WAIVER = "waiver expired"
    IDLE_WAIVER = "waiver waives nothing"
    NOTHING = "nothing decided"
    MISSING_LEG = "missing leg"
    MISSING_CASE = "missing case"
    MISSING_CLAIM = "missing claim"
    MISSING_AB = "missing comparison"
    UNMEASURED = "unmeasured"
    INCOMPARABLE = "incomparable"
    OTHER_COMMIT = "another commit"
    UNCOMMITTED = "uncommitted changes"
    INCOMPLETE = "incomplete run"
    SAMPLE = "a sample"
    OTHER_KIND = "another kind"
    OTHER_MACHINE = "another machine"
    OTHER_LIMIT = "another limit"
    OTHER_FILE = "different files"
    OTHER_DATA = "different data"
    TWICE = "judged twice"
    INCONCLUSIVE = "inconclusive"
    LOOSENED = "loosened without approval"
    NO_BASE = "no base"


EXITS: Final[Mapping[Problem, int]] = {
    **dict.fromkeys(Problem, LACKING),
    Problem.REFUSED: REFUSED,
    Problem.FAILS: FAILED,
    Problem.DEVIATION: FAILED,
    Problem.SLOWER: FAILED,
    Problem.EXPIRED_WAIVER: FAILED,
    Problem.IDLE_WAIVER: FAILED,
    Problem.LOOSENED: FAILED,
    Problem.INCONCLUSIVE: UNDECIDED,
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason for red, or where it is waived, one that would be.

    `leg` is None where it is about the gate as a whole; `claim` is what fails or isn't decided,
    `where` the file that says so, `command` what reproduces it.
    """

    problem: Problem
    sentence: str
    leg: str | None = None
    case: CaseId | None = None
    claim: ClaimRecord | None = None
    where: str | None = None
    command: str | None = None
    waiver: Waiver | None = None

    @property
    def exit_code(self) -> int:
        """What it ends with; a waived one is ignored."""
        return HOLDS if self.waiver is not None else EXITS[self.problem]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a commit changes in that which judges it. `what` is how an approval names it.

    It is red as a `problem` unless it is `approved`; without a problem it is only shown.
    """

    what: str
    sentence: str
    problem: Problem | None = None
    approved: Approval | None = None

    @property
    def words(self) -> str:
        """The change in words, with who approves it."""
        if self.approved is None:
            return f"{self.what}: {self.sentence}"
        who = f"approved by {self.approved.owner}: {self.approved.reason}"
        return f"{self.what}: {self.sentence} ({who})"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim as it stands at the gate: `pass`, `declared`, `waived`, or what keeps it from both;
    `tolerated` ones are shown and not counted, such as a time that nothing asked for.
    """

    record: ClaimRecord
    where: str
    stands: str
    reason: str = ""
    tolerated: bool = False


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A case of two builds in turn; ratios are head/base, None where nothing was timed. `limit` is
    what it was held against, in words.
    """

    name: str
    verdict: Verdict
    limit: str = ""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0


@dataclass(frozen=True, kw_only=True)
class LegOutcome:
    """A leg: what was expected, what came, and what is wrong with it."""

    leg: Leg
    files: tuple[str, ...]
    cases: int
    cases_found: int
    claims: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...] = field(default_factory=tuple)
    compared: tuple[Compared, ...] = field(default_factory=tuple)
    unasked: int = 0

    @property
    def exit_code(self) -> int:
        """Of this leg alone."""
        return worst(self.findings)

    @property
    def decided(self) -> Decided:
        """The decision on its claims and comparisons, whatever the leg lets pass. The claims that
        its runs weren't asked for are `unasked`.
        """
        claims = decided([judged.record for judged in self.claims], unasked=self.unasked)
        return together([claims, decided_comparisons(one.verdict for one in self.compared)])

    @property
    def word(self) -> str:
        """How it ends, in a word or three; what is waived or undecided is never a pass."""
        if self.exit_code == HOLDS and self.waivers:
            return WAIVED
        if any(f.problem is Problem.MISSING_LEG and f.waiver is None for f in self.findings):
            return "missing"
        return WORDS.get(self.exit_code) or self.decided.word

    @property
    def let_pass(self) -> list[Judged]:
        """Claims that aren't decided, and that the leg lets pass."""
        open_ones = undecided([judged.record for judged in self.claims])
        return [j for j in self.claims if j.tolerated and any(j.record is one for one in open_ones)]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many claims stand how."""
        return Counter(judged.stands for judged in self.claims)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the gate decides: its legs, what is wrong with all of them together, what is only told,
    and what the commit changes in that which judges it.
    """

    commit: str | None
    config: str
    legs: tuple[LegOutcome, ...]
    whole: tuple[Finding, ...] = field(default_factory=tuple)
    notes: tuple[str, ...] = field(default_factory=tuple)
    changes: tuple[Change, ...] = field(default_factory=tuple)

    @property
    def findings(self) -> list[Finding]:
        """All of them, worst first; waived ones last."""
        found = [*self.whole, *(f for leg in self.legs for f in leg.findings)]
        order = [*Problem]
        return sorted(
            found,
            key=lambda f: (PRECEDENCE.index(f.exit_code), order.index(f.problem)),
        )

    @property
    def red(self) -> list[Finding]:
        """Those that decide."""
        return [finding for finding in self.findings if finding.waiver is None]

    @property
    def exit_code(self) -> int:
        """The first that applies: 2 refused, 1 fails, 4 lacking, 3 inconclusive, 0 holds."""
        return worst(self.findings)

    @property
    def word(self) -> str:
        """The verdict in a word, or few: with anything waived it is no pass."""
        if self.exit_code == HOLDS and any(leg.waivers for leg in self.legs):
            return BUT_FOR_WAIVERS
        return WORDS.get(self.exit_code) or together(leg.decided for leg in self.legs).word


def worst(findings: Sequence[Finding]) -> int:
    """The exit code of several findings together."""
    codes = {finding.exit_code for finding in findings}
    return next(code for code in PRECEDENCE if code in codes or code == HOLDS)
