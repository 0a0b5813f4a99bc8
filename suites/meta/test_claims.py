"""What claims make of two models' scores: small arrays, no worker, and the numbers by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.claims import MEASURES
from edgeassay.config.shapes import default_statistics
from edgeassay.errors import Absent, NoEvidence
from edgeassay.evaluations import EvaluationData, Evaluations
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.measure.compared import Compared
from edgeassay.measure.operating import Operating
from edgeassay.report.results import ClaimRecord, case_id, claim_record, co_primary
from edgeassay.rig import Rig
from edgeassay.spec import (
    Case,
    Claim,
    ClaimName,
    Judgement,
    Limit,
    OperatingPoint,
    Role,
    Statistics,
    Verdict,
)
from edgeassay.stats.auc import Labels, Scores
from edgeassay.stats.operating import Rule

CASE = Case(model="m", variant="int8", runtime="litert", device="host")
REFERENCE = replace(CASE, variant="fp32")
NEED = default_statistics()


def claim(name: ClaimName, limit: float, class_name: str | None = None) -> Claim:
    source = Limit(value=limit, source="models/m/model.toml:limits.x")
    return Claim(name=name, case=CASE, limit=source, class_name=class_name)


def scores(
    rng: np.random.Generator, labels: Labels, shift: float, noise: float = 1.0
) -> tuple[Scores, Scores]:
    """A reference's scores in (0, 1), and those of a candidate whose positives lie lower."""
    latent = rng.normal(0.0, 1.0, labels.shape) + 1.5 * labels
    moved = latent - shift * labels + rng.normal(0.0, 0.05, labels.shape)
    first, second = (1.0 / (1.0 + np.exp(-noise * x)) for x in (latent, moved))
    return first.astype(np.float32), second.astype(np.float32)


def evidence(
    compared: Compared,
    *,
    need: Statistics = NEED,
    threshold: float = 0.5,
    step: float = 0.0,
    claims: Sequence[Claim] = (),
) -> Evidence:
    """What claims ask of a run, with these scores."""
    model = SimpleNamespace(statistics=need, file="models/m/model.toml")
    operating = Operating(
        thresholds=np.full(len(compared.classes), threshold), rule=Rule.AT_LEAST, origin="here"
    )
    evaluations = SimpleNamespace(
        compared=lambda _: compared,
        alone=lambda _: replace(compared, reference=compared.candidate),
        operating=lambda _: operating,
        predictions=lambda _: SimpleNamespace(step=step),
    )
    rig = SimpleNamespace(model=lambda _: model, plan=SimpleNamespace(claims=claims))
    return cast(Evidence, SimpleNamespace(rig=rig, evaluations=evaluations))


def of(
    labels: Any, reference: Any, candidate: Any, codes: Any = None, **more: Mapping[str, Any]
) -> Compared:
    found = np.asarray(labels, np.int8)
    found = found.reshape(len(found), -1)
    return Compared(
        classes=[f"c{k}" for k in range(found.shape[1])],
        labels=found,
        reference=np.asarray(reference, np.float32).reshape(found.shape),
        candidate=np.asarray(candidate, np.float32).reshape(found.shape),
        codes=np.arange(len(found)) if codes is None else np.asarray(codes),
        **more,
    )


def judged(asked: Evidence, wanted: Claim) -> Judgement:
    measurement, reference = MEASURES[wanted.name](asked, wanted)
    return decide(wanted, measurement, reference=reference)


def record(name: ClaimName, verdict: Verdict, class_name: str | None = None) -> ClaimRecord:
    return claim_record(Judgement(claim=claim(name, 0.1, class_name), verdict=verdict, reason=""))


def test_of_a_claim_about_each_class_the_worst_counts_among_the_co_primary_ones() -> None:
    name = ClaimName.CLASS_AUC_DROP
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    records = [record(name, verdict, f"c{k}") for k, verdict in enumerate(verdicts)]
    records.append(record(ClaimName.MEAN_AUC_DROP, Verdict.PASS))
    found = co_primary(records, case_id(CASE), [name, ClaimName.MEAN_AUC_DROP])
    assert found is not None
    assert found.claims == {name: Verdict.FAIL, ClaimName.MEAN_AUC_DROP: Verdict.PASS}
    assert found.verdict is Verdict.FAIL
    assert co_primary(records, case_id(REFERENCE), [name]) is None


def sites(rng: np.random.Generator, labels: Labels) -> list[str]:
    return [("north", "south")[i] for i in rng.integers(0, 2, len(labels))]


