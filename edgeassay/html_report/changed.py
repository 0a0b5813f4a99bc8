"""What two commits differ by: documents of `edgeassay ab --json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from edgeassay.errors import DataError
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.runs.format import bytes_of
from edgeassay.runs.records import CaseId, LimitRecord, Plain, Record
from edgeassay.spec import Verdict

REMEDY: Final = "give what `edgeassay ab --json PATH` left"
ORDER: Final = (
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.INCOMPARABLE,
    Verdict.UNMEASURED,
    Verdict.PASS,
)


class TimingRecord(Record):
    """What pairs say of head/base."""

    ratio: float
    low: float | None
    high: float | None
    pairs: int
    base_ms: float
    head_ms: float
    tolerated: float


class SideRecord(Record):
    """One side's file."""

    sha256: Plain
    size_bytes: int


class ComparedCase(Record):
    """A case of both commits."""

    case: CaseId
    name: Plain
    verdict: Verdict
    reason: Plain
    timing: TimingRecord | None
    limits: dict[str, LimitRecord]
    base: SideRecord
    head: SideRecord


class Compared(Record):
    """A comparison of two commits, taken in turn on one machine."""

    base: Plain
    head: Plain
    machine: dict[str, Any]
    verdict: Verdict
    missing: list[Plain]
    new: list[Plain]
    cases: list[ComparedCase]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A case of a comparison as a row of text."""

    standing: str
    sign: str
    name: str
    time: str
    bounds: str
    pairs: str
    limit: str
    source: str
    size: str
    reason: str


def compared(document: Mapping[str, Any], where: str) -> Compared:
    """A document of `edgeassay ab --json`; DataError where it is none."""
    try:
        return Compared.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{where} is no comparison of two commits ({place}: {first['msg']}); {REMEDY}"
        ) from None


def read_compared(path: Path) -> Compared:
    """The comparison in a file; DataError says what is wrong with it."""
    try:
        document = json.loads(bytes_of(path, REMEDY))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no whole JSON ({error}); {REMEDY}") from None
    if not isinstance(document, dict):
        raise DataError(f"{path} is no comparison of two commits; {REMEDY}")
    return compared(document, str(path))


def changes(found: Compared) -> list[Change]:
    """Its cases, the worst first."""
    ordered = sorted(found.cases, key=lambda one: (ORDER.index(one.verdict), one.name))
    return [_change(one) for one in ordered]


def _change(one: ComparedCase) -> Change:
    timing, limit = one.timing, one.limits.get("tolerated")
    sizes = (one.base.size_bytes, one.head.size_bytes)
    size = f"{sizes[1]:,} bytes"
    if sizes[0] and sizes[0] != sizes[1]:
        size += f" ({_percent(sizes[1] / sizes[0])})"
    return Change(
        standing=one.verdict.value,
        sign=SIGNS[one.verdict.value],
        name=one.name,
        time="not timed" if timing is None else _times(timing),
        bounds="" if timing is None else f"[{_bound(timing.low)}, {_bound(timing.high)}]",
        pairs="" if timing is None else f"{timing.pairs:,} pairs",
        limit="" if timing is None else f"≤ {_percent(1.0 + timing.tolerated)}",
        source="" if limit is None else limit.source,
        size=size,
        reason=one.reason,
    )


def _times(timing: TimingRecord) -> str:
    return f"{_percent(timing.ratio)} ({timing.base_ms:.3g} → {timing.head_ms:.3g} ms)"


def _bound(ratio: float | None) -> str:
    return "?" if ratio is None else _percent(ratio)


def _percent(ratio: float) -> str:
    return f"{100.0 * (ratio - 1.0):+z.1f} %"


def worst(found: Sequence[Compared]) -> Verdict | None:
    """The worst verdict of several comparisons."""
    return min((one.verdict for one in found), key=ORDER.index, default=None)
