"""A gate's outcome as others may read it: texts without names of images, paths, hosts and users."""

from __future__ import annotations

from dataclasses import replace

from edgeassay.matrix_report.rows import Run
from edgeassay.privacy import Redactor
from edgeassay.report.redaction import redacted
from edgeassay.runs.records import ClaimRecord
from edgeassay.summary.outcome import Finding, Judged, LegOutcome, Outcome


def redacted_outcome(outcome: Outcome, eraser: Redactor) -> Outcome:
    """The outcome with digests for names."""
    return replace(
        outcome,
        config=eraser.text(outcome.config),
        legs=tuple(_leg(leg, eraser) for leg in outcome.legs),
        whole=tuple(_finding(finding, eraser) for finding in outcome.whole),
        notes=tuple(eraser.text(note) for note in outcome.notes),
    )


def redacted_runs(runs: list[Run], eraser: Redactor) -> list[Run]:
    """The runs as others may read them."""
    return [
        Run(where=eraser.text(run.where), results=redacted(run.results, eraser)) for run in runs
    ]


def _record(record: ClaimRecord, eraser: Redactor) -> ClaimRecord:
    texts = {"reason": eraser.text(record.reason)}
    if record.deviation is not None:
        texts["deviation"] = eraser.text(record.deviation)
    update: dict[str, object] = dict(texts)
    if record.measurement is not None:
        measured = record.measurement
        changed = {
            name: eraser.text(value)
            for name in ("insufficient", "planning", "detail")
            if (value := getattr(measured, name)) is not None
        }
        update["measurement"] = measured.model_copy(update=changed)
    if record.limit is not None:
        source = eraser.text(record.limit.source)
        update["limit"] = record.limit.model_copy(update={"source": source})
    return record.model_copy(update=update)


def _leg(leg: LegOutcome, eraser: Redactor) -> LegOutcome:
    return replace(
        leg,
        files=tuple(eraser.text(file) for file in leg.files),
        claims=tuple(_judged(judged, eraser) for judged in leg.claims),
        findings=tuple(_finding(finding, eraser) for finding in leg.findings),
    )


def _judged(judged: Judged, eraser: Redactor) -> Judged:
    return replace(
        judged,
        record=_record(judged.record, eraser),
        where=eraser.text(judged.where),
        reason=eraser.text(judged.reason),
    )


def _finding(finding: Finding, eraser: Redactor) -> Finding:
    return replace(
        finding,
        sentence=eraser.text(finding.sentence),
        claim=None if finding.claim is None else _record(finding.claim, eraser),
        where=None if finding.where is None else eraser.text(finding.where),
        command=None if finding.command is None else eraser.text(finding.command),
    )
