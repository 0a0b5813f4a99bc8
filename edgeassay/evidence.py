"""What the claims of a run stand on: each artifact, prediction and timing, made once.

What a worker failed to give is not remembered: the next claim that needs it tries a new worker.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from edgeassay.artifacts import Artifact, read_artifact
from edgeassay.build import (
    Missing,
    build,
    check_current,
    own_artifact,
    prebuilt_path,
    seed_of,
)
from edgeassay.datasets import Split, check_evaluation, check_separation, open_dataset
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    ConfigError,
    DataError,
    MeasurementError,
)
from edgeassay.matrix import Plan
from edgeassay.measure.accuracy import Inputs, LocalRunner, Runner, predict
from edgeassay.measure.cluster import ClusterRunner
from edgeassay.measure.fit import check_fits, check_integer, check_ran
from edgeassay.measure.latency import Durations, time_case
from edgeassay.measure.predictions import Predictions, read_predictions, write_predictions
from edgeassay.measure.random_inputs import finite_share, random_inputs, random_rows
from edgeassay.measure.shards import Shard, ShardStore, shards_of
from edgeassay.preprocess import preprocess_version
from edgeassay.progress import Reporter
from edgeassay.spec import Case, ModelSpec, RuntimeSpec
from edgeassay.stats import class_aucs
from edgeassay.variants import method_of
from edgeassay.workers import Loaded, Worker


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run was told.

    `timing_off` says why nothing is timed, or is None. `prebuilt` is a folder of artifacts to use
    instead of building. `outputs` keeps what artifacts gave; with `predict_again` nothing
    that is there is used. `jobs` is the number of workers that accuracy is measured with,
    `on` the scheduler of a cluster that measures it instead.
    """

    cache: Path
    outputs: Path
    predict_again: bool
    prebuilt: Path | None
    data_root: Path | None
    predictions: Path | None
    timing_off: str | None
    jobs: int
    on: str | None
    today: date


@dataclass(kw_only=True)
class CaseFacts:
    """What is known of a case by now, claimed or not; None where it isn't measured.

    `manifest` is False for an artifact that came without one; `patients_separate` is False where
    the data names no patients.
    """

    size_bytes: int | None = None
    size_ratio: float | None = None
    artifact_sha256: str | None = None
    manifest: bool | None = None
    mean_auc: float | None = None
    mean_auc_drop: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    latency_ratio: float | None = None
    patients_separate: bool | None = None
    reused_predictions: int | None = None
    worker: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EvaluationData:
    """A model's data set, checked: its evaluation split, and whether patients are known apart."""

    split: Split
    inputs: Inputs
    patients_separate: bool


