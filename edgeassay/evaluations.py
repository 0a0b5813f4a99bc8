"""Diagnostic quality: each case's predictions on its model's evaluation split, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgeassay.artifacts import Artifact
from edgeassay.atomic import sha256_of
from edgeassay.build import seed_of
from edgeassay.datasets import Split, check_evaluation, check_separation, draw_sample
from edgeassay.datasets.pictures import FOLDER, with_pictures
from edgeassay.devices import identity_of
from edgeassay.errors import Absent, ConfigError, DataError, MeasurementError
from edgeassay.measure.accuracy import Inputs, LocalRunner, Runner, predict
from edgeassay.measure.cluster import ClusterRunner
from edgeassay.measure.compared import Compared
from edgeassay.measure.fit import check_fits
from edgeassay.measure.operating import Operating, fixed_on, given_by
from edgeassay.measure.predictions import Predictions, read_predictions, write_predictions
from edgeassay.measure.shards import (
    SHARD_IMAGES,
    SMALL_SHARD_IMAGES,
    Shard,
    ShardStore,
    outputs_version,
    shards_of,
)
from edgeassay.rig import Rig
from edgeassay.runs.scores import SavedScores
from edgeassay.spec import Case, Role
from edgeassay.stats.arrays import Scores
from edgeassay.workers import Loaded


@dataclass(frozen=True, kw_only=True)
class EvaluationData:
    """A split of a model's data set, checked, or the sample of it that is used, how many images the
    whole has, and whether patients are known apart.
    """

    split: Split
    whole: int
    inputs: Inputs
    patients_separate: bool


# A model's split, by the model's id.
Part = tuple[str, Role]


class Evaluations:
    """Makes and keeps what the cases say of their images."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._data: dict[Part, EvaluationData] = {}
        self._unreadable: dict[Part, DataError] = {}
        self._sharded: dict[Part, list[Shard]] = {}
        self._predictions: dict[tuple[Case, Role], Predictions] = {}
        self._compared: dict[Case, Compared] = {}
        self._alone: dict[Case, Compared] = {}
        self._released: dict[str, Scores] = {}
        self._released_words: dict[str, str] = {}
        self._operating: dict[Case, Operating] = {}

    def data(self, model_id: str, role: Role = Role.EVALUATION) -> EvaluationData:
        """The model's data, checked; Absent where it isn't here, ConfigError or DataError where it
        isn't as declared.
        """
        if (model_id, role) not in self._data:
            model = self._rig.plan.models[model_id]
            if model.data is None:
                raise Absent(f"{model.file} has no [data]")
            assert model.preprocess is not None, "[data] is refused without [preprocess]"
            dataset = self._rig.dataset(model)
            separate = check_separation(dataset)
            split = check_evaluation(dataset)
            if role is not Role.EVALUATION:
                if role not in dataset.splits:
                    raise Absent(f"{dataset.where} has no {role} split")
                split = dataset.splits[role]
            whole, sample = len(split), self._rig.settings.sample
            if sample is not None:  # the same for every variant, runtime and device
                split = draw_sample(split, sample, seed_of(f"{model_id} {role}"))
            kept_in = self._rig.settings.outputs / FOLDER
            self._data[model_id, role] = EvaluationData(
                split=with_pictures(split, model.decoding, kept_in, self._rig.report),
                whole=whole,
                inputs=Inputs(split=split, settings=model.preprocess),
                patients_separate=separate,
            )
        return self._data[model_id, role]

    def check_data(self, model_id: str) -> None:
        """Open a model's data set if it is here, and the predictions that it is compared with."""
        with suppress(Absent):
            self.data(model_id)
            if self._rig.plan.models[model_id].reference.predictions is not None:
                self._released_scores(model_id)

    def predictions(self, case: Case, role: Role = Role.EVALUATION) -> Predictions:
        """The case's predictions on a split."""
        self._rig.check_executes(case)
        if (case, role) not in self._predictions:
            model, data = self._rig.model(case), self.data(case.model, role)
            check, artifact = self.fits(case), self._rig.artifact(case)
            with self.reading(case.model, role):
                made = predict(
                    data.split,
                    self.shards(case.model, role),
                    store=self.store(case, artifact),
                    runner=self.runner(case, artifact, check, role),
                    check=check,
                    label=f"evaluating {case.id}",
                    report=self._rig.report,
                )
            self._predictions[case, role] = made
            if self._rig.settings.predictions is not None and role is Role.EVALUATION:
                write_predictions(
                    self._rig.settings.predictions, case.id, made, data.split, model.classes
                )
        return self._predictions[case, role]

    @contextmanager
    def reading(self, model_id: str, role: Role) -> Iterator[None]:
        """What reads a split's images and masks: a DataError that it ends with is remembered, and
        raised again by whoever tries next.
        """
        if (model_id, role) in self._unreadable:
            raise self._unreadable[model_id, role]
        try:
            yield
        except DataError as error:
            self._unreadable[model_id, role] = error
            raise

    def runner(
        self, case: Case, artifact: Artifact, check: Callable[[Loaded], None], role: Role
    ) -> Runner:
        """Where shards run: on this machine's cores, or on the cluster that `--on` names."""
        model, device = self._rig.model(case), self._rig.device(case)
        data = self.data(case.model, role)
        runtime, address = self._rig.runtime(case), self._rig.settings.on
        if address is None:
            return LocalRunner(
                artifact=artifact,
                runtime=runtime,
                inputs=data.inputs,
                lend_worker=lambda: self._rig.lend_worker(case),
                check=check,
                jobs=self.jobs(case),
            )
        if not device.workers[runtime.worker].is_own:
            raise ConfigError(
                f"--on: {device.file}:workers.{runtime.worker} isn't this Python but a device of"
                " its own, and a cluster can't stand for it; leave --on out"
            )
        assert model.data is not None, "predictions are made of data"
        return ClusterRunner(
            address=address,
            artifact=artifact,
            runtime=runtime,
            data=model.data,
            role=role,
            data_root=self._rig.settings.data_root,
            preprocess=data.inputs.settings,
            greeting=self._rig.greeting(case),
            check=check,
            timeout_s=device.timing.timeout_s,
        )

    def fits(self, case: Case) -> Callable[[Loaded], None]:
        """What refuses an artifact that isn't of its kind or doesn't take the model's images."""
        model = self._rig.model(case)
        assert model.preprocess is not None, "[data] is refused without [preprocess]"
        settings = model.preprocess

        def check(loaded: Loaded) -> None:
            self._rig.check_kind(case, loaded)
            check_fits(loaded, settings, len(model.classes), model.file, model.task)

        return check

    def jobs(self, case: Case) -> int:
        """Workers that run at once: no more than another machine has CPUs."""
        worker = self._rig.device(case).workers.get(self._rig.runtime(case).worker)
        jobs = self._rig.settings.jobs
        return jobs if worker is None or worker.folder is None else min(jobs, self._rig.cpus(case))

    def shards(self, model_id: str, role: Role) -> list[Shard]:
        """The shards of a model's split, their images read and digested once a run."""
        if (model_id, role) not in self._sharded:
            split, settings = self.data(model_id, role).split, self._rig.settings
            small = split.masks is not None or settings.sample is not None
            images = SMALL_SHARD_IMAGES if small else SHARD_IMAGES
            self._sharded[model_id, role] = shards_of(split, images)
        return self._sharded[model_id, role]

    def store(self, case: Case, artifact: Artifact, **further: Any) -> ShardStore:
        """Where outputs of the same artifact, settings, runtime and machine are kept; `further` is
        what else decides them.
        """
        inputs, device = self.data(case.model).inputs, self._rig.device(case)
        signature = self._rig.model(case).signature
        adapter = self._rig.adapter(case)  # a machine can have several, and software ones
        return ShardStore(
            folder=self._rig.settings.outputs / case.model / case.variant,
            fresh=self._rig.settings.predict_again,
            settings={
                "artifact": artifact.sha256,
                "preprocess": asdict(inputs.settings),
                "code": outputs_version(),
                "runtime": asdict(self._rig.runtime(case)),
                "worker": self._rig.greeting(case),
                "device": [device.id, *identity_of(device, self._rig.runtime(case).worker)],
                "machine": self._rig.plan.machine.fingerprint,
                **({} if adapter is None else {"adapter": adapter}),
                **({} if signature is None else {"signature": signature}),
                **further,
            },
        )

    def scores(self, case: Case, role: Role = Role.EVALUATION) -> Scores:
        """The case's scores, (images, classes); MeasurementError where an output isn't finite."""
        made = self.predictions(case, role)
        if made.finite_share < 1.0:
            count = int((~np.isfinite(made.scores)).sum())
            raise MeasurementError(
                f"{case.id} gave {count:,} outputs that are no finite numbers, in"
                f" {made.scores.size:,}: no AUC can be taken"
            )
        return made.scores

    def _reference_scores(self, case: Case) -> Scores:
        """The scores that the case's are compared with: of the reference variant, or of the file of
        predictions that the model names.
        """
        if self._rig.model(case).reference.predictions is None:
            return self.scores(self._rig.plan.reference_of(case))
        return self._released_scores(case.model)

    def _released_scores(self, model_id: str) -> Scores:
        """What the file of predictions that the model names says of the evaluation split."""
        model = self._rig.plan.models[model_id]
        assert model.reference.predictions is not None, "asked only where there is one"
        if model_id not in self._released:
            path = model.folder / model.reference.predictions
            split = self.data(model_id).split
            self._released[model_id] = read_predictions(path, split, model.classes)
            words = f"predictions {path.name}, SHA-256 {sha256_of(path)}"
            self._released_words[model_id] = words
        return self._released[model_id]

    def compared(self, case: Case) -> Compared:
        """The case's scores beside those that they are compared with."""
        if case not in self._compared:
            self._compared[case] = self.beside(case, self._reference_scores(case))
        return self._compared[case]

    def alone(self, case: Case) -> Compared:
        """The case's scores beside themselves, for what needs no reference."""
        if case not in self._alone:
            self._alone[case] = self.beside(case, self.scores(case))
        return self._alone[case]

    def beside(self, case: Case, reference: Scores) -> Compared:
        """The case's scores beside others of the same images."""
        split = self.data(case.model).split
        return Compared(
            classes=self._rig.model(case).classes,
            labels=split.labels,
            reference=reference,
            candidate=self.scores(case),
            codes=split.codes,
            subgroups=split.subgroups,
        )

    def operating(self, case: Case) -> Operating:
        """Where the product decides; Absent where nobody says so and no validation split does."""
        reference = self._rig.plan.reference_of(case)
        if reference not in self._operating:
            model = self._rig.model(case)
            point = model.operating_point
            if not point.given:
                if model.reference.predictions is not None:
                    raise Absent(
                        f"{model.file}: drops are taken against a file of predictions, which says"
                        " nothing of the validation split; give the product's `threshold` under"
                        " [operating_point]"
                    )
                try:
                    labels = self.data(case.model, Role.VALIDATION).split.labels
                except Absent as error:
                    raise Absent(
                        f"{error} to fix the operating threshold on; give the product's"
                        f" `threshold` under [operating_point] in {model.file}"
                    ) from None
                scores = self.scores(reference, Role.VALIDATION)
                self._operating[reference] = fixed_on(labels, scores, point, model.classes)
            else:
                self._operating[reference] = given_by(point, model.classes)
        return self._operating[reference]

    def known_operating(self, case: Case) -> Operating | None:
        """The same where a claim has asked for it."""
        return self._operating.get(self._rig.plan.reference_of(case))

    def compared_with(self, case: Case) -> str:
        """What the case's AUCs have been compared with, told apart from all else."""
        whole = self._rig.plan.reference_of(case)
        place = "" if whole.runtime == case.runtime else f" on {whole.runtime}"
        return self._released_words.get(case.model, f"variant {whole.variant}{place}")

    def known(self, case: Case) -> Predictions | None:
        """The case's predictions where they have been made."""
        return self._predictions.get((case, Role.EVALUATION))

    def to_save(self, case: Case) -> SavedScores | None:
        """What a saved run keeps of the case's evaluation; None where there was none."""
        made = self.known(case)
        if made is None:
            return None
        split = self.data(case.model).split
        return SavedScores.of(
            scores=made.scores,
            truth=split.labels,
            patients=split.codes,
            classes=self._rig.model(case).classes,
            names=split.names,
        )

    def names(self) -> Iterator[str]:
        """The names of images and patients in all splits that were opened."""
        for data in self._data.values():
            yield from data.split.names
            yield from data.split.patients or ()

    def known_auc(self, case: Case) -> float | None:
        """The mean AUC where it has been taken; None where there is none to take."""
        if (compared := self._compared.get(case) or self._alone.get(case)) is not None:
            drop = compared.aucs.mean()
            return None if drop is None else drop.candidate.value
        if self._rig.model(case).reference.predictions is not None:
            return None
        for other, compared in self._compared.items():  # it may be what another is compared with
            drop = compared.aucs.mean()
            if self._rig.plan.reference_of(other) == case and drop is not None:
                return drop.reference.value
        return None

    def known_drop(self, case: Case) -> float | None:
        """The drop of the mean AUC, likewise."""
        compared = self._compared.get(case)
        drop = None if compared is None else compared.aucs.mean()
        return None if drop is None else drop.value
