"""Diagnostic quality: each case's predictions on its model's evaluation split, made once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.atomic import sha256_of
from edgeassay.datasets import Split, check_evaluation, check_separation
from edgeassay.errors import Absent, ConfigError, DataError, MeasurementError
from edgeassay.measure.accuracy import Inputs, LocalRunner, Runner, predict
from edgeassay.measure.cluster import ClusterRunner
from edgeassay.measure.fit import check_fits
from edgeassay.measure.predictions import Predictions, read_predictions, write_predictions
from edgeassay.measure.shards import Shard, ShardStore, outputs_version, shards_of
from edgeassay.rig import Rig
from edgeassay.spec import Case
from edgeassay.stats import class_aucs
from edgeassay.workers import Loaded


@dataclass(frozen=True, kw_only=True)
class EvaluationData:
    """A model's data set, checked: its evaluation split, and whether patients are known apart."""

    split: Split
    inputs: Inputs
    patients_separate: bool


class Evaluations:
    """Makes and keeps what the cases say of their images."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._data: dict[str, EvaluationData] = {}
        self._unreadable: dict[str, DataError] = {}
        self._sharded: dict[str, list[Shard]] = {}
        self._predictions: dict[Case, Predictions] = {}
        self._aucs: dict[Case, npt.NDArray[np.float64]] = {}
        self._released: dict[str, npt.NDArray[np.float64]] = {}
        self._released_words: dict[str, str] = {}

    def data(self, model_id: str) -> EvaluationData:
        """The model's data, checked; Absent where it isn't here, ConfigError or DataError where it
        isn't as declared.
        """
        if model_id not in self._data:
            model = self._rig.plan.models[model_id]
            if model.data is None:
                raise Absent(f"{model.file} has no [data]")
            assert model.preprocess is not None, "[data] is refused without [preprocess]"
            dataset = self._rig.dataset(model.data)
            separate = check_separation(dataset)
            split = check_evaluation(dataset)
            self._data[model_id] = EvaluationData(
                split=split,
                inputs=Inputs(split=split, settings=model.preprocess),
                patients_separate=separate,
            )
        return self._data[model_id]

    def check_data(self, model_id: str) -> None:
        """Open a model's data set if it is here, and the predictions that it is compared with."""
        with suppress(Absent):
            self.data(model_id)
            if self._rig.plan.models[model_id].reference.predictions is not None:
                self.released_aucs(model_id)

    def predictions(self, case: Case) -> Predictions:
        """The case's predictions on the evaluation split."""
        if case.model in self._unreadable:
            raise self._unreadable[case.model]
        if case not in self._predictions:
            model, data = self._rig.model(case), self.data(case.model)

            def check(loaded: Loaded) -> None:
                self._rig.check_kind(case, loaded)
                check_fits(loaded, data.inputs.settings, len(model.classes), model.file)

            try:
                artifact = self._rig.artifact(case)
                self._predictions[case] = predict(
                    data.split,
                    self._shards(case.model),
                    store=self._store(case, artifact),
                    runner=self._runner(case, artifact, check),
                    check=check,
                    label=f"evaluating {case.id}",
                    report=self._rig.report,
                )
            except DataError as error:
                self._unreadable[case.model] = error
                raise
            if self._rig.settings.predictions is not None:
                made = self._predictions[case]
                write_predictions(
                    self._rig.settings.predictions, case.id, made, data.split, model.classes
                )
        return self._predictions[case]

    def _runner(self, case: Case, artifact: Artifact, check: Callable[[Loaded], None]) -> Runner:
        """Where shards run: on this machine's cores, or on the cluster that `--on` names."""
        model, device, data = self._rig.model(case), self._rig.plan.device, self.data(case.model)
        runtime, address = self._rig.runtime(case), self._rig.settings.on
        if address is None:
            return LocalRunner(
                artifact=artifact,
                runtime=runtime,
                inputs=data.inputs,
                start_worker=lambda: self._rig.start_worker(case),
                check=check,
                jobs=self._rig.settings.jobs,
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
            data_root=self._rig.settings.data_root,
            preprocess=data.inputs.settings,
            greeting=self._rig.greeting(case),
            check=check,
            timeout_s=device.timing.timeout_s,
        )

    def _shards(self, model_id: str) -> list[Shard]:
        """The shards of a model's evaluation split, their images read and digested once a run."""
        if model_id not in self._sharded:
            self._sharded[model_id] = shards_of(self.data(model_id).split, self._rig.settings.jobs)
        return self._sharded[model_id]

    def _store(self, case: Case, artifact: Artifact) -> ShardStore:
        """Where outputs of the same artifact, settings, runtime and machine are kept."""
        inputs, device = self.data(case.model).inputs, self._rig.plan.device
        return ShardStore(
            folder=self._rig.settings.outputs / case.model / case.variant,
            fresh=self._rig.settings.predict_again,
            settings={
                "artifact": artifact.sha256,
                "preprocess": asdict(inputs.settings),
                "code": outputs_version(),
                "runtime": asdict(self._rig.runtime(case)),
                "worker": self._rig.greeting(case),
                "device": [device.id, *device.workers[self._rig.runtime(case).engine]],
                "machine": self._rig.plan.machine.fingerprint,
            },
        )

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
        if self._rig.model(case).reference.predictions is None:
            return self.aucs(self._rig.plan.reference_of(case))
        return self.released_aucs(case.model)

    def released_aucs(self, model_id: str) -> npt.NDArray[np.float64]:
        """The AUC of every class by the file of predictions that the model names."""
        model = self._rig.plan.models[model_id]
        assert model.reference.predictions is not None, "asked only where there is one"
        if model_id not in self._released:
            split = self.data(model_id).split
            path = model.folder / model.reference.predictions
            scores = read_predictions(path, split, model.classes)
            self._released[model_id] = class_aucs(split.labels, scores)
            words = f"predictions {path.name}, SHA-256 {sha256_of(path)}"
            self._released_words[model_id] = words
        return self._released[model_id]

    def compared_with(self, case: Case) -> str:
        """What the case's AUCs have been compared with, told apart from all else."""
        variant = self._rig.model(case).reference.variant
        return self._released_words.get(case.model, f"variant {variant}")

    def known(self, case: Case) -> Predictions | None:
        """The case's predictions where they have been made."""
        return self._predictions.get(case)

    def known_aucs(
        self, case: Case
    ) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64] | None]:
        """The case's AUCs, and those that they are compared with, where they have been taken."""
        reference = self._rig.plan.reference_of(case)
        released = self._released.get(case.model)
        declared = self._rig.model(case).reference.predictions
        if declared is None and reference != case:
            released = self._aucs.get(reference)
        return self._aucs.get(case), released
