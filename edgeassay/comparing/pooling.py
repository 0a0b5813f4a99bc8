"""Several saved runs of one build as one: what they say of the same benchmark is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Final

import numpy as np

from edgeassay.changes.timing import same_durations
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.runs.saved import SavedRun, Timed, differences

NEVER: Final = datetime.min.replace(tzinfo=UTC)


def in_order(runs: Sequence[SavedRun]) -> list[SavedRun]:
    """The runs by when they were saved, the first first; a time without a zone is UTC, as version 4
    writes it.
    """

    def moment(run: SavedRun) -> tuple[datetime, str]:
        saved = run.saved or NEVER
        return saved if saved.tzinfo else saved.replace(tzinfo=UTC), run.where

    return sorted(runs, key=moment)


def pool(runs: Sequence[SavedRun]) -> dict[str, Timed]:
    """Every benchmark that any run has, with the processes of all runs in which it was the same
    artifact on the same stack as in the latest; `runs` are in order.

    A run that is there twice counts once. What others disturbed is left out where there is
    something else.
    """
    keys = dict.fromkeys(key for run in runs for key in run.benchmarks)
    return {key: _pooled([r.benchmarks[key] for r in runs if key in r.benchmarks]) for key in keys}


def _pooled(found: Sequence[Timed]) -> Timed:
    latest = found[-1]
    same = (latest.artifact_sha256, latest.stack)
    alike: list[Timed] = []
    for timed in found:
        twice = any(same_durations(timed, other) for other in alike)
        if (timed.artifact_sha256, timed.stack) == same and not twice:
            alike.append(timed)
    calm = [timed for timed in alike if timed.disturbed is None] or alike[-1:]
    known = [timed.mean_auc for timed in alike if timed.mean_auc is not None]
    processes = tuple(chain.from_iterable(timed.processes for timed in calm))
    if len(calm) == 1 or not processes:
        return replace(calm[-1], mean_auc=known[-1] if known else None)
    return replace(
        calm[-1],
        processes=processes,
        median_s=float(np.median([np.median(row) for row in processes])),
        mean_auc=known[-1] if known else None,
    )


def latest_claims(runs: Sequence[SavedRun]) -> list[ClaimRecord]:
    """Every claim that any run judged, as the latest one judged it; `runs` are in order."""
    found: dict[tuple[str, CaseId, str | None], ClaimRecord] = {}
    for run in runs:
        for record in run.claims:
            found[record.claim, record.case, record.class_name] = record
    return list(found.values())


def machine_parts(base: Mapping[str, str], head: Mapping[str, str]) -> list[str]:
    """What differs between two machines or stacks, part by part, in words."""
    return [f"{name} {old} -> {new}" for name, old, new in differences(base, head)]