def test_one_subgroup_that_drops_fails_the_claim_though_the_mean_hardly_moves() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((2000, 1)) < 0.5).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    site = np.array(["north"] * 1800 + ["south"] * 200)
    candidate[site == "south"] = rng.random((200, 1))
    compared = of(labels, reference, candidate, subgroups={"site": site.tolist()})
    asked = evidence(compared)
    found = judged(asked, claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    assert found.verdict is Verdict.FAIL
    assert "the worst of 2 subgroups is site = south" in found.reason
    assert judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.1)).verdict is Verdict.PASS
    alone = of(labels[1800:], reference[1800:], candidate[1800:]).aucs.drops[0]
    assert alone is not None
    assert found.measurement is not None
    assert found.measurement.value == pytest.approx(alone.value, abs=1e-12)
    # Of two, each is looked at with half the error; the upper one may be anybody's.
    assert found.measurement.low == pytest.approx(alone.bounds(0.975).low, abs=1e-9)
    assert found.measurement.high == pytest.approx(alone.bounds(0.95).high, abs=1e-9)


def test_a_subgroup_of_one_kind_is_compared_with_all_of_the_other() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, 1], 100).reshape(-1, 1).astype(np.int8)
    cause = np.repeat(["normal", "bacteria", "virus"], 100)
    reference, candidate = scores(rng, labels, 0.0)
    candidate[cause == "virus"] = rng.random((100, 1))
    compared = of(labels, reference, candidate, subgroups={"etiology": cause.tolist()})
    found = judged(evidence(compared), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    # All normal ones against all positives are everybody, and no subgroup.
    assert "the worst of 2 subgroups is etiology = virus" in found.reason
    rows = cause != "bacteria"
    alone = of(labels[rows], reference[rows], candidate[rows]).aucs.drops[0]
    assert alone is not None
    assert found.measurement is not None
    assert found.measurement.value == pytest.approx(alone.value, abs=1e-12)


def test_thousands_of_values_are_no_subgroups_and_are_told_in_a_line() -> None:
    rng = np.random.default_rng(3)
    labels = (rng.random((8000, 3)) < 0.2).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    ages = [str(age) for age in rng.integers(0, 3000, len(labels))]
    compared = of(labels, reference, candidate, subgroups={"age": ages, "sex": ["f"] * 8000})
    found = judged(evidence(compared), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the worst of 3 subgroups is sex = f" in found.reason
    assert "too few patients to judge age = 0 (c0), age = 0 (c1), age = 0 (c2) and" in found.reason
    assert len(found.reason) < 500
    with pytest.raises(NoEvidence, match="too few patients to judge age = 0 "):
        judged(
            evidence(replace(compared, subgroups={"age": ages})),
            claim(ClaimName.SUBGROUP_AUC_DROP, 0.1),
        )
    with pytest.raises(Absent, match="names no `subgroups`"):
        judged(evidence(replace(compared, subgroups={})), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))


def test_a_planning_figure_has_the_patients_that_a_class_needs() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([1, 0], [10, 990]).reshape(-1, 1).astype(np.int8)
    reference = rng.random((1000, 1)) + 2 * labels
    candidate = reference.copy()
    candidate[0] = candidate[10:].max()  # one pair less surely in order: next to no spread
    asked = evidence(of(labels, reference / 3, candidate / 3))
    found = judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.5))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "c0 has 10 positive and 990 negative patients" in found.reason
    assert (
        "about 2,000 images, with 20 positives and 1,980 negatives of the rarest class, would"
        in found.reason
    )
    assert "no licence to add data until it passes" in found.reason


def dropping(rng: np.random.Generator, shifts: Sequence[float]) -> Compared:
    """A class for each shift, of which the positives' scores lose as much."""
    labels = (rng.random((1500, len(shifts))) < 0.3).astype(np.int8)
    pairs = [scores(rng, labels[:, [k]], shift) for k, shift in enumerate(shifts)]
    reference, candidate = (np.hstack(columns) for columns in zip(*pairs, strict=True))
    return of(labels, reference, candidate)


def p_values(compared: Compared, margins: Sequence[float]) -> list[float]:
    drops = zip(compared.aucs.drops, margins, strict=True)
    return [drop.p_above(margin) for drop, margin in drops if drop is not None]


