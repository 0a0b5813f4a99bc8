"""Which cases of a run can become a baseline, and what keeps the others back: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from edgeassay.baselines.files import case_of
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS, Accepted, Case, Kind, Verdict

# An estimate is always the same, and compared as one; what stands in for a device is no baseline.
NO_DEVICE: Final = frozenset({Kind.EMULATED, Kind.SOFTWARE})


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """What keeps a case from being promoted: `fail` where a claim fails, else what isn't known."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A case is promoted unless something stands in its way. `excused` tells the failures that
    were declared or accepted.
    """

    case: Case
    obstacles: tuple[Obstacle, ...]
    excused: tuple[str, ...] = ()

    @property
    def promoted(self) -> bool:
        """Whether the case becomes the baseline."""
        return not self.obstacles

    @property
    def fails(self) -> bool:
        """Whether a claim of it fails that nobody declared or accepted."""
        return any(obstacle.verdict is Verdict.FAIL for obstacle in self.obstacles)


def decide_cases(
    cases: Iterable[Case],
    claims: Iterable[ClaimRecord],
    unfit: Mapping[Case, Sequence[str]],
    accepted: Sequence[Accepted],
    today: date,
) -> list[Decision]:
    """What becomes of each case by its claims; `unfit` says why what a run has of a case is too
    little for a baseline, or no good.
    """
    by_case: dict[Case, list[ClaimRecord]] = {case: [] for case in cases}
    for record in claims:
        by_case[Case(**record.case.model_dump())].append(record)
    return [
        _decide(case, records, unfit.get(case, ()), accepted, today)
        for case, records in by_case.items()
    ]


def _decide(
    case: Case,
    records: Sequence[ClaimRecord],
    unfit: Sequence[str],
    accepted: Sequence[Accepted],
    today: date,
) -> Decision:
    obstacles, excused = [], []
    for record in filter(_counts, records):
        excuse = _excuse(record, accepted, today)
        if excuse is not None:
            excused.append(f"{_named(record)}: {excuse}")
        elif record.verdict is not Verdict.PASS:
            why = f"{_named(record)}: {record.verdict}"
            obstacles.append(
                Obstacle(verdict=record.verdict, why=why + _expired(record, accepted, today))
            )
    if all(TRAITS[record.claim].of_baseline for record in records):
        nothing = "nothing was judged of it"
        obstacles.append(Obstacle(verdict=Verdict.UNMEASURED, why=nothing))
    for kind in sorted({record.kind for record in records} & NO_DEVICE):
        why = f"its numbers are {kind}: no device's"
        obstacles.append(Obstacle(verdict=Verdict.UNMEASURED, why=why))
    obstacles += [Obstacle(verdict=Verdict.UNMEASURED, why=why) for why in unfit]
    return Decision(case=case, obstacles=tuple(obstacles), excused=tuple(excused))


def _counts(record: ClaimRecord) -> bool:
    """Whether a claim can keep its case back. One against a baseline only where it fails, which
    shows a regression: it can't hold before there is a first baseline. Neither can one about
    outputs or times of what is only compiled.
    """
    traits = TRAITS[record.claim]
    never = record.kind is Kind.ESTIMATED and traits.needs_execution
    return record.verdict is Verdict.FAIL or not (traits.of_baseline or never)


def _excuse(record: ClaimRecord, accepted: Sequence[Accepted], today: date) -> str | None:
    """What excuses a claim that doesn't hold: its deviation, or an accepted failure."""
    declared, expires = record.deviation, record.deviation_expires
    own = not TRAITS[record.claim].of_baseline  # the excuses of the others stand in `accepted`
    if own and declared is not None and expires is not None and today <= expires:
        return f"declared until {expires}: {declared}"
    if record.verdict is not Verdict.FAIL:
        return None
    entry = next((a for a in _about(record, accepted) if a.holds(today)), None)
    return None if entry is None else f"accepted until {entry.expires} ({entry.owner})"


def _expired(record: ClaimRecord, accepted: Sequence[Accepted], today: date) -> str:
    """That something did excuse it once."""
    if record.deviation is not None and record.deviation_expires is not None:
        return f"; its deviation expired on {record.deviation_expires}"
    entry = next(_about(record, accepted), None)
    if entry is None:
        return ""
    if entry.holds(today):
        return f"; {entry.source} accepts a failure, and no lack of evidence"
    return f"; {entry.source} expired on {entry.expires}"


def _about(record: ClaimRecord, accepted: Sequence[Accepted]) -> Iterator[Accepted]:
    """The entries about a claim; those that last longest first."""
    case = case_of(record.case)
    assert case is not None, "a record has its case"
    found = (entry for entry in accepted if entry.covers(record.claim, case))
    return iter(sorted(found, key=lambda entry: entry.expires, reverse=True))


def _named(record: ClaimRecord) -> str:
    return f"{record.claim} ({record.class_name})" if record.class_name else str(record.claim)
