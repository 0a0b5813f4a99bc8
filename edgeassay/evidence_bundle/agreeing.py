"""Whether acceptance criteria and the list of predictions say what the results do, both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edgeassay.evidence_bundle import parts
from edgeassay.evidence_bundle.criteria import Criterion, criteria_of
from edgeassay.evidence_bundle.predictions import PREDICTIONS, Kept
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results
from edgeassay.runs.records import CaseId

# What is kept of a case's predictions, and how its files end.
FILES: Final = {"scores": "npz", "segments": "csv"}
# A run, its case, what is kept of it, and the digest.
Predicted = tuple[str, CaseId, str, str]


def criteria_unlike(found: list[Criterion], runs: Mapping[str, Results]) -> Iterator[str]:
    """A sentence for each limit in results that is in no criterion, each criterion that no claim is
    held against, and each that was set after its run began.
    """
    wanted = criteria_of([Run(where=name, results=results) for name, results in runs.items()])
    said, held = ({_key(one): one for one in many} for many in (found, wanted))
    for one in [held[key] for key in held if key not in said]:
        yield (
            f"{', '.join(one.runs)}: results hold {_limit(one)}, and no acceptance criterion says"
            " the same"
        )
    for one in [said[key] for key in said if key not in held]:
        yield f"an acceptance criterion is {_limit(one)}, and no results hold the same"
    if len(found) > len(said):
        yield f"{parts.CRITERIA.path} has an acceptance criterion twice"
    for one in found:
        yield from _dated(one, runs)


def _key(one: Criterion) -> Any:
    """All that results say of a limit."""
    limit = (one.value, one.tolerated, one.unit, one.source, one.rationale)
    return (one.claim, one.model, one.sense, *limit, one.claims, frozenset(one.runs))


def _limit(one: Criterion) -> str:
    count = f"{one.claims:,} claim{'s' if one.claims > 1 else ''}"
    return f"{count} {one.claim} of {one.model} to {one.sense} {one.value:g} ({one.source})"


def _dated(one: Criterion, runs: Mapping[str, Results]) -> Iterator[str]:
    if one.set_at is None:
        return
    later = [
        name for name in one.runs if name in runs and one.set_at.committed > runs[name].started
    ]
    if later or one.before_run is False:
        yield (
            f"the acceptance criterion {_limit(one)} was set on"
            f" {one.set_at.committed:%Y-%m-%d %H:%M}, after {', '.join(later or one.runs)} began"
        )
    if one.ancestor is False:
        yield (
            f"the acceptance criterion {_limit(one)} was set at commit {one.set_at.sha[:12]}, which"
            " the run's commit doesn't come from"
        )


def predictions_unlike(
    found: list[Kept], runs: Mapping[str, Results], folder: Path
) -> Iterator[str]:
    """A sentence where the list of predictions, the results and the files don't agree."""
    listed: dict[tuple[str, CaseId], list[Kept]] = {}
    for one in found:
        listed.setdefault((one.run, one.case), []).append(one)
    judged = list(_judged(runs))
    for run, case, kind, digest in judged:
        entries = listed.get((run, case), [])
        if digest not in [getattr(one, kind) for one in entries]:
            if not any(one.missing for one in entries):
                yield f"{_about(run, case)}: {parts.PREDICTED.path} doesn't list its predictions"
        elif not _path(folder, kind, digest).is_file():
            yield f"{_about(run, case)}: its predictions are listed, and aren't in the bundle"
    for (run, case), entries in listed.items():
        told = {(run, case, kind, getattr(one, kind)) for one in entries for kind in FILES}
        if {one for one in told if one[3]}.difference(judged):
            yield f"{_about(run, case)}: predictions are listed that aren't those that were judged"
    yield from _strange(judged, folder)


def _strange(judged: list[Predicted], folder: Path) -> Iterator[str]:
    """A sentence for each file of predictions that no run has judged."""
    known = {_path(folder, kind, digest) for _, _, kind, digest in judged}
    for kind in FILES:
        for path in sorted((folder / PREDICTIONS / kind).glob("*")):
            if path not in known:
                yield f"{path.relative_to(folder).as_posix()} is of no case in {parts.RESULTS}/"


def _about(run: str, case: CaseId) -> str:
    return f"{run}: {case.model} {case.variant} on {case.runtime}"


def _judged(runs: Mapping[str, Results]) -> Iterator[Predicted]:
    """Each run's predictions, by their kind and digest."""
    for name, results in runs.items():
        for scores in results.scores:
            yield name, scores.case, "scores", scores.sha256
        for segments in results.segments:
            yield name, segments.case, "segments", segments.sha256


def _path(folder: Path, kind: str, digest: str) -> Path:
    return folder / PREDICTIONS / kind / f"{digest}.{FILES[kind]}"
