"""Acceptance criteria: each limit with its file, and the commit at which it was set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel

from edgeassay.evidence_bundle.git_history import Commit, Place, Sources
from edgeassay.evidence_bundle.toml_lines import about
from edgeassay.matrix_report.rows import Run
from edgeassay.runs.records import LimitRecord
from edgeassay.spec import TRAITS, ClaimName

TOML: Final = ".toml:"


class CommitRecord(BaseModel):
    """A commit; nobody is named."""

    sha: str
    committed: datetime


class Criterion(BaseModel):
    """A limit that runs were judged by. `set_at` is the last commit that changed what its line (of
    a [[limit]] table any line) says; `ancestor` whether that came before the run's own commit, and
    `before_run` whether before the run began; null where it isn't known, which `note` explains.
    """

    claim: ClaimName
    model: str
    sense: str
    value: float
    tolerated: float | None
    unit: str
    source: str
    rationale: str | None
    claims: int
    runs: list[str]
    state: Literal["committed", "uncommitted", "unknown"]
    set_at: CommitRecord | None = None
    ancestor: bool | None = None
    before_run: bool | None = None
    note: str | None = None


Key = tuple[ClaimName, str, str, float, str | None]


def criteria_of(runs: Sequence[Run], files: Sources | None = None) -> list[Criterion]:
    """Every limit of these runs; runs of one commit share theirs. When each was set is found by its
    file; without `files` nothing is said of that.
    """
    found: dict[Key, Criterion] = {}
    for run in runs:
        for record in run.results.claims:
            if record.limit is None:
                continue
            key = (
                record.claim,
                record.case.model,
                record.limit.source,
                record.limit.value,
                run.results.commit,
            )
            if key not in found:
                found[key] = _criterion(record.claim, record.case.model, record.limit, run, files)
            one = found[key]
            one.claims += 1
            if run.where not in one.runs:
                one.runs.append(run.where)
                _later(one, run)
    return list(found.values())


def _later(one: Criterion, run: Run) -> None:
    """A further run has to come after the commit too."""
    if one.set_at is not None and one.set_at.committed > run.results.started:
        one.before_run = False


def _criterion(
    claim: ClaimName, model: str, limit: LimitRecord, run: Run, files: Sources | None
) -> Criterion:
    traits = TRAITS[claim]
    made = Criterion(
        claim=claim,
        model=model,
        sense=traits.sense.value,
        value=limit.value,
        tolerated=limit.tolerated,
        unit=traits.unit,
        source=limit.source,
        rationale=limit.rationale,
        claims=0,
        runs=[],
        state="unknown",
    )
    return made if files is None else made.model_copy(update=_setting(limit, run, files))


def _setting(limit: LimitRecord, run: Run, files: Sources) -> dict[str, Any]:
    """What git knows of when a limit was set, as fields of its criterion."""
    named, key = split_source(limit.source)
    place = None if named is None else files.of(named)
    commit = None if place is None else place.history.known(run.results.commit)
    if place is None or commit is None:
        return {"note": _unknown(named, place)}
    history, path = place.history, place.path
    if history.text(commit, path) is None:
        if not place.there:
            return {"note": f"{named} is neither here nor in the run's commit"}
        return {"state": "uncommitted", "note": f"{path} isn't in the run's commit"}
    found = history.leaves(commit, path)
    if key not in found or not _same(found[key].value, limit.value):
        said = f"says {found[key].value!r}" if key in found else "has no such key"
        note = f"at the run's commit {path} {said}: the limit was changed and not committed"
        return {"state": "uncommitted", "note": note}
    changed = history.last_change(commit, path, about(found, key))
    if changed is None:
        note = "git doesn't say when its line was changed"
        if history.ends:
            note = "the history here is cut off (a shallow clone): fetch all of it"
        return {"note": note}
    return {
        "state": "committed",
        "set_at": record_of(changed),
        "ancestor": history.is_ancestor(changed.sha, commit),
        "before_run": changed.committed <= run.results.started,
    }


def _unknown(named: str | None, place: Place | None) -> str:
    """Why nothing can be looked up."""
    if named is None:
        return "no file of the project sets it"
    if place is None:
        return f"{named} lies in no git repository here"
    return f"the run's commit is not known in the repository that {named} lies in"


def record_of(commit: Commit) -> CommitRecord:
    """The commit as files have it."""
    return CommitRecord(sha=commit.sha, committed=commit.committed)


def split_source(source: str) -> tuple[str | None, str]:
    """The file and the key that a limit's source names; None for no file of the project."""
    path, mark, key = source.partition(TOML)
    odd = path.startswith(("/", "-")) or ".." in path.split("/") or not path.isprintable()
    inside = mark and not odd
    return (f"{path}.toml", key) if inside else (None, source)


def _same(value: Any, limit: float) -> bool:
    """Whether what a file says is the limit; a flag's `true` is 1."""
    return isinstance(value, bool | int | float) and float(value) == limit
