"""What the runs say: modifications, machines, verdicts and deviations; what was measured stands
apart from what was emulated, computed by software or estimated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgeassay.artifacts import MANIFEST
from edgeassay.matrix_report.rows import Run
from edgeassay.plain_files import MOST_FACTS, read_plain
from edgeassay.report.decision import decided_variant, standing
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import Kind


def manifests_in(folder: Path, digests: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What a cache of artifacts knows of how they were made, by the digest of their bytes; what is
    no manifest there is passed over.
    """
    wanted, found = set(digests), {}
    for path in sorted(folder.glob("*/*.json")):
        try:
            read = json.loads(read_plain(path, MOST_FACTS))
        except (OSError, ValueError):
            continue
        try:
            manifest = MANIFEST.validate_python(read)
        except ValidationError:
            continue
        if manifest.sha256 in wanted:
            found[manifest.sha256] = asdict(manifest)
    return found


def modifications_of(
    runs: Sequence[Run], manifests: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each variant that was judged: its bytes, and how they were made where that is known."""
    found: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    for run in runs:
        for case in run.results.cases:
            key = (case.case.model, case.case.variant, case.artifact_sha256)
            row = found.setdefault(
                key,
                {
                    "model": case.case.model,
                    "variant": case.case.variant,
                    "artifact_sha256": case.artifact_sha256,
                    "size_bytes": case.size_bytes,
                    "size_ratio": case.size_ratio,
                    "reference": case.size_bytes is not None and case.size_ratio is None,
                    "manifest": dict(manifests.get(case.artifact_sha256 or "", {})) or None,
                    "runs": [],
                },
            )
            if run.where not in row["runs"]:
                row["runs"].append(run.where)
    return list(found.values())


def variants_of(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Which variants may ship."""
    results = [run.results for run in runs]
    cases = [record.case for one in results for record in one.claims]
    names = dict.fromkeys((case.model, case.variant) for case in cases)
    found = {name: decided_variant(*name, results) for name in names}
    return [
        {
            "model": model,
            "variant": variant,
            "decision": one.decision.value,
            "ships": one.ships,
        }
        for (model, variant), one in found.items()
    ]


def machines_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Each run's machine, commit and versions, and how quiet it was."""
    return [
        {
            "run": run.where,
            "machine": run.results.machine,
            "edgeassay": run.results.edgeassay,
            "commit": run.results.commit,
            "dirty": run.results.dirty,
            "started": run.results.started.isoformat(),
            "complete": run.results.complete,
            "results_sha256": run.results.digest,
            "timings": [
                {"case": c.case.model_dump(), **h.model_dump(mode="json")}
                for c in run.results.cases
                for h in c.health
            ],
        }
        for run in runs
    ]


def verdicts_of(runs: Sequence[Run]) -> dict[str, list[dict[str, Any]]]:
    """Every claim by how its number came to be; the measured ones first."""
    found: dict[str, list[dict[str, Any]]] = {kind.value: [] for kind in Kind}
    for run in runs:
        for record in run.results.claims:
            row = record.model_dump(mode="json", by_alias=True)
            found[record.kind.value].append({"run": run.where, **row, "standing": standing(record)})
    return {kind: rows for kind, rows in found.items() if rows or kind == Kind.MEASURED}


def deviations_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Each failure, or lack of evidence, that somebody has declared, with reason and expiry."""
    return [
        {
            "run": run.where,
            "claim": record.claim.value,
            "class": record.class_name,
            "case": record.case.model_dump(),
            "kind": record.kind.value,
            "verdict": record.verdict.value,
            "reason": record.deviation,
            "expires": _day(record),
            "measured": record.reason,
        }
        for run in runs
        for record in run.results.claims
        if record.deviation is not None
    ]


def _day(record: ClaimRecord) -> str | None:
    return None if record.deviation_expires is None else record.deviation_expires.isoformat()


def unasked_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What limits claim and a run wasn't asked for."""
    return [
        {"run": run.where, **one.model_dump(mode="json", by_alias=True)}
        for run in runs
        for one in run.results.unasked
    ]
