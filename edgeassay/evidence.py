"""What the claims of a run stand on: each artifact, prediction and timing, made once.

What a worker failed to give is not remembered: the next claim that needs it tries a new worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy.typing as npt

from edgeassay.build import seed_of
from edgeassay.datasets import Split
from edgeassay.errors import Absent, NoEvidence
from edgeassay.evaluations import Evaluations
from edgeassay.measure.latency import Durations
from edgeassay.measure.operating import Operating
from edgeassay.measure.parity import Parity, compare_outputs
from edgeassay.measure.random_inputs import finite_share, random_rows
from edgeassay.occlusions import Occlusions
from edgeassay.rig import Rig
from edgeassay.runs.estimates import EstimateRecord, estimate_of
from edgeassay.segmentations import Segmentations
from edgeassay.spec import Case, Kind, Measurement, Task
from edgeassay.timings import Timings, Watched
from edgeassay.workers import known_signatures


@dataclass(kw_only=True)
class CaseFacts:
    """What is known of a case by now, claimed or not; None where it isn't measured.

    `auc_reference`, and of what is segmented `dice_reference`, says what the drop is taken against;
    `manifest` is False for an artifact that
    came without one; `patients_separate` is False where the data names no patients; of the
    `split_images` of the evaluation split, `evaluated_images` were evaluated. `options` is
    what the runtime was told, `loaded` what it said of the artifact; `delegated_share` is of the
    graph's nodes. `intervals` has facts with bounds, by name.
    """

    kind: Kind = Kind.MEASURED
    architecture: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    loaded: dict[str, Any] = field(default_factory=dict)
    delegated_share: float | None = None

    size_bytes: int | None = None
    size_ratio: float | None = None
    artifact_sha256: str | None = None
    manifest: bool | None = None
    mean_auc: float | None = None
    mean_auc_drop: float | None = None
    auc_reference: str | None = None
    mean_dice: float | None = None
    mean_dice_drop: float | None = None
    dice_reference: str | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    latency_ratio: float | None = None
    peak_memory_mb: float | None = None
    intervals: dict[str, Measurement] = field(default_factory=dict)
    patients_separate: bool | None = None
    reused_predictions: int | None = None
    evaluated_images: int | None = None
    split_images: int | None = None
    copies: int | None = None
    near_copies: int | None = None
    positives: dict[str, int] | None = None
    negatives: dict[str, int] | None = None
    dark_images: int | None = None
    shallow_images: int | None = None
    worker: dict[str, Any] = field(default_factory=dict)
    arena_bytes: int | None = None
    estimate: EstimateRecord | None = None
    health: list[Watched] = field(default_factory=list)
    operating: Operating | None = None


class Evidence:
    """Makes and keeps what the cases of a plan give."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.evaluations = Evaluations(rig)
        self.occlusions = Occlusions(rig, self.evaluations)
        self.segmentations = Segmentations(rig, self.evaluations)
        self.timings = Timings(rig, self.evaluations)
        self._parity: dict[Case, Parity] = {}

    def finite_share(self, case: Case) -> tuple[float, int]:
        """The share of outputs that are finite numbers, and on how many rows: the evaluation
        images, or random inputs where the model declares no data.
        """
        model = self.rig.model(case)
        if model.task is Task.SEGMENTATION:
            segments = self.segmentations.segments(case)
            return segments.finite_share, len(segments)
        if model.data is not None:
            made = self.evaluations.predictions(case)
            return made.finite_share, len(made.scores)
        outputs, rows = self._random_outputs(case, seed_of(case.id)), model.random_inputs.rows
        if not sum(output.size for output in outputs):
            raise NoEvidence(
                f"{case.id} gave no numbers at all on {rows} random inputs; give it others under"
                f" [random_inputs] in {model.file}"
            )
        return finite_share(outputs), rows

    def parity(self, case: Case) -> Parity:
        """The case's outputs beside those of the runtime that it is held against: of the evaluation
        images, or of random inputs where the model declares no data.
        """
        if case not in self._parity:
            other = self._parity_case(case)
            if self.rig.model(case).task is Task.SEGMENTATION:
                self._parity[case] = self.segmentations.parity(case, other)
            elif self.rig.model(case).data is not None:
                pair = [self.evaluations.predictions(c) for c in (case, other)]
                raw = [p.scores if p.raw is None else p.raw for p in pair]
                self._parity[case] = compare_outputs(raw[:1], raw[1:], len(raw[0]))
            else:
                here, there = (self._random_outputs(c, seed_of(case.id)) for c in (case, other))
                rows = self.rig.model(case).random_inputs.rows
                self._parity[case] = compare_outputs(here, there, rows)
        return self._parity[case]

    def _parity_case(self, case: Case) -> Case:
        other = self.rig.plan.parity_of(case)
        if other is None:
            raise Absent("no device profile recognises this machine, whose outputs are the measure")
        return other

    def _random_outputs(self, case: Case, seed: int) -> list[npt.NDArray[Any]]:
        """What a case gives for each of the model's random inputs, tensor by tensor."""
        self.rig.check_executes(case)
        with self.rig.lend_worker(case) as worker:
            loaded = self.rig.load(worker, case)
            rows = random_rows(loaded, self.rig.model(case).random_inputs, seed)
            # Row by row: what a network finds may have another shape for each.
            each = [worker.run(loaded, [r[k : k + 1] for r in rows]) for k in range(len(rows[0]))]
        return [output for made in each for output in made]

    def parity_quality(self, case: Case) -> str | None:
        """What a difference means for patients: both runtimes' mean AUC, and how many decisions
        change, or their mean Dice; None without data.
        """
        if self.rig.model(case).data is None:
            return None
        other = self._parity_case(case)
        if self.rig.model(case).task is Task.SEGMENTATION:
            return self.segmentations.beside(case, other).words
        compared = self.evaluations.beside(case, self.evaluations.scores(other))
        mean = compared.aucs.mean()
        words = []
        if mean is not None:
            words.append(f"mean AUC {mean.candidate.value:.4f}, there {mean.reference.value:.4f}")
        with suppress(Absent):
            operating = self.evaluations.operating(other)
            decided = [operating.decide(s) for s in (compared.candidate, compared.reference)]
            flips = int((decided[0] != decided[1]).sum())
            words.append(f"{flips} of {decided[0].size:,} decisions change")
        return "; ".join(words) or None

    def facts(self, case: Case) -> CaseFacts:
        """What has been found out about a case so far; nothing is measured for it."""
        facts = self._of_runtime(case)
        reference = self.rig.plan.reference_of(case)
        artifact = self.rig.artifacts.get((case.model, case.variant))
        whole = self.rig.artifacts.get((case.model, reference.variant))
        if artifact is not None:
            facts.size_bytes, facts.artifact_sha256 = artifact.size_bytes, artifact.sha256
            facts.manifest = artifact.manifest is not None
            if whole is not None and artifact is not whole:
                facts.size_ratio = artifact.size_bytes / whole.size_bytes
        if (auc := self.evaluations.known_auc(case)) is not None:
            facts.mean_auc = auc
            facts.patients_separate = self.evaluations.data(case.model).patients_separate
            facts.operating = self.evaluations.known_operating(case)
            if (drop := self.evaluations.known_drop(case)) is not None:
                facts.mean_auc_drop = drop
                facts.auc_reference = self.evaluations.compared_with(case)
        if (dice := self.segmentations.known_dice(case)) is not None:
            facts.mean_dice = dice
            facts.patients_separate = self.evaluations.data(case.model).patients_separate
            if (drop := self.segmentations.known_drop(case)) is not None:
                facts.mean_dice_drop = drop
                facts.dice_reference = self.evaluations.compared_with(case)
        if (made := self.evaluations.known(case) or self.segmentations.known(case)) is not None:
            facts.worker, facts.reused_predictions = made.worker, made.reused
            facts.evaluated_images = len(made)
            facts.split_images = self.evaluations.data(case.model).whole
            split = self.evaluations.data(case.model).split
            facts.copies, facts.near_copies = split.copies, split.near_copies
            _add_labels(facts, split, self.rig.model(case).classes)
            _add_tones(facts, split, self.evaluations.data(case.model).inputs.settings.white)
        if (durations := self.timings.known(case)) is not None:
            facts.worker = durations.worker
            _add_times(facts, durations, self.rig.model(case).statistics.confidence)
        declared = self.rig.device(case).architecture or self.rig.plan.machine.architecture
        facts.architecture = facts.worker.get("architecture", declared)
        facts.health = self.timings.watched(case)
        if artifact is not None and (facts.loaded or facts.worker):
            signature = self.rig.model(case).signature  # predictions may be an earlier run's
            facts.loaded = {**known_signatures(artifact.path, signature), **facts.loaded}
        return facts

    def _of_runtime(self, case: Case) -> CaseFacts:
        """What the case's runtime was told, and what it has said by now."""
        known, timed = self.rig.known(case), self.timings.known(case)
        loaded = known.facts if known is not None else timed.facts if timed is not None else {}
        nodes, taken = loaded.get("nodes"), loaded.get("delegated")
        return CaseFacts(
            kind=self.rig.kind(case, loaded),
            options=asdict(self.rig.runtime(case)),
            loaded=loaded,
            delegated_share=taken / nodes if nodes and taken is not None else None,
            worker=self.rig.known_greeting(case),
            arena_bytes=loaded.get("arena_bytes"),
            estimate=estimate_of(loaded),
        )


