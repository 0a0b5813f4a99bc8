"""What numbers about quality and time can be computed from again: copied beside the results."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from edgeassay.atomic import write_bytes
from edgeassay.errors import Absent, ConfigError, DataError, why
from edgeassay.matrix_report.rows import Run
from edgeassay.plain_files import MOST_SAVED, read_plain
from edgeassay.report.beside import beside, segments_path
from edgeassay.runs.records import CaseId, Plain
from edgeassay.runs.scores import read_scores, scores_path

PREDICTIONS: Final = "predictions"


class Kept(BaseModel):
    """What there is of a case, and why something isn't."""

    run: str
    case: CaseId
    scores: str | None = None
    segments: str | None = None
    missing: str | None = None


class RoundsRecord(BaseModel):
    """Every duration of a case in ns, process by process."""

    model: Plain
    variant: Plain
    runtime: Plain
    device: Plain
    artifact_sha256: Plain | None = None
    durations_ns: list[Annotated[list[int], Field(min_length=1)]] = Field(min_length=1)


def keep_predictions(folder: Path, run: Run, name: str) -> list[Kept]:
    """Copy what is beside a run's results; DataError where a file there isn't what its name is the
    digest of.
    """
    results, there = Path(run.where), beside(Path(run.where))
    found = []
    for record in run.results.scores:
        kept = Kept(run=name, case=record.case)
        try:
            read_scores(there, record.sha256)
            _copy(scores_path(there, record.sha256), scores_path(folder, record.sha256))
            kept.scores = record.sha256
        except Absent:
            kept.missing = f"{record.sha256}.npz isn't beside the results any more"
        found.append(kept)
    for segments in run.results.segments:
        kept = Kept(run=name, case=segments.case)
        path = segments_path(results, segments.sha256)
        try:
            content = read_plain(path)
        except OSError as error:
            kept.missing = f"{path.name} can't be read: {why(error)}"
        else:
            if hashlib.sha256(content).hexdigest() != segments.sha256:
                raise DataError(
                    f"{path} isn't what its name is the digest of; copy it again, or run it again"
                )
            write_bytes(folder / "segments" / path.name, content)
            kept.segments = segments.sha256
        found.append(kept)
    return found


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as error:
        raise ConfigError(
            f"{target.name} can't be copied: {why(error)}; make room, or choose another place"
        ) from None


def times_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What results tell of durations: quantiles over all rounds, and every process's median."""
    return [
        {
            "run": run.where,
            "case": case.case.model_dump(),
            "kind": case.kind,
            "times": case.curves.times.model_dump(),
        }
        for run in runs
        for case in run.results.cases
        if case.curves is not None and case.curves.times is not None
    ]


def rounds_of(path: Path) -> list[RoundsRecord]:
    """Every duration in a file of pytest-benchmark that this suite wrote; DataError where it is
    none.
    """
    remedy = "give what `pytest --benchmark-json` wrote"
    try:
        found = json.loads(read_plain(path, MOST_SAVED))
        rows = [entry["extra_info"] for entry in found["benchmarks"]]
        return [RoundsRecord.model_validate(row) for row in rows if "durations_ns" in row]
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; {remedy}") from None
    except (ValueError, LookupError, TypeError, RecursionError):
        raise DataError(f"{path} is no file of pytest-benchmark; {remedy}") from None
