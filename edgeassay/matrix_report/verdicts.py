"""Verdicts beside each other: the same file and claim on several runtimes, and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeassay.matrix_report.rows import Row
from edgeassay.report.decision import DECLARED, standing
from edgeassay.report.marks import marked
from edgeassay.runs.records import ClaimRecord, plain
from edgeassay.spec import TRAITS, ClaimName, Sense, Verdict

SIGNS = {Sense.AT_MOST: "≤", Sense.AT_LEAST: "≥"}


@dataclass(frozen=True, kw_only=True)
class Stand:
    """How a claim stands on one runtime of one device: whether it `holds`, and by what number."""

    runtime: str
    place: str
    holds: bool
    words: str

    @property
    def where(self) -> str:
        """The runtime and the device."""
        return f"{self.runtime} ({self.place})"


@dataclass(frozen=True, kw_only=True)
class Opposite:
    """A claim about one variant that holds on some runtimes and fails on others.

    `same_file` is True where the bytes are the same everywhere, False where they aren't, and None
    where a run doesn't tell.
    """

    model: str
    variant: str
    claim: str
    same_file: bool | None
    stands: tuple[Stand, ...]

    @property
    def holding(self) -> list[Stand]:
        """Where it holds."""
        return [stand for stand in self.stands if stand.holds]

    @property
    def failing(self) -> list[Stand]:
        """Where it doesn't, declared or not."""
        return [stand for stand in self.stands if not stand.holds]

    @property
    def of_file(self) -> str:
        """Whether it is about the same bytes, in words."""
        known = {True: "the same file", False: "different files", None: "maybe different files"}
        return known[self.same_file]


def opposites(rows: Sequence[Row]) -> Iterable[Opposite]:
    """Every claim that holds somewhere and fails elsewhere, of the same model and variant.

    A file that doesn't load fails every claim; that it doesn't is said once.
    """
    found: dict[tuple[str, str, ClaimName, str | None], list[tuple[Row, ClaimRecord]]] = {}
    for row in rows:
        for record in row.claims:
            follows = row.refusal is not None and record.claim is not ClaimName.LOADS
            if record.verdict in (Verdict.PASS, Verdict.FAIL) and not follows:
                key = (row.case.model, row.case.variant, record.claim, record.class_name)
                found.setdefault(key, []).append((row, record))
    for (model, variant, _, _), pairs in found.items():
        if len({record.verdict for _, record in pairs}) > 1:
            yield Opposite(
                model=model,
                variant=variant,
                claim=name_of([record for _, record in pairs]),
                same_file=_same_file([row.sha256 for row, _ in pairs]),
                stands=tuple(_stand(row, record) for row, record in pairs),
            )


def name_of(records: Sequence[ClaimRecord]) -> str:
    """A claim's name, with its limit where all have the same one."""
    first = records[0]
    name = first.claim + (f" ({first.class_name})" if first.class_name else "")
    limits = {r.limit.value for r in records if r.limit is not None}
    if TRAITS[first.claim].flag or len(limits) != 1:
        return name
    return f"{name} {SIGNS[TRAITS[first.claim].sense]} {limits.pop():g}"


def _same_file(digests: Sequence[str | None]) -> bool | None:
    known = set(digests)
    if len(known - {None}) > 1:
        return False
    return None if None in known else True


def _stand(row: Row, record: ClaimRecord) -> Stand:
    words = ""
    if record.measurement is not None and not TRAITS[record.claim].flag:
        words = f"{record.measurement.value:.4g}"
    if standing(record) == DECLARED:
        words = f"{words}, declared until {record.deviation_expires}".removeprefix(", ")
    return Stand(
        runtime=row.case.runtime,
        place=marked(row.place, row.kind),
        holds=record.verdict is Verdict.PASS,
        words=words,
    )


def sentences(rows: Sequence[Row], wanted: str) -> Iterable[str]:
    """Each claim that stands as wanted, as a sentence; those of one row that have the same reason
    (a file that doesn't load fails them all) in one.
    """
    for row in rows:
        reasons: dict[str, list[ClaimRecord]] = {}
        for record in row.claims:
            if standing(record) == wanted:
                same = (
                    record.reason
                    if record.measurement is None
                    else f"{record.reason} {record.claim}"
                )
                reasons.setdefault(same, []).append(record)
        for records in reasons.values():
            yield _sentence(row, records)


def _sentence(row: Row, records: Sequence[ClaimRecord]) -> str:
    first = records[0]
    subject = f"{row.case.model} {row.case.variant} on {row.case.runtime} ({row.place})"
    if first.class_name:
        subject += f", {first.class_name}"
    limit = "its limit" if first.limit is None else f"{first.limit.value:g}"
    claim = TRAITS[first.claim].sentence.format(subject=subject, limit=limit)
    others = f" (and {len(records) - 1} further claims, for the same reason)" if records[1:] else ""
    text = f"{claim}{others}: {first.reason}"
    if first.deviation is not None:
        text = f"{text}; declared until {first.deviation_expires}: {first.deviation}"
    return text


def parities(rows: Sequence[Row]) -> Iterable[str]:
    """How far the outputs of each row are from the parity runtime's, with what that means."""
    for row in rows:
        for record in row.claims:
            found = record.measurement
            if TRAITS[record.claim].of_parity and found is not None:
                subject = f"{row.case.model} {row.case.variant} on {row.case.runtime} ({row.place})"
                detail = "" if found.detail is None else f": {plain(found.detail)}"
                value = marked(f"{found.value:.3g} {TRAITS[record.claim].unit}", row.kind)
                yield f"{subject}: {value}{detail}"
