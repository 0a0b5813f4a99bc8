"""Baseline files: `<folder>/<hardware fingerprint>/last.json` and `released.json`, with the scores
of their cases beside them.

They are in pytest-benchmark's format, so whatever reads a saved run reads them. Only promoting
writes them (`document.py`, `promoting.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from edgeassay.checkout import read_declared
from edgeassay.errors import DataError
from edgeassay.plain_files import MOST_SAVED
from edgeassay.runs.estimates import EstimateRecord
from edgeassay.runs.reading import read_run
from edgeassay.runs.records import CaseId, Plain
from edgeassay.runs.saved import SavedRun, Timed
from edgeassay.runs.scores import SavedScores, read_scores
from edgeassay.spec import Case


class Line(StrEnum):
    """The two lines of baselines: what was promoted last, and what was released."""

    LAST = "last"
    RELEASED = "released"


class Origin(BaseModel):
    """Where a promoted case came from: commit, when the run was saved, and the run's name."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    commit: Plain
    saved: datetime
    run: Plain


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A baseline file: its run, which has only what was promoted, and where each case came from."""

    path: Path
    run: SavedRun
    origins: Mapping[Case, Origin]

    def timed(self, case: Case) -> Timed | None:
        """What was promoted of a case; None where nothing was."""
        found = (t for t in self.run.benchmarks.values() if t.case is not None)
        return next((t for t in found if case_of(t.case) == case), None)

    def estimate(self, case: Case) -> EstimateRecord | None:
        """What was promoted of a case that is compiled alone; None where nothing was."""
        return self.run.estimates.get(CaseId(**vars(case)))

    def scores(self, case: Case) -> SavedScores | None:
        """The promoted scores of a case; None where it had none. Absent or DataError where their
        file is gone or damaged.
        """
        entry = self.run.scores.get(CaseId(**vars(case)))
        return None if entry is None else read_scores(self.path.parent, str(entry["sha256"]))


def case_of(record: CaseId | None) -> Case | None:
    """The case that a record names."""
    return None if record is None else Case(**record.model_dump())


def baseline_path(folder: Path, fingerprint: str, line: Line) -> Path:
    """Where the baseline of a machine's hardware stands."""
    return folder / fingerprint / f"{line}.json"


def read_baseline(folder: Path, fingerprint: str, line: Line) -> Baseline | None:
    """The baseline of a machine's hardware; None where there is none, DataError where the file
    isn't what promoting writes.
    """
    path = baseline_path(folder, fingerprint, line)
    if not path.exists():
        return None
    run = read_run(path)
    if run.hardware != fingerprint:
        raise DataError(
            f"{path} is of the hardware {run.hardware}, and its folder is named for {fingerprint};"
            " put it back where it was, or promote a run of this hardware"
        )
    return Baseline(path=path, run=run, origins=_origins(path))


def _origins(path: Path) -> dict[Case, Origin]:
    """Where each case of a baseline file came from."""
    document: dict[str, Any] = json.loads(read_declared(path, MOST_SAVED))
    found: dict[Case, Origin] = {}
    try:
        # Without our own results nothing says that what stands there was ever good.
        for benchmark in document["edgeassay"] and document["benchmarks"]:
            extra = benchmark["extra_info"]
            case = Case(**CaseId.model_validate(extra).model_dump())
            found[case] = Origin.model_validate(extra["promoted"])
        for record in document["edgeassay"].get("cases", ()):
            if record.get("estimate") is not None:
                case = Case(**CaseId.model_validate(record["case"]).model_dump())
                found[case] = Origin.model_validate(record["promoted"])
    except (KeyError, TypeError, ValidationError):
        raise DataError(
            f"{path} doesn't say of each case where it came from: it wasn't promoted, or was"
            " changed by hand; take it out of version control, or promote a run again"
        ) from None
    return found


def hardware_of(folder: Path, line: Line) -> list[str]:
    """The fingerprints that have a baseline."""
    return sorted(path.parent.name for path in folder.glob(f"*/{line}.json"))