def test_a_class_fails_only_where_it_stands_out_among_all_that_are_claimed() -> None:
    compared = dropping(np.random.default_rng(5), [0.3, 0.1, 0.0, 0.0, 0.0])
    value = compared.aucs.drops[1]
    assert value is not None
    # A limit for the second class at which it fails alone, at a tenth of what Holm needs.
    margin = next(m for m in np.linspace(value.value, 0.0, 1000) if value.p_above(m) < 0.03)
    margins = [0.001, float(margin), *[0.05] * 3]
    claims = [claim(ClaimName.CLASS_AUC_DROP, margin, f"c{k}") for k, margin in enumerate(margins)]
    first, second = p_values(compared, margins)[:2]
    assert first < 0.05 / 5
    assert 0.05 / 4 < second < 0.05
    asked = evidence(compared, claims=claims)
    assert judged(asked, claims[0]).verdict is Verdict.FAIL
    found = judged(asked, claims[1])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"alone it would fail (p = {second:.3g}), but not among 5 classes" in found.reason
    # With one other that stands out, nothing else is looked at: it stands. Other cases' claims are
    # other families.
    elsewhere = [replace(c, case=replace(CASE, runtime="other")) for c in claims]
    alone = evidence(compared, claims=[*claims[:2], *elsewhere])
    assert judged(alone, claims[1]).verdict is Verdict.FAIL
    assert judged(asked, claims[2]).verdict is Verdict.PASS


def test_a_class_without_positives_is_no_evidence_and_takes_nothing_from_the_others() -> None:
    compared = dropping(np.random.default_rng(6), [0.3, 0.0])
    compared.labels[:, 1] = 0
    claims = [claim(ClaimName.CLASS_AUC_DROP, 0.001, f"c{k}") for k in range(2)]
    asked = evidence(compared, claims=claims)
    assert judged(asked, claims[0]).verdict is Verdict.FAIL
    with pytest.raises(NoEvidence, match="c1: all 1,500 images are alike"):
        judged(asked, claims[1])
    found = judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.001))
    assert found.verdict is Verdict.FAIL
    assert "without c1: all images alike" in found.reason


def width(judgement: Judgement) -> float:
    measured = judgement.measurement
    assert measured is not None
    assert measured.low is not None
    assert measured.high is not None
    return measured.high - measured.low


