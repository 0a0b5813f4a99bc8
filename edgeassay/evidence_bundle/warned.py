"""What a reviewer must be told before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeassay.errors import some
from edgeassay.evidence_bundle.attempts import AttemptsRecord
from edgeassay.evidence_bundle.criteria import Criterion
from edgeassay.evidence_bundle.predictions import Kept
from edgeassay.evidence_bundle.separation import DataRecord
from edgeassay.evidence_bundle.validation import ValidationRecord
from edgeassay.matrix_report.rows import Run
from edgeassay.selftest.checks import Outcome


def warnings_about(
    *,
    runs: Sequence[Run],
    criteria: Sequence[Criterion],
    data: Sequence[DataRecord],
    attempts: AttemptsRecord,
    validation: ValidationRecord,
    kept: Sequence[Kept],
) -> Iterator[str]:
    """A sentence for everything that takes weight from the evidence."""
    yield from _of_runs(runs)
    yield from _of_limits(criteria)
    yield from _of_data(data)
    yield from _of_attempts(attempts)
    yield from _of_validation(validation)
    for run in dict.fromkeys(one.run for one in kept if one.missing):
        names = [one.missing or "" for one in kept if one.run == run and one.missing]
        yield f"{run}: predictions are missing, so numbers can't be computed again: {some(names)}"


def _of_runs(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        results = run.results
        if results.dirty:
            yield f"{run.where} was made with uncommitted changes"
        if results.commit is None:
            yield f"{run.where} knows no commit"
        if not results.complete:
            yield f"{run.where} was cut short"
        if results.unasked:
            yield f"{run.where} wasn't asked for {len(results.unasked):,} claims that limits make"
        if results.digest is None:
            yield f"{run.where} has no digest: a version without digests wrote it"
        if not results.scores and not results.segments:
            yield f"{run.where} kept no predictions: its numbers on quality can't be computed again"


def _of_limits(criteria: Sequence[Criterion]) -> Iterator[str]:
    for words, found in (
        ("not committed", [c for c in criteria if c.state == "uncommitted"]),
        (
            "set after the run began",
            [c for c in criteria if c.before_run is False or c.ancestor is False],
        ),
    ):
        if found:
            names = list(dict.fromkeys(one.source for one in found))
            count = f"{len(names):,} limit{'s are' if len(names) > 1 else ' is'}"
            yield f"{count} {words}: {some(names)}"
    unknown = list(dict.fromkeys(one.source for one in criteria if one.state == "unknown"))
    if unknown:
        whose = f"of {len(unknown):,} limit{'s' if len(unknown) > 1 else ''}"
        why = some(list(dict.fromkeys(c.note or "" for c in criteria if c.state == "unknown")))
        yield f"when they were set is not known {whose}: {some(unknown)}: {why}"


def _of_data(data: Sequence[DataRecord]) -> Iterator[str]:
    for one in data:
        if one.absent is not None:
            yield f"{one.model}: nothing is shown of its data: {one.absent}"
        elif one.separate is not True and one.shared:
            yield f"{one.model}: {one.statement}"
        if one.same_as_judged is False:
            yield f"{one.model}: the data here isn't the data that was judged"


def _of_attempts(attempts: AttemptsRecord) -> Iterator[str]:
    if attempts.broken is not None:
        yield f"the ledger of looks at the test split can't be believed: {attempts.broken}"
    if attempts.absent is not None and attempts.models:
        yield (
            f"how often the test split was looked at is not known: {attempts.absent}; give the"
            " ledger that the runs were added to with --attempts"
        )
    for one in attempts.models:
        if one.unlisted and attempts.absent is None:
            yield (
                f"{one.model}: the ledger of looks at the test split doesn't know"
                f" {some(one.unlisted)}, so how often it was looked at is not known"
            )
        if one.since is None and one.attempts:
            yield (
                f"{one.model}: when its limits on quality were set isn't known, so all looks at its"
                " test split are listed"
            )
        if one.looks is not None and (further := one.looks - one.of_these_runs) > 0:
            yield (
                f"{one.model}: its test split was looked at {further:,} more times"
                f" {'in all' if one.since is None else 'since its limits were set'} than this"
                " bundle has runs"
            )


def _of_validation(validation: ValidationRecord) -> Iterator[str]:
    for one in validation.runs:
        if one.missing is not None:
            yield f"{one.run}: the tool isn't validated on its machine: {one.missing}"
        elif one.outcome != Outcome.EXPECTED:
            yield f"{one.run}: the selftest on its machine is {one.outcome}"
