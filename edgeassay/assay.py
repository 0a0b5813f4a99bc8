"""One run: from a claim to its judgement, each artifact built, predicted and timed once.

What fails is not remembered: the next claim that needs it tries again with a new worker.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact, read_artifact
from edgeassay.build import build, check_current, prebuilt_path, seed_of
from edgeassay.datasets import (
    Dataset,
    Split,
    check_evaluation,
    check_separation,
    open_dataset,
)
from edgeassay.errors import Absent, ArtifactError, BuildFailed, MeasurementError, WorkerError
from edgeassay.gates import decide, told
from edgeassay.matrix import Plan
from edgeassay.measure.accuracy import (
    Inputs,
    Predictions,
    check_fits,
    predict,
    write_predictions,
)
from edgeassay.measure.latency import Durations, time_case
from edgeassay.progress import Reporter
from edgeassay.spec import (
    REFERENCE_VARIANT,
    TRAITS,
    Case,
    Claim,
    ClaimName,
    Deviation,
    Judgement,
    Measurement,
    ModelSpec,
    RuntimeSpec,
    Verdict,
)
from edgeassay.stats import class_aucs
from edgeassay.workers import Worker

Evidence = tuple[Measurement, float | None]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run was told.

    `timing_off` says why nothing is timed, or is None. `prebuilt` is a folder of artifacts to use
    instead of building. `jobs` is the number of workers that accuracy is measured with.
    """

    cache: Path
    prebuilt: Path | None
    data_root: Path | None
    predictions: Path | None
    timing_off: str | None
    jobs: int
    today: date


@dataclass(kw_only=True)
class CaseFacts:
    """What is known of a case by now, for the closing table and the records."""

    size_bytes: int | None = None
    artifact_sha256: str | None = None
    mean_auc: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    patients_separate: bool | None = None
    worker: dict[str, Any] = field(default_factory=dict)


