"""What claims about decisions and scores make of two models' scores, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.errors import NoEvidence
from edgeassay.spec import (
    ClaimName,
    Judgement,
    Verdict,
)
from suites.meta.compared import NEED, claim, evidence, judged, of, scores


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
        right = 0.25 + 0.5 * labels
        worse = 0.4 * right  # of the same order, and too low
        found = judged(evidence(of(labels, right, worse)), claim(name, 0.1))
        assert found.verdict is Verdict.FAIL
        assert judged(evidence(of(labels, worse, right)), claim(name, 0.1)).verdict is Verdict.PASS


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


def test_an_inconclusive_drop_of_sensitivity_says_how_many_positives_would_do() -> None:
    labels = [1] * 100 + [0] * 300
    reference = [0.9] * 100 + [0.1] * 300
    candidate = [0.1] * 2 + [0.9] * 98 + [0.1] * 300
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


@pytest.mark.parametrize(
    "name", [ClaimName.MIN_AUC, ClaimName.MIN_SENSITIVITY, ClaimName.MIN_SPECIFICITY]
)
def test_floors_need_no_reference(name: ClaimName) -> None:
    labels = [1] * 100 + [0] * 100
    asked = evidence(of(labels, labels, labels))
    del cast(Any, asked).evaluations.compared
    assert judged(asked, claim(name, 0.9)).verdict is Verdict.PASS


def test_positives_are_counted_against_their_minimum_and_negatives_against_theirs() -> None:
    labels = [1] * 30 + [0] * 60
    for positives, negatives, sensitivity, specificity in (
        (40, 50, Verdict.INCONCLUSIVE, Verdict.PASS),
        (25, 70, Verdict.PASS, Verdict.INCONCLUSIVE),
    ):
        need = replace(NEED, min_positives=positives, min_negatives=negatives)
        asked = evidence(of(labels, labels, labels), need=need)
        for name, verdict in (
            (ClaimName.MIN_SENSITIVITY, sensitivity),
            (ClaimName.MIN_SPECIFICITY, specificity),
            (ClaimName.POSITIVE_FLIP_RATE, sensitivity),
            (ClaimName.NEGATIVE_FLIP_RATE, specificity),
        ):
            assert judged(asked, claim(name, 0.5)).verdict is verdict


def test_a_patients_images_that_move_differently_widen_the_bounds_of_a_score_shift() -> None:
    reference = np.full(1800, 0.5)
    labels = np.tile([0, 1], 900)
    for moved, value in (([0.0, 0.0, 0.25], 0.0), ([0.0, 0.25, 0.25], 0.25)):
        candidate = reference + np.tile(moved, 600)
        asked = evidence(of(labels, reference, candidate, np.arange(1800) // 3))
        found = judged(asked, claim(ClaimName.SCORE_SHIFT_MEDIAN, 0.1)).measurement
        assert found is not None
        # Of each patient some moved and some didn't: nothing in between is excluded.
        assert (found.low, found.value, found.high) == (0.0, value, 0.25)
