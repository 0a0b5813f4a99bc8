"""Every look at the test split since a model's limits were set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from edgeassay.evidence_bundle.criteria import Criterion
from edgeassay.matrix_report.rows import Run
from edgeassay.report.attempts import AttemptRecord, Attempts
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS


class ModelAttempts(BaseModel):
    """A model's looks since `since`, when the last of its limits on quality was set (null where
    that isn't known: then all there are). `of_these_runs` is how many of them are in this bundle,
    `unlisted` names runs of it that the ledger doesn't know. `looks` is null where their number is
    not known: there is no ledger, it is broken, or it isn't the one that these runs were added to.
    """

    model: str
    since: datetime | None
    looks: int | None
    of_these_runs: int
    unlisted: list[str]
    attempts: list[AttemptRecord]


class AttemptsRecord(BaseModel):
    """What the ledger says; `broken` is why it can't be believed, `absent` that there is none."""

    broken: str | None
    absent: str | None = None
    models: list[ModelAttempts]


def attempts_of(
    ledger: Attempts, runs: Sequence[Run], criteria: Sequence[Criterion]
) -> AttemptsRecord:
    """The looks at each model's test split that the ledger knows of."""
    models = dict.fromkeys(
        claim.case.model for run in runs for claim in run.results.claims if _looked(claim)
    )
    found = []
    for model in models:
        ours = [run for run in runs if any(_is_of(claim, model) for claim in run.results.claims)]
        since = _set_at(criteria, model)
        looks = ledger.of(model, since)
        known = {look.results_sha256 for look in ledger.of(model)}
        digests = {run.results.digest for run in ours}
        unlisted = [run.where for run in ours if run.results.digest not in known]
        unknown = ledger.absent or ledger.broken or unlisted
        found.append(
            ModelAttempts(
                model=model,
                since=since,
                looks=None if unknown else len(looks),
                of_these_runs=sum(look.results_sha256 in digests for look in looks),
                unlisted=unlisted,
                attempts=looks,
            )
        )
    return AttemptsRecord(broken=ledger.broken, absent=ledger.absent, models=found)


def _looked(claim: ClaimRecord) -> bool:
    return TRAITS[claim.claim].needs_data and claim.measurement is not None


def _is_of(claim: ClaimRecord, model: str) -> bool:
    return claim.case.model == model and _looked(claim)


def _set_at(criteria: Sequence[Criterion], model: str) -> datetime | None:
    """When the last limit on a model's quality was set; None where any of them isn't known."""
    ours = [c for c in criteria if c.model == model and TRAITS[c.claim].needs_data]
    known = [c.set_at.committed for c in ours if c.set_at is not None]
    return max(known) if known and len(known) == len(ours) else None
