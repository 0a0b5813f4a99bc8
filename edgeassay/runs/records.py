"""What a run leaves of its claims, as results.json and saved runs have it."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field

from edgeassay.spec import ClaimName, Kind, Measurement, Verdict

# Categories of characters that steer a terminal, or the direction of what is read.
STEERING: Final = ("Cc", "Cf", "Cs")


def plain(text: str) -> str:
    """A file's text as one line that a terminal can show: what would steer it is escaped."""
    if text.isprintable():
        return text
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in STEERING else c for c in text)


Plain = Annotated[str, AfterValidator(plain)]
Item = TypeVar("Item")
# Of a file with millions of errors the first is told: to keep them all takes all memory.
Many = Annotated[list[Item], FailFast()]


class Record(BaseModel):
    """A part of results.json; later versions may add fields."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class CaseId(Record):
    """Which case: the four ids."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: Plain
    variant: Plain
    runtime: Plain
    device: Plain


class MeasurementRecord(Record):
    """A measured value; `low` and `high`, each one-sided with `confidence`, are null where it is
    exact or a bound isn't known. `insufficient` says why it decides nothing, `planning` what would.
    """

    value: float
    unit: str
    low: float | None
    high: float | None
    n: int
    confidence: float | None = None
    insufficient: str | None = None
    planning: str | None = None
    detail: str | None = None


class LimitRecord(Record):
    """A limit and the file:key that set it, relative to the project's root; with what is tolerated
    where that is less.
    """

    value: float
    source: str
    rationale: str | None = None
    tolerated: float | None = None


class ClaimRecord(Record):
    """A claim and its verdict."""

    claim: ClaimName
    case: CaseId
    class_name: Plain | None = Field(alias="class")
    measurement: MeasurementRecord | None
    reference: float | None
    limit: LimitRecord | None
    verdict: Verdict
    deviation: Plain | None
    deviation_expires: date | None = None
    reason: Plain
    kind: Kind


def measurement_of(record: ClaimRecord) -> Measurement | None:
    """What was measured for a claim; None where nothing was."""
    found = record.measurement
    return None if found is None else Measurement(**found.model_dump())


class ScoresRecord(Record):
    """The scores that a case's claims about quality were taken from, by their digest and that of
    the data set; a saved run keeps them beside itself (`edgeassay/runs/scores.py`).
    """

    case: CaseId
    sha256: str
    data_sha256: str
