"""The decision on several claims together, in the words that all reports use: the closing table,
the Markdown summary, the page, the gate, JUnit, badges and the model card.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from edgeassay.report.results import DeviationRecord, Results
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import ClaimName, Verdict

DECLARED: Final = "declared"
# How one claim can stand, worst first; a declared failure is known, and so shown before what isn't
# measured.
ORDER: Final = (
    Verdict.FAIL.value,
    Verdict.INCONCLUSIVE.value,
    Verdict.INCOMPARABLE.value,
    DECLARED,
    Verdict.UNMEASURED.value,
    Verdict.PASS.value,
)


class Decision(StrEnum):
    """What may become of claims together, worst first."""

    FAIL = "fail"
    UNDECIDED = "undecided"
    DECLARED = "declared"
    PASS = "pass"


# What a decision means for the variant that it is about.
SHIPS: Final[Mapping[Decision, str]] = {
    Decision.FAIL: "may not ship",
    Decision.UNDECIDED: "undecided",
    Decision.DECLARED: "declared",
    Decision.PASS: "may ship",
}


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision, and how many of `total` claims make it so. Of a declared one, `until` is the last
    day on which all of its deviations hold.
    """

    decision: Decision
    number: int
    total: int
    until: date | None = None

    @property
    def word(self) -> str:
        """The decision in a word or three; never `pass` unless every claim holds."""
        return self._dated(self.decision.value)

    @property
    def ships(self) -> str:
        """The same decision, said of a variant: whether it may ship."""
        return self._dated(SHIPS[self.decision])

    @property
    def share(self) -> str:
        """The word, with how many of the claims make it so unless all of them do."""
        if self.number in (0, self.total):
            return self.word
        return f"{self.word}, {self.number} of {self.total}"

    def _dated(self, word: str) -> str:
        if self.decision is not Decision.DECLARED or self.until is None:
            return word
        return f"{word} until {self.until}"


def standing(record: ClaimRecord) -> str:
    """The verdict on one claim as reports count it: a declared one apart from the others."""
    if record.deviation is not None:
        return DECLARED
    return record.verdict.value


def counts(records: Iterable[ClaimRecord]) -> dict[str, int]:
    """How many claims stand how, worst first, without zeros."""
    found = Counter(standing(record) for record in records)
    return {name: found[name] for name in ORDER if found[name]}


def undecided(records: Sequence[ClaimRecord]) -> list[ClaimRecord]:
    """The claims that nothing decides. What can't be measured because an artifact doesn't load, as
    a deviation declares, isn't among them: the deviation answers for it.
    """
    answered = {r.case for r in records if r.claim is ClaimName.LOADS and standing(r) == DECLARED}
    return [
        record
        for record in records
        if standing(record) not in (DECLARED, Verdict.FAIL.value, Verdict.PASS.value)
        and not (record.verdict is Verdict.UNMEASURED and record.case in answered)
    ]


def decided(
    records: Sequence[ClaimRecord],
    *,
    unasked: int = 0,
    complete: bool = True,
    to_remove: Collection[DeviationRecord] = (),
) -> Decided:
    """The decision on claims together. A claim that fails undeclared, or a deviation that has to be
    removed, makes it `fail`. A claim that isn't decided or that the run wasn't asked for makes it
    `undecided`, and so does a run that ended early, or no claim at all.
    """
    stands = counts(records)
    failed, declared = stands.get(Verdict.FAIL.value, 0), stands.get(DECLARED, 0)
    open_ones = len(undecided(records)) + unasked
    total, until = len(records) + unasked, None
    if failed or to_remove:
        decision, number = Decision.FAIL, failed
    elif open_ones or not complete or not records:
        decision, number = Decision.UNDECIDED, open_ones
    elif declared:
        dates = [r.deviation_expires for r in records if standing(r) == DECLARED]
        until = min((day for day in dates if day is not None), default=None)
        decision, number = Decision.DECLARED, declared
    else:
        decision, number = Decision.PASS, total
    return Decided(decision=decision, number=number, total=total, until=until)


def in_words(found: Decided, records: Iterable[ClaimRecord]) -> str:
    """A decision with how many claims stand how; the word alone is left out if a count has it."""
    stands = counts(records)
    told = ", ".join(f"{number:,} {name}" for name, number in stands.items()) or "no claim"
    return told if found.word in stands else f"{found.word}: {told}"


def together(found: Iterable[Decided]) -> Decided:
    """The worst of several decisions, with all the claims that make it so."""
    every = list(found) or [decided([])]
    worst = min((one.decision for one in every), key=list(Decision).index)
    same = [one for one in every if one.decision is worst]
    return Decided(
        decision=worst,
        number=sum(one.number for one in same),
        total=sum(one.total for one in every),
        until=min((one.until for one in same if one.until is not None), default=None),
    )


def decided_comparisons(verdicts: Iterable[Verdict]) -> Decided:
    """The decision on comparisons of two commits: one that isn't decided is no pass."""
    every = list(verdicts)
    failed, passed = every.count(Verdict.FAIL), every.count(Verdict.PASS)
    if failed:
        return Decided(decision=Decision.FAIL, number=failed, total=len(every))
    if passed < len(every):
        number = len(every) - passed
        return Decided(decision=Decision.UNDECIDED, number=number, total=len(every))
    return Decided(decision=Decision.PASS, number=passed, total=passed)


def decided_case(case: CaseId, results: Results) -> Decided:
    """The decision on one case of a run."""
    return _part(results, lambda one: one == case)


def decided_variant(model: str, variant: str, runs: Iterable[Results]) -> Decided:
    """The decision on a variant, on all runtimes and devices of these runs."""

    def mine(case: CaseId) -> bool:
        return (case.model, case.variant) == (model, variant)

    return together(_part(one, mine) for one in runs if any(mine(r.case) for r in one.claims))


def decided_model(model: str, runs: Iterable[Results]) -> Decided:
    """The decision on all that these runs say of a model."""

    def mine(case: CaseId) -> bool:
        return case.model == model

    return together(
        _part(one, mine, complete=one.complete, model=model)
        for one in runs
        if any(mine(record.case) for record in one.claims)
    )


def decided_runs(runs: Iterable[Results]) -> Decided:
    """The decision on all that these runs say together."""
    return together(
        decided(
            one.claims,
            unasked=len(one.unasked),
            complete=one.complete,
            to_remove=one.to_remove,
        )
        for one in runs
    )


def _part(
    results: Results,
    mine: Callable[[CaseId], bool],
    *,
    complete: bool = True,
    model: str | None = None,
) -> Decided:
    """The decision on the cases of a run that are `mine`."""
    return decided(
        [record for record in results.claims if mine(record.case)],
        unasked=sum(mine(one.case) for one in results.unasked),
        complete=complete,
        to_remove=[r for r in results.to_remove if r.model == model or any(map(mine, r.cases))],
    )
