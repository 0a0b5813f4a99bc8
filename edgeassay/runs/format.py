"""The shape of pytest-benchmark's files, with what we add; what else is in them is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.errors import DataError, why
from edgeassay.plain_files import MOST_SAVED, read_plain
from edgeassay.runs.estimates import EstimateRecord
from edgeassay.runs.records import CaseId, ClaimRecord, Many, Plain, ScoresRecord

READ: Final = ("4", "5")  # major versions of the format
REMEDY: Final = "give a file that `pytest --benchmark-json` or `--benchmark-save` wrote"


class Loose(BaseModel):
    """A part of the file that may have more in it."""

    model_config = ConfigDict(extra="ignore")


class StatsEntry(Loose):
    """What pytest-benchmark says of durations, in s; `data` has them where it was told to."""

    model_config = ConfigDict(extra="ignore", strict=True)

    median: float
    min: float
    max: float | None = None
    mean: float | None = None
    stddev: float | None = None
    data: Many[float] = []


class BenchmarkEntry(Loose):
    """One benchmark."""

    name: Plain
    fullname: Plain
    extra_info: dict[str, Any] = {}
    stats: StatsEntry


class TimingsFile(Loose):
    """What pytest-benchmark writes."""

    version: str = Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")
    benchmarks: Many[BenchmarkEntry]
    machine_info: dict[str, Any] = {}
    commit_info: dict[str, Any] = {}
    datetime: str | None = None


class RunFile(TimingsFile):
    """The same with what we add."""

    edgeassay: dict[str, Any] | None = None


class OfCase(Loose):
    """What is said of a case."""

    case: CaseId


class CaseEntry(OfCase):
    """What was found out about a case, as far as it is read."""

    estimate: EstimateRecord | None = None


class Unasked(OfCase):
    """A claim of a case that the run wasn't asked for."""

    claim: str


class OurResults(Loose):
    """What of our own results a saved run is read for."""

    complete: bool
    claims: Many[ClaimRecord]
    cases: Many[CaseEntry] = []
    scores: Many[ScoresRecord] = []
    unasked: Many[Unasked] = []


Shape = TypeVar("Shape", bound=TimingsFile)


def read_shape(path: Path, shape: type[Shape]) -> Shape:
    """The file in its shape; DataError where it can't be read, is another tool's, or of a version
    of the format that isn't read.
    """
    file = _parsed(path, bytes_of(path, REMEDY, MOST_SAVED), shape)
    if file.version.partition(".")[0] not in READ:
        raise DataError(
            f"{path} is of version {file.version} of pytest-benchmark's format, and"
            f" {' and '.join(READ)} are read; save it again with pytest-benchmark 4 or 5"
        )
    return file


def bytes_of(path: Path, remedy: str, most: int) -> bytes:
    """What is in a file; DataError, with the `remedy`, where it can't be read, has nothing, or more
    than `most` bytes.
    """
    try:
        content = read_plain(path, most)
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist; {remedy}") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; {remedy}") from None
    if not content.strip():
        raise DataError(f"{path} is empty; {remedy}")
    return content


def _parsed(path: Path, content: bytes, shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise DataError(
                f"{path} is no whole JSON ({first['msg'].removeprefix('Invalid JSON: ')}); save the"
                " run again"
            ) from None
        key = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} is no file of pytest-benchmark ({key or 'the top'}: {first['msg']}); {REMEDY}"
        ) from None
