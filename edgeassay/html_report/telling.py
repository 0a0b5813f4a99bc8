"""Claims and their numbers as text: each with its unit, bounds, samples, limit and file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Final

from edgeassay.matrix_report.rows import Row
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.matrix_report.verdicts import SIGNS as SENSES
from edgeassay.report.decision import DECLARED, ORDER, standing
from edgeassay.report.marks import marked
from edgeassay.report.reproducing import command_of_case, command_of_claim
from edgeassay.runs.records import ClaimRecord, MeasurementRecord, plain
from edgeassay.spec import TRAITS, Verdict

TIMES: Final = "\N{MULTIPLICATION SIGN}"  # the unit of ratios
ASKED: Final = (Verdict.FAIL.value, Verdict.INCONCLUSIVE.value, DECLARED)
LONGEST: Final = 600  # characters of one reason
MOST_APART: Final = 8  # of a case's claims, that say in words what they claim, and have commands


@dataclass(frozen=True, kw_only=True)
class Told:
    """A claim as a row of text."""

    standing: str
    sign: str
    claim: str
    value: str
    bounds: str
    samples: str
    limit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Because:
    """Claims that stand alike for one reason; who asks `again` gets a command."""

    claims: tuple[Told, ...]
    sentence: str = ""
    reason: str = ""
    deviation: str = ""
    again: str = ""


def amount(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:.4g}{TIMES}" if unit == "ratio" else f"{value:.4g} {unit}"


def bounds(found: MeasurementRecord | None) -> str:
    """Both bounds, with how sure each is."""
    if found is None or (found.low is None and found.high is None):
        return ""
    low, high = ("?" if b is None else f"{b:.4g}" for b in (found.low, found.high))
    sure = "" if found.confidence is None else f" at {100 * found.confidence:g} %"
    return f"[{low}, {high}]{sure}"


def told(record: ClaimRecord) -> Told:
    """A claim's row."""
    traits, found, limit = TRAITS[record.claim], record.measurement, record.limit
    stands = standing(record)
    value = "not measured"
    if found is not None:
        value = (
            ("no", "yes")[found.value >= 1.0] if traits.flag else amount(found.value, traits.unit)
        )
        value = marked(value, record.kind)
    bound = ""
    if limit is not None:
        bound = (
            "must hold"
            if traits.flag
            else f"{SENSES[traits.sense]} {amount(limit.value, traits.unit)}"
        )
    return Told(
        standing=stands,
        sign=SIGNS[stands],
        claim=record.claim + (f" ({record.class_name})" if record.class_name else ""),
        value=value,
        bounds="exact" if found is not None and not bounds(found) else bounds(found),
        samples="" if found is None else f"{found.n:,}",
        limit=bound,
        source="" if limit is None else plain(limit.source),
    )


def sentence_of(record: ClaimRecord) -> str:
    """The claim as a sentence about its case."""
    case = record.case
    subject = f"{case.model} {case.variant} on {case.runtime}"
    if record.class_name:
        subject += f", {record.class_name}"
    limit = "its limit" if record.limit is None else f"{record.limit.value:g}"
    return TRAITS[record.claim].sentence.format(subject=subject, limit=limit)


def reasons(row: Row) -> list[Because]:
    """A case's claims, worst first, those with the same reason together."""

    def place(record: ClaimRecord) -> tuple[int, bool, str]:
        alike = record.reason if record.measurement is None else ""
        return ORDER.index(standing(record)), record.measurement is not None, alike

    found: list[Because] = []
    told_apart = count()
    ordered = sorted(row.claims, key=place)
    for (order, measured, _), group in groupby(ordered, key=place):
        records = list(group)
        if ORDER[order] == Verdict.PASS.value:
            found.append(Because(claims=tuple(map(told, records))))
        elif measured:
            found += [
                _because(row, [record], brief=next(told_apart) >= MOST_APART) for record in records
            ]
        else:
            found.append(_because(row, records))
    return found


def _because(row: Row, records: Sequence[ClaimRecord], *, brief: bool = False) -> Because:
    """Why these claims stand as they do; in `brief` without what a case's first ones say."""
    first = records[0]
    deviation = ""
    if first.deviation is not None:
        deviation = f"declared until {first.deviation_expires}: {plain(first.deviation)}"
    return Because(
        claims=tuple(map(told, records)),
        sentence="" if brief else _subject(records),
        reason=before_numbers(first.reason) if brief else shortened(plain(first.reason)),
        deviation=deviation,
        again=again(row, records) if standing(first) in ASKED and not brief else "",
    )


def before_numbers(reason: str) -> str:
    """A reason without the numbers, which stand in the claim's row."""
    return shortened(plain(reason.partition("measured ")[0].rstrip("; ")))


def _subject(records: Sequence[ClaimRecord]) -> str:
    return sentence_of(records[0]) if len(records) == 1 else f"{len(records)} claims"


def again(row: Row, records: Sequence[ClaimRecord]) -> str:
    """The command that measures these claims again."""
    words = row.run.results.command
    if len(records) == 1:
        return plain(command_of_claim(records[0], words))
    return plain(command_of_case(row.case, records, words))


def shortened(text: str) -> str:
    """A file's text, no longer than is read."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
