"""What a run leaves of its claims, as results.json and saved runs have it."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from edgeassay.spec import ClaimName, Kind, Verdict


class Record(BaseModel):
    """A part of results.json; later versions may add fields."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class CaseId(Record):
    """Which case: the four ids."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str
    variant: str
    runtime: str
    device: str


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
    class_name: str | None = Field(alias="class")
    measurement: MeasurementRecord | None
    reference: float | None
    limit: LimitRecord | None
    verdict: Verdict
    deviation: str | None
    deviation_expires: date | None = None
    reason: str
    kind: Kind


class ScoresRecord(Record):
    """The scores that a case's claims about quality were taken from, by their digest and that of
    the data set; a saved run keeps them beside itself (`edgeassay/runs/scores.py`).
    """

    case: CaseId
    sha256: str
    data_sha256: str