class Assay:
    """Judges the claims of a plan."""

    def __init__(self, plan: Plan, settings: Settings, report: Reporter) -> None:
        self.plan = plan
        self.settings = settings
        self._report = report
        self._artifacts: dict[tuple[str, str], Artifact] = {}
        self._unbuilt: dict[tuple[str, str], Absent | BuildFailed] = {}
        self._datasets: dict[str, tuple[Dataset, bool]] = {}
        self._inputs: dict[str, Inputs] = {}
        self._predictions: dict[Case, Predictions] = {}
        self._aucs: dict[Case, npt.NDArray[np.float64]] = {}
        self._durations: dict[Case, Durations] = {}
        self._loaded: set[Case] = set()
        self._judgements: dict[Claim, Judgement] = {}

    # --- judging

    def judge(self, claim: Claim) -> Judgement:
        """What can be said of a claim; measured at most once.

        Raises ConfigError, DataError or BuildFailed where the rig, not the model, is at fault.
        """
        if claim not in self._judgements:
            try:
                self._judgements[claim] = self._judge(claim)
            except WorkerError as error:
                return Judgement(
                    claim=claim,
                    verdict=Verdict.FAIL,
                    reason=str(error),
                )
        return self._judgements[claim]

    def _judge(self, claim: Claim) -> Judgement:
        try:
            if TRAITS[claim.name].timed and self.settings.timing_off:
                raise Absent(self.settings.timing_off)
            measurement, reference = self._measure(claim)
        except Absent as error:
            return Judgement(
                claim=claim,
                verdict=Verdict.UNMEASURED,
                reason=str(error),
            )
        except ArtifactError as error:
            return self._not_loaded(claim, error)
        except MeasurementError as error:
            judgement = Judgement(claim=claim, verdict=Verdict.FAIL, reason=str(error))
            return self._excuse(judgement)
        least = self.plan.device.timing.min_rounds if claim.name is ClaimName.LATENCY_P95_MS else 1
        return self._excuse(decide(claim, measurement, reference=reference, least_n=least))

    def _excuse(self, judgement: Judgement) -> Judgement:
        """Show the deviation that declares a failure beside it."""
        if judgement.verdict is not Verdict.FAIL:
            return judgement
        deviation = self.plan.deviation_of(judgement.claim, self.settings.today)
        return replace(judgement, deviation=deviation)

    def _not_loaded(self, claim: Claim, error: ArtifactError) -> Judgement:
        """An artifact that doesn't load fails every claim, unless its not loading is declared."""
        judgement = Judgement(claim=claim, verdict=Verdict.FAIL, reason=str(error))
        loads = replace(claim, name=ClaimName.LOADS, class_name=None)
        declared = self.plan.deviation_of(loads, self.settings.today)
        if declared is not None and claim.name is not ClaimName.LOADS:
            return Judgement(
                claim=claim,
                verdict=Verdict.UNMEASURED,
                reason=f"it doesn't load, as {declared.source} declares",
            )
        return self._excuse(judgement)

    def _measure(self, claim: Claim) -> Evidence:
        methods: dict[ClaimName, Callable[[Claim], Evidence]] = {
            ClaimName.LOADS: self._measure_loads,
            ClaimName.SIZE_RATIO: self._measure_size_ratio,
            ClaimName.MEAN_AUC_DROP: self._measure_mean_auc_drop,
            ClaimName.CLASS_AUC_DROP: self._measure_class_auc_drop,
            ClaimName.MIN_AUC: self._measure_min_auc,
            ClaimName.FINITE_OUTPUTS: self._measure_finite_outputs,
            ClaimName.LATENCY_P95_MS: self._measure_latency_p95,
            ClaimName.LATENCY_RATIO: self._measure_latency_ratio,
        }
        return methods[claim.name](claim)

    def _measure_loads(self, claim: Claim) -> Evidence:
        self.check_loads(claim.case)
        return Measurement(value=1.0, unit="flag", n=1), None

    def _measure_size_ratio(self, claim: Claim) -> Evidence:
        size = self.artifact(claim.case).size_bytes
        reference = self.artifact(self.reference(claim.case)).size_bytes
        return Measurement(value=size / reference, unit="ratio", n=1), float(reference)

    def _measure_mean_auc_drop(self, claim: Claim) -> Evidence:
        reference = float(self.aucs(self.reference(claim.case)).mean())
        drop = reference - float(self.aucs(claim.case).mean())
        return Measurement(value=drop, unit="AUC", n=self._images(claim)), reference

    def _measure_class_auc_drop(self, claim: Claim) -> Evidence:
        k = self._model(claim.case).classes.index(claim.class_name or "")
        reference = float(self.aucs(self.reference(claim.case))[k])
        drop = reference - float(self.aucs(claim.case)[k])
        return Measurement(value=drop, unit="AUC", n=self._images(claim)), reference

    def _measure_min_auc(self, claim: Claim) -> Evidence:
        value = float(self.aucs(claim.case).mean())
        return Measurement(value=value, unit="AUC", n=self._images(claim)), None

    def _measure_finite_outputs(self, claim: Claim) -> Evidence:
        share = self.predictions(claim.case).finite_share
        return Measurement(value=share, unit="share", n=self._images(claim)), None

    def _measure_latency_p95(self, claim: Claim) -> Evidence:
        return self.durations(claim.case).p95(), None

    def _measure_latency_ratio(self, claim: Claim) -> Evidence:
        durations = self.durations(claim.case)
        assert durations.reference is not None, "the reference makes no claim of a ratio"
        return durations.ratio(), float(np.median(durations.reference)) / 1e6

    def _images(self, claim: Claim) -> int:
        return len(self.evaluation(claim.case.model))

    # --- what the measurements stand on

    def _model(self, case: Case) -> ModelSpec:
        return self.plan.models[case.model]

    def reference(self, case: Case) -> Case:
        """The fp32 case that drops and ratios of this one are taken against."""
        return replace(case, variant=REFERENCE_VARIANT)

    def artifact(self, case: Case) -> Artifact:
        """The artifact of a case: prebuilt, cached, or built now with the model's others."""
        key = (case.model, case.variant)
        if key in self._unbuilt:
            raise self._unbuilt[key]  # trying again would fail again
        if key not in self._artifacts:
            self._artifacts[key] = (
                self._prebuilt(case) if self.settings.prebuilt else self._built(case)
            )
        return self._artifacts[key]

    def _prebuilt(self, case: Case) -> Artifact:
        assert self.settings.prebuilt is not None
        path = prebuilt_path(self.settings.prebuilt, case.model, case.variant)
        if not path.exists():
            raise Absent(f"--artifacts: {path} isn't there")
        artifact = read_artifact(path, case.model, case.variant)
        check_current(artifact, self._model(case))
        return artifact

    def _built(self, case: Case) -> Artifact:
        model = self._model(case)
        wanted = {c.variant for c in self.plan.cases if c.model == model.id}
        wanted |= {case.variant, REFERENCE_VARIANT}
        made = build(
            model,
            [v for v in model.variants if v in wanted],
            cache=self.settings.cache,
            data_root=self.settings.data_root,
            report=self._report,
        )
        for variant, artifact in made.artifacts.items():
            self._artifacts[(model.id, variant)] = artifact
        for variant, error in made.missing.items():
            self._unbuilt[(model.id, variant)] = error
        if case.variant in made.missing:
            raise made.missing[case.variant]
        return made.artifacts[case.variant]

    def _data_is_here(self, model: ModelSpec) -> bool:
        if model.data is None:
            return False
        try:
            open_dataset(model.data, self.settings.data_root)
        except Absent:
            return False
        return True

    def _dataset(self, model_id: str) -> tuple[Dataset, bool]:
        """The model's data set, checked, and whether it names patients."""
        if model_id not in self._datasets:
            source = self.plan.models[model_id].data
            if source is None:
                raise Absent(f"{self.plan.models[model_id].file} has no [data]")
            dataset = open_dataset(source, self.settings.data_root)
            separate = check_separation(dataset)
            check_evaluation(dataset)
            self._datasets[model_id] = (dataset, separate)
        return self._datasets[model_id]

    def evaluation(self, model_id: str) -> Split:
        """The model's evaluation split, checked."""
        return check_evaluation(self._dataset(model_id)[0])

    def prepare(self, model_id: str) -> None:
        """Build what a model's cases need; a failed build is left to the claims that need it."""
        for case in (c for c in self.plan.cases if c.model == model_id):
            with suppress(Absent, ArtifactError, BuildFailed):
                self.artifact(case)

    def check_data(self) -> None:
        """Open every data set that is here; ConfigError or DataError where one is wrong."""
        for model in self.plan.models.values():
            if self._data_is_here(model):
                self._dataset(model.id)

    def _runtime(self, case: Case) -> RuntimeSpec:
        return self._model(case).runtimes[case.runtime]

    def _start_worker(self, case: Case) -> Worker:
        device = self.plan.device
        if not self.plan.device_present:
            raise Absent(
                f"this machine isn't the device {device.id!r} that {device.file} describes"
            )
        engine = self._runtime(case).engine
        if engine not in device.workers:
            raise Absent(f"{device.file} declares no worker for {engine!r}")
        return Worker(
            device.workers[engine],
            engine,
            label=f"{case.model}/{case.variant}",
            timeout_s=device.timing.timeout_s,
        )

    def check_loads(self, case: Case) -> None:
        """Load the artifact in a fresh worker and run it once on a seeded input."""
        artifact = self.artifact(case)
        if case not in self._loaded:
            with self._start_worker(case) as worker:
                loaded = worker.load(
                    artifact.path, self._runtime(case), "candidate", artifact.label
                )
                ones = [np.zeros((1, *t.shape), t.dtype) for t in loaded.inputs]
                worker.run(loaded, ones)
            self._loaded.add(case)

    def predictions(self, case: Case) -> Predictions:
        """The case's predictions on the evaluation split."""
        if case not in self._predictions:
            model, split = self._model(case), self.evaluation(case.model)
            inputs = self._inputs.setdefault(
                case.model, Inputs(split=split, settings=model.preprocess)
            )
            made = predict(
                self.artifact(case),
                inputs,
                start_worker=lambda: self._start_worker(case),
                runtime=self._runtime(case),
                check=lambda loaded: check_fits(
                    loaded, model.preprocess, len(model.classes), model.file
                ),
                jobs=self.settings.jobs,
                label=f"evaluating {case.id}",
                report=self._report,
            )
            if self.settings.predictions is not None:
                write_predictions(self.settings.predictions, case.id, made, split, model.classes)
            self._predictions[case] = made
        return self._predictions[case]

    def aucs(self, case: Case) -> npt.NDArray[np.float64]:
        """The AUC of every class; MeasurementError where an output isn't finite."""
        if case not in self._aucs:
            made = self.predictions(case)
            if made.finite_share < 1.0:
                count = int((~np.isfinite(made.scores)).sum())
                raise MeasurementError(
                    f"{case.id} gave {count:,} outputs that are no finite numbers, in"
                    f" {made.scores.size:,}: no AUC can be taken"
                )
            self._aucs[case] = class_aucs(self.evaluation(case.model).labels, made.scores)
        return self._aucs[case]

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's."""
        if case not in self._durations:
            alone = case.variant == REFERENCE_VARIANT
            self._durations[case] = time_case(
                self.artifact(case),
                None if alone else self.artifact(self.reference(case)),
                start_worker=lambda: self._start_worker(case),
                runtime=self._runtime(case),
                timing=self.plan.device.timing,
                seed=seed_of(case.id),
                label=f"timing {case.id}",
                report=self._report,
            )
        return self._durations[case]

    # --- deviations and facts

    def deviation_status(self, deviation: Deviation) -> tuple[Verdict, str]:
        """Whether a declared deviation still matches a measured failure, and why or why not."""
        if self.settings.today > deviation.expires:
            return Verdict.FAIL, (
                f"{deviation.source}: the deviation expired on {deviation.expires}; mend what it"
                f" excuses ({deviation.reason}), or review it anew"
            )
        covered = dict(self.plan.deviations())[deviation]
        judgements = [self.judge(claim) for claim in covered]
        failed = [j for j in judgements if j.verdict is Verdict.FAIL]
        measured = [j for j in judgements if j.measurement is not None or j.verdict is Verdict.FAIL]
        if failed:
            return (
                Verdict.PASS,
                f"{deviation.source}: it still declares that {told(failed[0])}",
            )
        if not measured:
            return (
                Verdict.UNMEASURED,
                f"{deviation.source}: nothing it covers is measured: {judgements[0].reason}",
            )
        return Verdict.FAIL, (
            f"{deviation.source}: the deviation matches nothing any more: {told(measured[0])};"
            " remove it"
        )

    def facts(self, case: Case) -> CaseFacts:
        """What has been found out about a case so far."""
        facts = CaseFacts()
        if (artifact := self._artifacts.get((case.model, case.variant))) is not None:
            facts.size_bytes, facts.artifact_sha256 = (
                artifact.size_bytes,
                artifact.sha256,
            )
        if (aucs := self._aucs.get(case)) is not None:
            facts.mean_auc = float(aucs.mean())
            facts.patients_separate = self._dataset(case.model)[1]
        if (durations := self._durations.get(case)) is not None:
            facts.p50_ms, facts.p95_ms = durations.p50_ms, durations.p95_ms
            facts.worker = durations.worker
        if (made := self._predictions.get(case)) is not None:
            facts.worker = made.worker
        return facts
