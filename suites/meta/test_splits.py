"""Which images and whose scores thresholds and claims stand on."""

from __future__ import annotations

import csv
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.errors import DataError
from edgeassay.evaluations import EvaluationData, Evaluations
from edgeassay.measure.operating import fixed_on, given_by
from edgeassay.measure.shards import Shard
from edgeassay.progress import silent
from edgeassay.rig import Rig
from edgeassay.spec import (
    Case,
    OperatingPoint,
    Role,
)
from edgeassay.stats.arrays import Labels, Scores
from suites.meta.compared import CASE, REFERENCE
from suites.meta.project import Project


class Stored(Evaluations):
    """Evaluations whose splits and scores are given."""

    def __init__(self, point: OperatingPoint, validation: Labels, found: Scores) -> None:
        model = SimpleNamespace(
            operating_point=point,
            classes=("c0",),
            file="models/m/model.toml",
            reference=SimpleNamespace(predictions=None),
        )
        plan = SimpleNamespace(reference_of=lambda case: replace(case, variant="fp32"))
        super().__init__(
            cast(
                Rig,
                SimpleNamespace(model=lambda _: model, plan=plan, check_executes=lambda _: None),
            )
        )
        self.split, self.found = SimpleNamespace(labels=validation), found

    def data(self, model_id: str, role: Role = Role.EVALUATION) -> EvaluationData:
        assert (model_id, role) == ("m", Role.VALIDATION), "thresholds are never fixed on the test"
        return cast(EvaluationData, SimpleNamespace(split=self.split))

    def scores(self, case: Case, role: Role = Role.EVALUATION) -> Scores:
        assert (case, role) == (REFERENCE, Role.VALIDATION), "nor by the candidate"
        return self.found


def test_a_threshold_is_fixed_by_the_reference_on_the_validation_split() -> None:
    labels = np.array([[0], [0], [1], [1]], np.int8)
    found = np.array([[0.1], [0.3], [0.4], [0.8]], np.float32)
    youden = Stored(OperatingPoint(), labels, found).operating(CASE)
    assert youden.thresholds == pytest.approx([0.35])
    half = Stored(OperatingPoint(sensitivity=0.5), labels, found).operating(CASE)
    assert half.thresholds == pytest.approx([0.6])
    given = Stored(OperatingPoint(threshold=0.3, rule=">"), labels, found).operating(CASE)
    assert given.decide(np.array([[0.3], [0.31]])).ravel().tolist() == [False, True]


class Given(Evaluations):
    """Evaluations of a real data set whose scores are random."""

    def __init__(self, project: Project) -> None:
        model = load_model(project.folder / "models/tiny", project.folder)
        plan = SimpleNamespace(
            models={"tiny": model}, reference_of=lambda case: replace(case, variant="fp32")
        )
        rig = SimpleNamespace(
            check_executes=lambda _: None,
            settings=SimpleNamespace(sample=None, outputs=project.folder / "kept"),
            report=silent,
            plan=plan,
            model=lambda _: model,
            dataset=lambda model: open_dataset(model.data, project.data),
            artifact=lambda _: None,
        )
        super().__init__(cast(Rig, rig))

    def scores(self, case: Case, role: Role = Role.EVALUATION) -> Scores:
        split = self.data(case.model, role).split
        rng = np.random.default_rng([len(split), len(case.variant)])
        return rng.random(split.labels.shape).astype(np.float32)

    def shards(self, model_id: str, role: Role) -> list[Shard]:
        raise DataError(f"an image of {role.value} can't be read")


TINY = replace(CASE, model="tiny")


def test_claims_stand_on_the_patients_of_the_evaluation_split_and_on_the_validation_split(
    project: Project,
) -> None:
    made = Given(project)
    with (project.data / "spots/labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    test, validation = (
        [row for row in rows if row["split"] == name] for name in ("test", "validation")
    )
    assert made.data("tiny").split.names == [row["image"] for row in test]
    part = made.data("tiny", Role.VALIDATION).split
    assert part.names == [row["image"] for row in validation]
    for compared in (made.compared(TINY), made.alone(TINY)):
        assert compared.labels.ravel().tolist() == [row["finding"] == "bright" for row in test]
        assert len(np.unique(compared.codes)) == len({row["patient"] for row in test}) == 79
    fixed = made.operating(TINY).thresholds[0]
    found = made.scores(replace(TINY, variant="fp32"), Role.VALIDATION).ravel()
    called = [np.mean(found[part.labels.ravel() == kind] >= fixed) for kind in (0, 1)]
    best = max(
        np.mean(found[part.labels.ravel() == 1] >= t)
        - np.mean(found[part.labels.ravel() == 0] >= t)
        for t in found
    )
    assert called[1] - called[0] == pytest.approx(best)


def test_an_image_of_the_validation_split_says_nothing_of_the_evaluation_split(
    project: Project,
) -> None:
    made = Given(project)
    for role in (Role.VALIDATION, Role.EVALUATION, Role.VALIDATION):
        with pytest.raises(DataError, match=f"an image of {role.value} can't be read"):
            made.predictions(TINY, role)


def test_every_class_has_the_threshold_of_its_own_scores() -> None:
    labels = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], np.int8)
    found = np.array([[0.1, 0.9], [0.3, 0.7], [0.5, 0.2], [0.8, 0.1]], np.float32)
    classes = ("c0", "c1")
    fixed = fixed_on(labels, found, OperatingPoint(), classes)
    assert fixed.thresholds == pytest.approx([0.4, 0.45])
    assert fixed.decide(found).astype(int).tolist() == labels.tolist()
    wanted = fixed_on(labels, found, OperatingPoint(sensitivity=0.5), classes)
    assert wanted.thresholds == pytest.approx([0.65, 0.8])
    given = given_by(OperatingPoint(thresholds={"c1": 0.2, "c0": 0.6}), classes)
    assert given.thresholds.tolist() == [0.6, 0.2]
    with pytest.raises(DataError, match="for 'c1': Youden's threshold needs positives and"):
        fixed_on(np.array([[0, 0], [1, 0]]), found[:2], OperatingPoint(), classes)
