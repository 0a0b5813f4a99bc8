"""The top of the page: for each variant whether it may ship, and what isn't decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import some
from edgeassay.html_report.telling import before_numbers, shortened, told
from edgeassay.matrix_report.rows import Row, Run
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import Decided, Decision, decided_variant, standing, undecided
from edgeassay.report.sentences import name_of
from edgeassay.runs.records import ClaimRecord, plain
from edgeassay.spec import Verdict

MOST_OPEN: Final = 12  # reasons at the top of the page; each case has all of its own


@dataclass(frozen=True, kw_only=True)
class VariantLine:
    """Whether a variant may ship, and what makes it so."""

    model: str
    variant: str
    standing: str
    sign: str
    ships: str
    why: str


@dataclass(frozen=True, kw_only=True)
class OpenLine:
    """Claims that nothing decides, for one reason."""

    standing: str
    sign: str
    claims: str
    reason: str


def variant_lines(runs: Sequence[Run], rows: Sequence[Row]) -> list[VariantLine]:
    """A line for each variant that has a claim, in the order of the rows."""
    results = [run.results for run in runs]
    groups: dict[tuple[str, str], list[ClaimRecord]] = {}
    for row in rows:
        groups.setdefault((row.case.model, row.case.variant), []).extend(row.claims)
    return [
        _line(model, variant, claims, decided_variant(model, variant, results))
        for (model, variant), claims in groups.items()
        if claims
    ]


def _line(model: str, variant: str, claims: Sequence[ClaimRecord], found: Decided) -> VariantLine:
    return VariantLine(
        model=model,
        variant=variant,
        standing=found.decision.value,
        sign=SIGNS[found.decision],
        ships=found.ships,
        why=_why(claims, found),
    )


def _why(claims: Sequence[ClaimRecord], found: Decided) -> str:
    """What makes a decision so, in a few words."""
    if found.decision is Decision.PASS:
        return f"all {found.total:,} claims hold" if found.total > 1 else "its only claim holds"
    if found.decision is Decision.FAIL:
        about = [record for record in claims if standing(record) == Verdict.FAIL.value]
        if not about:
            return "a deviation must be removed"
    elif found.decision is Decision.DECLARED:
        about = [record for record in claims if record.deviation is not None]
    else:
        about = undecided(claims)
        if not about:
            return f"{found.number:,} of {found.total:,} claims weren't asked for"
    names = dict.fromkeys(f"{record.claim} on {record.case.runtime}" for record in about)
    return f"{found.number:,} of {found.total:,} claims: {some(list(names))}"


def open_lines(runs: Sequence[Run]) -> list[OpenLine]:
    """What isn't decided, those with the same reason together."""
    groups: dict[tuple[str, object], list[ClaimRecord]] = {}
    for record in _open(runs):
        alone = record.reason if record.measurement is None else id(record)
        groups.setdefault((record.verdict.value, alone), []).append(record)
    return [
        OpenLine(
            standing=verdict,
            sign=SIGNS[verdict],
            claims=some([name_of(record) for record in records]),
            reason=_reason(records[0]),
        )
        for (verdict, _), records in groups.items()
    ]


def _reason(record: ClaimRecord) -> str:
    """Why nothing decides a claim, with its numbers as far as there are any, and what would do."""
    found = record.measurement
    if found is None:
        return shortened(plain(record.reason))
    row = told(record)
    words = [before_numbers(record.reason), f"measured {row.value} {row.bounds}, limit {row.limit}"]
    words += [plain(found.planning)] if found.planning is not None else []
    return shortened("; ".join(word for word in words if word))


def _open(runs: Sequence[Run]) -> Iterator[ClaimRecord]:
    for run in runs:
        yield from undecided(run.results.claims)
