"""A run's cases made the baseline of its hardware: each file whole, whenever this is killed."""

from __future__ import annotations

import getpass
import hashlib
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from filelock import FileLock
from pydantic import BaseModel, ValidationError

from edgeassay.atomic import remove, write_text
from edgeassay.baselines.deciding import Decision, decide_cases
from edgeassay.baselines.document import Document, layout, merge
from edgeassay.baselines.files import Line, baseline_path, case_of, read_baseline
from edgeassay.errors import Absent, DataError, some
from edgeassay.plain_files import MOST_SAVED, read_plain
from edgeassay.runs.reading import read_run
from edgeassay.runs.records import CaseId
from edgeassay.runs.saved import SavedRun
from edgeassay.runs.scores import SavedScores, add_scores, read_scores
from edgeassay.spec import TRAITS, Accepted, Case, ClaimName
from edgeassay.temporary import sweep

# What names a folder of baselines.
FINGERPRINT: Final = re.compile("[0-9a-f]{12}")

# What stands in the way of a case, beside its claims.
Unfit = defaultdict[Case, list[str]]


class _Named(BaseModel):
    """A part of a run's own results that is about a case."""

    case: CaseId


class _Facts(_Named):
    """What was found out about a case, as far as it matters here."""

    evaluated_images: int | None = None
    split_images: int | None = None


class _Unasked(_Named):
    """A claim that the run wasn't asked for."""

    claim: ClaimName


class _Results(BaseModel):
    """What of a run's own results is promoted, or decides whether it can be."""

    dirty: bool
    cases: list[_Facts]
    scores: list[_Named] = []
    unasked: list[_Unasked] = []


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A run that may be promoted: its file, what is in it, and the scores that its cases have."""

    path: Path
    run: SavedRun
    document: Document
    scores: Mapping[Case, SavedScores]
    unfit: Mapping[Case, Sequence[str]]

    @property
    def cases(self) -> list[Case]:
        """Every case that the run says anything of."""
        run = self.run
        timed = [t.case for t in run.benchmarks.values() if t.case is not None]
        named = dict.fromkeys([*(record.case for record in run.claims), *timed])
        return [Case(**record.model_dump()) for record in named]

    @property
    def origin(self) -> dict[str, str]:
        """Where its cases come from."""
        assert self.run.commit is not None, "checked when it was read"
        saved = "" if self.run.saved is None else self.run.saved.isoformat()
        return {"commit": self.run.commit, "saved": saved, "run": self.path.name}


def read_candidate(path: Path, storage: Path) -> Candidate:
    """The run in a file, with the scores kept beside it or in `storage`, the folder of all saved
    runs. DataError where no case of it can be promoted, whatever its claims say.
    """
    run = read_run(path)
    document: dict[str, Any] = json.loads(read_plain(path, MOST_SAVED))
    if not run.ours or document.get("edgeassay") is None:
        raise DataError(
            f"{path} has no claims: no run of edgeassay wrote it, so nothing says that it is good;"
            " promote a run that `pytest --benchmark --benchmark-autosave` saved"
        )
    results = _results(path, document)
    _check(path, run, results)
    places = (path.parent, path.parent.parent, storage / run.hardware)
    unfit: Unfit = defaultdict(list)
    _add_unasked(run, results, unfit)
    _add_sampled(results, unfit)
    _add_untimed(run, unfit)
    scores = _scores(run, places, unfit)
    return Candidate(path=path, run=run, document=document, scores=scores, unfit=unfit)


def _results(path: Path, document: Document) -> _Results:
    try:
        return _Results.model_validate(document["edgeassay"])
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{path}: edgeassay.{'.'.join(map(str, first['loc']))}: {first['msg']}; it was changed"
            " by hand or saved by another version; save the run again"
        ) from None


def _check(path: Path, run: SavedRun, results: _Results) -> None:
    """DataError where nobody could find again what was measured, or not all of it was."""
    if not run.complete:
        raise DataError(f"{path} was cut short before every claim was judged; promote a whole run")
    if run.commit is None or run.saved is None:
        raise DataError(
            f"{path} names no commit and date, so nobody could find what it measured; save a run"
            " inside version control"
        )
    if run.dirty or results.dirty:
        raise DataError(
            f"{path} is of a tree with uncommitted changes, which nobody could find again; commit"
            " them, and run it again"
        )
    if not FINGERPRINT.fullmatch(run.hardware):
        raise DataError(
            f"{path}: {run.hardware!r} is no fingerprint of a machine: it was changed by hand; save"
            " the run again"
        )


def _add_unasked(run: SavedRun, results: _Results, unfit: Unfit) -> None:
    """The claims that limits make of the cases, and that the run left out; of what is only compiled
    none about outputs and times, which it has none of.
    """
    names: dict[Case, dict[str, None]] = {}
    for entry in results.unasked:
        if entry.case in run.estimates and TRAITS[entry.claim].needs_execution:
            continue
        names.setdefault(Case(**entry.case.model_dump()), {})[entry.claim] = None
    for case, missing in names.items():
        unfit[case].append(f"the run wasn't asked for {some(list(missing))}")


def _add_sampled(results: _Results, unfit: Unfit) -> None:
    """The cases whose quality is known of a part of the evaluation split only."""
    for facts in results.cases:
        if facts.evaluated_images != facts.split_images:
            unfit[Case(**facts.case.model_dump())].append(
                f"quality was judged on a sample of {facts.evaluated_images:,} of"
                f" {facts.split_images:,} evaluation images"
            )


def _scores(run: SavedRun, places: Sequence[Path], unfit: Unfit) -> dict[Case, SavedScores]:
    """The scores of every case that has any."""
    found: dict[Case, SavedScores] = {}
    for record, entry in run.scores.items():
        case = Case(**record.model_dump())
        for place in places:
            try:
                found[case] = read_scores(place, str(entry.get("sha256")))
            except Absent:
                continue
            break
        else:
            unfit[case].append(
                f"its scores ({str(entry.get('sha256'))[:12]}….npz) aren't kept beside the run in"
                f" scores/ nor in {places[-1] / 'scores'}; copy them"
            )
    return found


def _add_untimed(run: SavedRun, unfit: Unfit) -> None:
    """The cases whose durations can't be a baseline."""
    timed = {case_of(t.case): t for t in run.benchmarks.values() if t.case is not None}
    for case in dict.fromkeys(case_of(record.case) for record in run.claims):
        assert case is not None, "a record has its case"
        if CaseId(**vars(case)) in run.estimates:
            continue  # nothing ran it, so nothing could be timed
        if case not in timed:
            unfit[case].append("it wasn't timed")
        elif (beyond := timed[case].disturbed) is not None:
            unfit[case].append(f"the machine was disturbed when it was timed: {beyond}")


