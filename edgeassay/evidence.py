"""What the claims of a run stand on: each artifact, prediction and timing, made once.

What a worker failed to give is not remembered: the next claim that needs it tries a new worker.
"""

from __future__ import annotations

import getpass
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from edgeassay.build import seed_of
from edgeassay.evaluations import Evaluations
from edgeassay.measure.latency import Durations, time_case
from edgeassay.measure.random_inputs import finite_share, random_inputs, random_rows
from edgeassay.rig import Rig
from edgeassay.spec import Case


@dataclass(kw_only=True)
class CaseFacts:
    """What is known of a case by now, claimed or not; None where it isn't measured.

    `auc_reference` says what the drop is taken against; `manifest` is False for an artifact that
    came without one; `patients_separate` is False where the data names no patients.
    """

    size_bytes: int | None = None
    size_ratio: float | None = None
    artifact_sha256: str | None = None
    manifest: bool | None = None
    mean_auc: float | None = None
    mean_auc_drop: float | None = None
    auc_reference: str | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    latency_ratio: float | None = None
    patients_separate: bool | None = None
    reused_predictions: int | None = None
    worker: dict[str, Any] = field(default_factory=dict)


class Evidence:
    """Makes and keeps what the cases of a plan give."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.evaluations = Evaluations(rig)
        self._durations: dict[Case, Durations] = {}

    def check_loads(self, case: Case) -> None:
        """Load the artifact in a fresh worker and run it once on zeros."""
        with self.rig.start_worker(case) as worker:
            loaded = self.rig.load(worker, case)
            worker.run(loaded, [np.zeros((1, *t.shape), t.dtype) for t in loaded.inputs])

    def finite_share(self, case: Case) -> tuple[float, int]:
        """The share of outputs that are finite numbers, and on how many rows: the evaluation
        images, or random inputs where the model declares no data.
        """
        model = self.rig.model(case)
        if model.data is not None:
            made = self.evaluations.predictions(case)
            return made.finite_share, len(made.scores)
        with self.rig.start_worker(case) as worker:
            loaded = self.rig.load(worker, case)
            rows = random_rows(loaded, model.random_inputs, seed_of(case.id))
            return finite_share(worker.run(loaded, rows)), model.random_inputs.rows

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's; one run at a time is timed."""
        if case not in self._durations:
            artifact, whole = self.rig.artifact(case), self.rig.plan.reference_of(case)
            reference = None if whole == case else self.rig.artifact(whole)
            settings, seed = self.rig.model(case).random_inputs, seed_of(case.id)
            lock = Path(tempfile.gettempdir(), f"edgeassay-timing-{getpass.getuser()}.lock")
            with FileLock(lock):
                self._durations[case] = time_case(
                    artifact,
                    reference,
                    start_worker=lambda: self.rig.start_worker(case),
                    runtime=self.rig.runtime(case),
                    timing=self.rig.plan.device.timing,
                    inputs=lambda loaded: random_inputs(loaded, settings, seed),
                    label=f"timing {case.id}",
                    report=self.rig.report,
                )
        return self._durations[case]

    def facts(self, case: Case) -> CaseFacts:
        """What has been found out about a case so far; nothing is measured for it."""
        facts = CaseFacts()
        reference = self.rig.plan.reference_of(case)
        artifact = self.rig.artifacts.get((case.model, case.variant))
        whole = self.rig.artifacts.get((case.model, reference.variant))
        if artifact is not None:
            facts.size_bytes, facts.artifact_sha256 = artifact.size_bytes, artifact.sha256
            facts.manifest = artifact.manifest is not None
            if whole is not None and artifact is not whole:
                facts.size_ratio = artifact.size_bytes / whole.size_bytes
        if (drop := self.evaluations.known_drop(case)) is not None:
            facts.mean_auc = drop.candidate.value
            facts.patients_separate = self.evaluations.data(case.model).patients_separate
            released = self.rig.model(case).reference.predictions is not None
            if released or case != reference:
                facts.mean_auc_drop = drop.value
                facts.auc_reference = self.evaluations.compared_with(case)
        if (made := self.evaluations.known(case)) is not None:
            facts.worker, facts.reused_predictions = made.worker, made.reused
        if (durations := self._durations.get(case)) is not None:
            facts.p50_ms, facts.p95_ms = durations.p50_ms, durations.p95_ms
            facts.latency_ratio = None if durations.reference is None else durations.ratio().value
            facts.worker = durations.worker
        return facts