def _add_labels(facts: CaseFacts, split: Split, classes: Sequence[str]) -> None:
    """How many images count as positive, and which texts as negative; nothing of masks."""
    if split.masks is None:
        counts = zip(classes, split.labels.sum(axis=0), strict=True)
        facts.positives = {name: int(count) for name, count in counts}
        facts.negatives = None if split.negatives is None else dict(split.negatives)


def _add_tones(facts: CaseFacts, split: Split, white: int | None) -> None:
    """How many images of a split are nearly black, and how many have fewer bits than others."""
    if split.tones is not None:
        tones = split.tones()
        facts.dark_images, facts.shallow_images = tones.dark(white), tones.shallow


def _add_times(facts: CaseFacts, durations: Durations, confidence: float) -> None:
    """What a case took, and how sure that is."""
    rounds, memory = durations.candidate, durations.peak_memory(confidence)
    found = {"p50_ms": rounds.p50(confidence), "p95_ms": rounds.p95(confidence)}
    facts.p50_ms, facts.p95_ms = rounds.p50_ms, rounds.p95_ms
    if memory.value > 0:
        facts.peak_memory_mb, found["peak_memory_mb"] = memory.value, memory
    if durations.reference is not None:
        found["latency_ratio"] = durations.ratio(confidence)
        facts.latency_ratio = found["latency_ratio"].value
    facts.intervals = found
