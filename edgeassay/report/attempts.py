"""The ledger of every look at a test split: who looks often enough finds something that passes.

`.assay/attempts.jsonl` has a line for each run that judged claims about diagnostic quality, in the
order of time. Each names the SHA-256 of the line before, so that none can be taken out or changed
unnoticed; that the file is whole, and not begun anew, only its first line's date can say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from edgeassay.atomic import locked, private_folder
from edgeassay.errors import ConfigError, DataError, why
from edgeassay.plain_files import read_plain
from edgeassay.report.results import Results
from edgeassay.runs.records import CaseId, ClaimRecord, Plain, Record
from edgeassay.spec import TRAITS

LEDGER: Final = Path(".assay/attempts.jsonl")
FIRST: Final = ""  # the digest before the first line


class LookRecord(Record):
    """What was looked at of a case: the artifact's bytes, its limits and what became of them."""

    case: CaseId
    artifact_sha256: Plain | None
    limits_sha256: Plain
    verdicts: dict[Plain, int]


class AttemptRecord(Record):
    """One run."""

    started: datetime
    commit: Plain | None
    dirty: bool
    fingerprint: Plain
    results_sha256: Plain
    looks: list[LookRecord] = Field(min_length=1)
    previous: Plain


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """All runs that a ledger knows of; `broken` says from which line on it can't be believed,
    `absent` that there is no ledger, so that nothing is known of looks.
    """

    attempts: tuple[AttemptRecord, ...]
    broken: str | None = None
    absent: str | None = None

    def of(self, model: str, since: datetime | None = None) -> list[AttemptRecord]:
        """Those that looked at a model's test split, from a moment on."""
        return [
            one
            for one in self.attempts
            if any(look.case.model == model for look in one.looks)
            and (since is None or one.started >= since)
        ]


def looks_of(results: Results) -> list[LookRecord]:
    """What a run looked at of test splits; nothing where no claim about quality was measured."""
    claims: dict[CaseId, list[ClaimRecord]] = {}
    for claim in results.claims:
        if TRAITS[claim.claim].needs_data and claim.measurement is not None:
            claims.setdefault(claim.case, []).append(claim)
    artifacts = {case.case: case.artifact_sha256 for case in results.cases}
    return [
        LookRecord(
            case=case,
            artifact_sha256=artifacts.get(case),
            limits_sha256=_digest(_limits(of)),
            verdicts={str(v): sum(c.verdict == v for c in of) for v in {c.verdict for c in of}},
        )
        for case, of in claims.items()
    ]


def _limits(claims: Sequence[ClaimRecord]) -> str:
    limits = [(c.claim, c.class_name, c.limit and c.limit.value) for c in claims]
    return json.dumps(sorted(limits, key=str))


def append_attempt(path: Path, results: Results, digest: str) -> None:
    """Add a run whose file has a `digest`; nothing where it looked at no test split. ConfigError
    where the ledger can't be written.
    """
    looks = looks_of(results)
    if not looks:
        return
    failure = f"{path} can't be written"
    private_folder(path.parent)
    with locked(path.with_suffix(".lock"), failure, "choose another --attempts"):
        try:
            before = read_plain(path) if path.exists() else b""
            last = before.rstrip(b"\n").rpartition(b"\n")[2]
            record = AttemptRecord(
                started=results.started,
                commit=results.commit,
                dirty=results.dirty,
                fingerprint=str(results.machine.get("fingerprint")),
                results_sha256=digest,
                looks=looks,
                previous=_digest(last.decode("utf-8", "replace")) if last else FIRST,
            )
            with path.open("ab") as file:
                torn = bool(before) and not before.endswith(b"\n")
                file.write(b"\n" * torn + record.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise ConfigError(f"{failure}: {why(error)}; choose another --attempts") from None


def read_attempts(path: Path) -> Attempts:
    """What a ledger says, if there is one. DataError where it can't be read."""
    try:
        lines = read_plain(path).decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return Attempts(attempts=(), absent=f"{path} isn't there")
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; make it readable") from None
    found: list[AttemptRecord] = []
    previous, broken = FIRST, None
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        if record is None:
            broken = broken or f"line {number} of {path} is no attempt"
        else:
            if record.previous != previous:
                broken = broken or f"line {number} of {path} doesn't follow on the one before"
            found.append(record)
        previous = _digest(line)
    return Attempts(attempts=tuple(found), broken=broken)


def _record(line: str) -> AttemptRecord | None:
    try:
        return AttemptRecord.model_validate_json(line)
    except ValidationError:
        return None


def _digest(text: Any) -> str:
    return hashlib.sha256(str(text).encode("utf-8")).hexdigest()