@pytest.mark.parametrize(
    "name",
    [
        ClaimName.MEAN_AUC_DROP,
        ClaimName.MIN_AUC,
        ClaimName.SENSITIVITY_DROP,
        ClaimName.MIN_SENSITIVITY,
        ClaimName.POSITIVE_FLIP_RATE,
        ClaimName.BRIER_DRIFT,
    ],
)
def test_twenty_images_of_one_patient_are_no_twenty_patients(name: ClaimName) -> None:
    rng = np.random.default_rng(7)
    apart = (np.arange(80) < 40).reshape(-1, 1).astype(np.int8)
    first, second = scores(rng, apart, 0.05)
    # All of a patient's images are alike.
    labels, reference, candidate = (
        np.repeat(found, 50, axis=0) for found in (apart, first, second)
    )
    limit = 0.5
    many = evidence(of(labels, reference, candidate))
    assert judged(many, claim(name, limit)).verdict is Verdict.PASS
    few = evidence(of(labels, reference, candidate, np.arange(4000) // 200))
    found = judged(few, claim(name, limit))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.startswith("too few patients")
    grouped = evidence(of(labels, reference, candidate, np.arange(4000) // 50))
    assert width(judged(grouped, claim(name, limit))) > 2 * width(judged(many, claim(name, limit)))


def test_sensitivity_and_specificity_are_of_their_own_images_and_of_the_right_model() -> None:
    labels = [1] * 100 + [0] * 100
    reference = [0.9] * 90 + [0.1] * 10 + [0.1] * 80 + [0.9] * 20
    candidate = [0.9] * 70 + [0.1] * 30 + [0.1] * 95 + [0.9] * 5
    asked = evidence(of(labels, reference, candidate), step=0.25)
    expected = {
        ClaimName.SENSITIVITY_DROP: (0.2, 0.9),
        ClaimName.SPECIFICITY_DROP: (-0.15, 0.8),
        ClaimName.MIN_SENSITIVITY: (0.7, None),
        ClaimName.MIN_SPECIFICITY: (0.95, None),
        ClaimName.POSITIVE_FLIP_RATE: (0.2, None),
        ClaimName.NEGATIVE_FLIP_RATE: (0.15, None),
    }
    for name, (value, of_reference) in expected.items():
        found = judged(asked, claim(name, 0.5))
        assert found.measurement is not None
        assert found.measurement.value == pytest.approx(value)
        assert found.measurement.n == 100
        assert found.reference == (None if of_reference is None else pytest.approx(of_reference))
        assert found.measurement.low is not None
        assert found.measurement.high is not None
        assert found.measurement.low < value < found.measurement.high
        assert "0 of the candidate's scores lie within one quantization step (0.25)" in found.reason
    near = evidence(of(labels, reference, candidate), step=0.4001)
    assert "200 of the candidate's scores lie" in judged(near, claim(name, 0.5)).reason


def test_a_class_without_positives_is_left_out_of_the_mean_sensitivity_and_named() -> None:
    labels = np.zeros((200, 2), np.int8)
    labels[:100, 0] = 1
    right = np.repeat([[0.9, 0.1]], 200, axis=0)
    right[100:, 0] = 0.1
    asked = evidence(of(labels, right, right))
    found = judged(asked, claim(ClaimName.MIN_SENSITIVITY, 0.5))
    assert found.verdict is Verdict.PASS
    assert found.measurement is not None
    assert found.measurement.value == 1.0
    assert "without c1: no such images" in found.reason
    with pytest.raises(NoEvidence, match="no image is positive"):
        judged(
            evidence(of(np.zeros(50), right[:50, 0], right[:50, 0])),
            claim(ClaimName.POSITIVE_FLIP_RATE, 0.5),
        )


def test_calibration_is_of_probabilities_alone() -> None:
    labels = np.tile([0, 1], 400)
    rng = np.random.default_rng(8)
    good = rng.random(800)
    for name in (ClaimName.BRIER_DRIFT, ClaimName.ECE_DRIFT):
        for pair in ((good, good - 1.0), (good * 255, good)):
            with pytest.raises(NoEvidence, match="are no probabilities"):
                judged(evidence(of(labels, *pair)), claim(name, 0.1))
        worse = 0.5 + 0.5 * (0.5 - labels)  # sure of the wrong
        found = judged(evidence(of(labels, 1.0 - worse, worse)), claim(name, 0.1))
        assert found.verdict is Verdict.FAIL
        assert judged(evidence(of(labels, worse, 1.0 - worse)), claim(name, 0.1)).verdict is (
            Verdict.PASS
        )


def test_score_shifts_are_of_the_class_that_moves_furthest() -> None:
    reference = np.full((400, 2), 0.5)
    candidate = reference.copy()
    candidate[:300, 1] += 0.125
    candidate[0, 0] -= 0.25
    labels = np.tile([[0, 1], [1, 0]], (200, 1))
    asked = evidence(of(labels, reference, candidate))
    for name, value in (
        (ClaimName.SCORE_SHIFT_MEDIAN, 0.125),
        (ClaimName.SCORE_SHIFT_P99, 0.125),
        (ClaimName.SCORE_SHIFT_MAX, 0.25),
    ):
        assert judged(asked, claim(name, value)).measurement is not None
        found = judged(asked, claim(name, value - 0.01))
        assert found.measurement is not None
        assert found.measurement.value == value
        assert found.verdict is Verdict.FAIL
    few = evidence(of(labels[:200], reference[:200], candidate[:200]))
    p99 = judged(few, claim(ClaimName.SCORE_SHIFT_P99, 0.9))
    assert p99.verdict is Verdict.INCONCLUSIVE
    assert "an upper bound needs 299 patients" in p99.reason


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
        super().__init__(cast(Rig, SimpleNamespace(model=lambda _: model, plan=plan)))
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


def test_an_inconclusive_drop_of_sensitivity_says_how_many_positives_would_do() -> None:
    labels = [1] * 100 + [0] * 300
    reference = [0.9] * 400
    candidate = [0.1] * 2 + [0.9] * 398
    found = judged(
        evidence(of(labels, reference, candidate)), claim(ClaimName.SENSITIVITY_DROP, 0.03)
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    measured = found.measurement
    assert measured is not None
    assert measured.high is not None
    # z of 95 % and of 80 %, by tables.
    reach = (measured.high - 0.02) / 1.645 * (1.645 + 0.842)
    wanted = 100 * (reach / 0.03) ** 2
    words = found.reason.split("if the true drop were 0, about ")[1]
    assert int(words.split(" positive images")[0]) == pytest.approx(wanted, rel=0.01)
    assert words.endswith("no licence to add data until it passes")


def test_no_subgroup_passes_on_the_evidence_of_another() -> None:
    rng = np.random.default_rng(9)
    labels = (rng.random((2060, 1)) < 0.5).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    candidate[:2000] = reference[:2000] - 0.02 * labels[:2000]
    for kind in (0, 1):  # patients change places, and nothing drops
        rows = 2000 + np.flatnonzero(labels[2000:, 0] == kind)
        candidate[rows] = reference[rng.permutation(rows)]
    site = ["north"] * 2000 + ["south"] * 60
    found = judged(
        evidence(of(labels, reference, candidate, subgroups={"site": site})),
        claim(ClaimName.SUBGROUP_AUC_DROP, 0.05),
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the worst of 2 subgroups is site = north" in found.reason
    assert "; site = south: if the true drop were 0, about " in found.reason