def promote(
    candidate: Candidate,
    folder: Path,
    line: Line,
    accepted: Sequence[Accepted],
    today: date,
) -> list[Decision]:
    """Make a run's cases the baseline of its hardware in `folder`, as far as nothing stands in
    their way; what the file has of other cases stays. Says what becomes of each case.
    """
    claims, unfit = candidate.run.claims, candidate.unfit
    decisions = decide_cases(candidate.cases, claims, unfit, accepted, today)
    cases = [decision.case for decision in decisions if decision.promoted]
    if not cases:
        return decisions
    path = baseline_path(folder, candidate.run.hardware, line)
    with _lock(path.parent):
        # Both are read before anything is written: tidying up needs to know what each names.
        before = {each: read_baseline(folder, path.parent.name, each) for each in Line}[line]
        base = None if before is None else json.loads(read_plain(before.path, MOST_SAVED))
        made = layout(merge(base, candidate.document, cases, candidate.origin))
        for case in cases:
            if case in candidate.scores:
                add_scores(path.parent, candidate.scores[case])
        write_text(path, made)  # names the scores, so it comes after them
        _tidy(path.parent)
    return decisions


def _tidy(folder: Path) -> None:
    """Remove what killed promotions left, and scores that no baseline here names any more."""
    sweep(folder, below=True)
    named: set[str] = set()
    for line in Line:
        baseline = read_baseline(folder.parent, folder.name, line)
        named |= (
            set() if baseline is None else {str(e["sha256"]) for e in baseline.run.scores.values()}
        )
    for path in folder.glob("scores/*.npz"):
        if path.stem not in named:
            remove(path)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep others from promoting into a folder; the lock stands elsewhere, since the folder is
    under version control.
    """
    digest = hashlib.sha256(str(folder.resolve()).encode("utf-8")).hexdigest()[:12]
    name = f"edgeassay.baseline.{getpass.getuser()}.{digest}.lock"
    with FileLock(Path(tempfile.gettempdir(), name)):
        yield
