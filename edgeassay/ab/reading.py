"""What `edgeassay ab --json` left, read by others: bounded, whole, and as it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from edgeassay.errors import DataError, why_no_json
from edgeassay.plain_files import MOST_RESULTS
from edgeassay.report.results import digest_of
from edgeassay.runs.bounds import check_bounds
from edgeassay.runs.format import bytes_of
from edgeassay.runs.records import CaseId, LimitRecord, Many, Plain, Record
from edgeassay.spec import Verdict

REMEDY: Final = "give what `edgeassay ab --json` wrote"


class SideRecord(Record):
    """One build of a case."""

    sha256: Plain
    size_bytes: int
    runtime: Plain


class TimingRecord(Record):
    """How head stands to base: the ratio of times with its bounds, over so many pairs of fresh
    processes; `tolerated` and `unacceptable` are shares of the base's time.
    """

    ratio: float = Field(gt=0.0)
    low: float | None = Field(gt=0.0)
    high: float | None = Field(gt=0.0)
    pairs: int = Field(ge=1)
    base_ms: float = Field(gt=0.0)
    head_ms: float = Field(gt=0.0)
    tolerated: float
    unacceptable: float


class AbCaseRecord(Record):
    """A case in both builds, and the verdict; without `timing` nothing was timed."""

    case: CaseId
    name: Plain
    verdict: Verdict
    stopped: Plain
    reason: Plain
    timing: TimingRecord | None
    limits: dict[str, LimitRecord] = Field(default_factory=dict)
    base: SideRecord
    head: SideRecord


class AbRecord(Record):
    """Two builds by turns; `missing` are cases that head lacks, or that couldn't be built. `commit`
    is the head's, `dirty` whether there was more than that; `head_files` has the SHA-256 of each of
    its artifacts by model/variant, of what is `new` too.
    """

    schema_version: Literal[1] = Field(alias="schema")
    edgeassay: Plain
    base: Plain
    head: Plain
    commit: Plain | None = None
    dirty: bool = False
    machine: dict[str, Any]
    verdict: Verdict
    missing: Many[Plain]
    new: Many[Plain]
    head_files: dict[str, Plain] = Field(default_factory=dict)
    cases: Many[AbCaseRecord]
    digest: str


def read_ab(path: Path) -> AbRecord:
    """The comparison in a file; DataError says what is wrong with it, where, and what to do."""
    try:
        found = json.loads(bytes_of(path, REMEDY, MOST_RESULTS))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no whole JSON ({why_no_json(error)}); {REMEDY}") from None
    if not isinstance(found, dict) or "base" not in found:
        raise DataError(f"{path} is no comparison of two builds; {REMEDY}")
    check_bounds(found, path, REMEDY)
    if found.get("schema") != 1:
        raise DataError(
            f"{path} has schema {found.get('schema')!r}, and this version of edgeassay reads 1;"
            " compare again"
        )
    if found.get("digest") != digest_of(found):
        raise DataError(f"{path} isn't what its own digest is of: it was changed; compare again")
    try:
        return AbRecord.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} isn't as edgeassay writes it ({place}: {first['msg']}); {REMEDY}"
        ) from None