class Evidence:
    """Makes and keeps what the cases of a plan give."""

    def __init__(self, plan: Plan, settings: Settings, report: Reporter) -> None:
        self._plan = plan
        self._settings = settings
        self._report = report
        self._artifacts: dict[tuple[str, str], Artifact] = {}
        self._unbuilt: dict[tuple[str, str], Missing] = {}
        self._data: dict[str, EvaluationData] = {}
        self._unreadable: dict[str, DataError] = {}
        self._sharded: dict[str, list[Shard]] = {}
        self._greetings: dict[str, dict[str, Any]] = {}
        self._predictions: dict[Case, Predictions] = {}
        self._aucs: dict[Case, npt.NDArray[np.float64]] = {}
        self._released: dict[str, npt.NDArray[np.float64]] = {}
        self._durations: dict[Case, Durations] = {}

    def prepare(self, model_id: str) -> None:
        """Build what a model's cases need; a failed build is left to the claims that need it."""
        for case in (c for c in self._plan.cases if c.model == model_id):
            with suppress(Absent, ArtifactError, BuildFailed):
                self.artifact(case)

    def artifact(self, case: Case) -> Artifact:
        """The artifact of a case: prebuilt, cached, or built now with the model's others."""
        key = (case.model, case.variant)
        if key in self._unbuilt:
            raise self._unbuilt[key]  # trying again would fail again
        if key not in self._artifacts:
            if self._settings.prebuilt is not None:
                self._artifacts[key] = self._prebuilt(case, self._settings.prebuilt)
            else:
                self._build(case)
        return self._artifacts[key]

    def _prebuilt(self, case: Case, folder: Path) -> Artifact:
        path, model = prebuilt_path(folder, case.model, case.variant), self._model(case)
        if not path.exists():
            declared = model.variants[case.variant].artifact
            if declared is not None and (model.folder / declared).exists():
                return own_artifact(model, case.variant)
            raise Absent(f"--artifacts: {path} isn't there")
        artifact = read_artifact(path, case.model, case.variant)
        check_current(artifact, model)
        return artifact

    def _build(self, case: Case) -> None:
        model = self._model(case)
        wanted = {c.variant for c in self._plan.cases if c.model == model.id}
        wanted |= {case.variant, model.reference.variant}
        made = build(
            model,
            [v for v in model.variants if v in wanted],
            cache=self._settings.cache,
            data_root=self._settings.data_root,
            report=self._report,
        )
        self._artifacts |= {(model.id, v): artifact for v, artifact in made.artifacts.items()}
        self._unbuilt |= {(model.id, v): error for v, error in made.missing.items()}
        if case.variant in made.missing:
            raise made.missing[case.variant]

    def data(self, model_id: str) -> EvaluationData:
        """The model's data, checked; Absent where it isn't here, ConfigError or DataError where it
        isn't as declared.
        """
        if model_id not in self._data:
            model = self._plan.models[model_id]
            if model.data is None:
                raise Absent(f"{model.file} has no [data]")
            assert model.preprocess is not None, "[data] is refused without [preprocess]"
            dataset = open_dataset(model.data, self._settings.data_root)
            separate = check_separation(dataset)
            split = check_evaluation(dataset)
            self._data[model_id] = EvaluationData(
                split=split,
                inputs=Inputs(split=split, settings=model.preprocess),
                patients_separate=separate,
            )
        return self._data[model_id]

    def check_data(self, model_id: str) -> None:
        """Open a model's data set if it is here."""
        with suppress(Absent):
            self.data(model_id)

    def _model(self, case: Case) -> ModelSpec:
        return self._plan.models[case.model]

    def _runtime(self, case: Case) -> RuntimeSpec:
        return self._model(case).runtimes[case.runtime]

    def _start_worker(self, case: Case) -> Worker:
        device = self._plan.device
        if not self._plan.device_present:
            raise Absent(
                f"this machine isn't the device {device.id!r} that {device.file} describes"
            )
        engine = self._runtime(case).engine
        if engine not in device.workers:
            raise Absent(f"{device.file} declares no worker for {engine!r}")
        try:
            return Worker(
                device.workers[engine],
                engine,
                label=f"{case.model}/{case.variant}",
                timeout_s=device.timing.timeout_s,
            )
        except Absent as error:
            raise Absent(f"{error} (its command is {device.file}:workers.{engine})") from None

    def _check_kind(self, case: Case, loaded: Loaded) -> None:
        method = method_of(self._model(case).variants[case.variant])
        if method is not None and method.integer:
            check_integer(loaded)

    def check_loads(self, case: Case) -> None:
        """Load the artifact in a fresh worker and run it once on zeros."""
        artifact = self.artifact(case)
        with self._start_worker(case) as worker:
            loaded = worker.load(artifact.path, self._runtime(case), "candidate", artifact.label)
            check_ran(artifact, loaded)
            self._check_kind(case, loaded)
            worker.run(loaded, [np.zeros((1, *t.shape), t.dtype) for t in loaded.inputs])

    def predictions(self, case: Case) -> Predictions:
        """The case's predictions on the evaluation split."""
        if case.model in self._unreadable:
            raise self._unreadable[case.model]
        if case not in self._predictions:
            model, data = self._model(case), self.data(case.model)

            def check(loaded: Loaded) -> None:
                self._check_kind(case, loaded)
                check_fits(loaded, data.inputs.settings, len(model.classes), model.file)

            try:
                artifact = self.artifact(case)
                self._predictions[case] = predict(
                    data.split,
                    self._shards(case.model),
                    store=self._store(case, artifact),
                    runner=self._runner(case, artifact, check),
                    check=check,
                    label=f"evaluating {case.id}",
                    report=self._report,
                )
            except DataError as error:
                self._unreadable[case.model] = error
                raise
            if self._settings.predictions is not None:
                made = self._predictions[case]
                write_predictions(
                    self._settings.predictions, case.id, made, data.split, model.classes
                )
        return self._predictions[case]

    def _runner(self, case: Case, artifact: Artifact, check: Callable[[Loaded], None]) -> Runner:
        """Where shards run: on this machine's cores, or on the cluster that `--on` names."""
        model, device, data = self._model(case), self._plan.device, self.data(case.model)
        runtime, address = self._runtime(case), self._settings.on
        if address is None:
            return LocalRunner(
                artifact=artifact,
                runtime=runtime,
                inputs=data.inputs,
                start_worker=lambda: self._start_worker(case),
                check=check,
                jobs=self._settings.jobs,
            )
        if device.workers[runtime.engine] != ("{python}",):
            raise ConfigError(
                f"--on: {device.file}:workers.{runtime.engine} isn't this Python but a device of"
                " its own, and a cluster can't stand for it; leave --on out"
            )
        assert model.data is not None, "predictions are made of data"
        return ClusterRunner(
            address=address,
            artifact=artifact,
            runtime=runtime,
            data=model.data,
            data_root=self._settings.data_root,
            preprocess=data.inputs.settings,
            greeting=self._greeting(case),
            check=check,
            timeout_s=device.timing.timeout_s,
        )

    def _shards(self, model_id: str) -> list[Shard]:
        """The shards of a model's evaluation split, their images read and digested once a run."""
        if model_id not in self._sharded:
            self._sharded[model_id] = shards_of(self.data(model_id).split, self._settings.jobs)
        return self._sharded[model_id]

    def _store(self, case: Case, artifact: Artifact) -> ShardStore:
        """Where outputs of the same artifact, settings, runtime and machine are kept."""
        inputs, device = self.data(case.model).inputs, self._plan.device
        return ShardStore(
            folder=self._settings.outputs / case.model / case.variant,
            fresh=self._settings.predict_again,
            settings={
                "artifact": artifact.sha256,
                "preprocess": asdict(inputs.settings),
                "preprocess_code": preprocess_version(),
                "runtime": asdict(self._runtime(case)),
                "worker": self._greeting(case),
                "device": [device.id, *device.workers[self._runtime(case).engine]],
                "machine": self._plan.machine.fingerprint,
            },
        )

    def _greeting(self, case: Case) -> dict[str, Any]:
        """What the worker of a case's runtime says of itself, asked once a run."""
        engine = self._runtime(case).engine
        if engine not in self._greetings:
            with self._start_worker(case) as worker:
                facts = dict(worker.facts)
            del facts["pid"]
            self._greetings[engine] = facts
        return self._greetings[engine]

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
            self._aucs[case] = class_aucs(self.data(case.model).split.labels, made.scores)
        return self._aucs[case]

    def reference_aucs(self, case: Case) -> npt.NDArray[np.float64]:
        """The AUC of every class that the case's are compared with: of the reference variant, or
        of the file of predictions that the model names.
        """
        model = self._model(case)
        if model.reference.predictions is None:
            return self.aucs(self._plan.reference_of(case))
        if model.id not in self._released:
            split = self.data(model.id).split
            scores = read_predictions(
                model.folder / model.reference.predictions, split, model.classes
            )
            self._released[model.id] = class_aucs(split.labels, scores)
        return self._released[model.id]

    def finite_share(self, case: Case) -> tuple[float, int]:
        """The share of outputs that are finite numbers, and on how many rows: the evaluation
        images, or random inputs where the model declares no data.
        """
        model = self._model(case)
        if model.data is not None:
            made = self.predictions(case)
            return made.finite_share, len(made.scores)
        artifact, settings = self.artifact(case), model.random_inputs
        with self._start_worker(case) as worker:
            loaded = worker.load(artifact.path, self._runtime(case), "candidate", artifact.label)
            check_ran(artifact, loaded)
            self._check_kind(case, loaded)
            rows = random_rows(loaded, settings, seed_of(case.id))
            return finite_share(worker.run(loaded, rows)), settings.rows

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's; one run at a time is timed."""
        if case not in self._durations:
            artifact, whole = self.artifact(case), self._plan.reference_of(case)
            reference = None if whole == case else self.artifact(whole)
            settings, seed = self._model(case).random_inputs, seed_of(case.id)
            lock = Path(tempfile.gettempdir(), f"edgeassay-timing-{getpass.getuser()}.lock")
            with FileLock(lock):
                self._durations[case] = time_case(
                    artifact,
                    reference,
                    start_worker=lambda: self._start_worker(case),
                    runtime=self._runtime(case),
                    timing=self._plan.device.timing,
                    inputs=lambda loaded: random_inputs(loaded, settings, seed),
                    label=f"timing {case.id}",
                    report=self._report,
                )
        return self._durations[case]

    def facts(self, case: Case) -> CaseFacts:
        """What has been found out about a case so far; nothing is measured for it."""
        facts = CaseFacts()
        reference = self._plan.reference_of(case)
        artifact = self._artifacts.get((case.model, case.variant))
        whole = self._artifacts.get((case.model, reference.variant))
        if artifact is not None:
            facts.size_bytes, facts.artifact_sha256 = artifact.size_bytes, artifact.sha256
            facts.manifest = artifact.manifest is not None
            if whole is not None and artifact is not whole:
                facts.size_ratio = artifact.size_bytes / whole.size_bytes
        if (aucs := self._aucs.get(case)) is not None:
            facts.mean_auc = float(aucs.mean())
            facts.patients_separate = self._data[case.model].patients_separate
            released = self._released.get(case.model)
            if released is None and reference != case:
                released = self._aucs.get(reference)
            if released is not None:
                facts.mean_auc_drop = float(released.mean()) - facts.mean_auc
        if (made := self._predictions.get(case)) is not None:
            facts.worker, facts.reused_predictions = made.worker, made.reused
        if (durations := self._durations.get(case)) is not None:
            facts.p50_ms, facts.p95_ms = durations.p50_ms, durations.p95_ms
            facts.latency_ratio = None if durations.reference is None else durations.ratio().value
            facts.worker = durations.worker
        return facts
