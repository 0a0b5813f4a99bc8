"""Rates, drops and calibration against independent implementations and published values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, special, stats

from edgeassay.stats.bounds import Bounds
from edgeassay.stats.calibration import (
    brier_drift_bounds,
    brier_score,
    ece_drift_bounds,
    expected_calibration_error,
)
from edgeassay.stats.holm import holm
from edgeassay.stats.operating import (
    Rule,
    decisions,
    threshold_for_sensitivity,
    within_step,
    youden_threshold,
)
from edgeassay.stats.paired_rates import (
    PairedHits,
    mean_paired_drop_bounds,
    paired_drop_bounds,
)
from edgeassay.stats.rates import Hits, mean_rate_bounds, rate_bounds

Mask = npt.NDArray[np.bool_]
Z95 = float(special.ndtri(0.95))


def pairs(both: int, lost: int, gained: int, neither: int) -> tuple[Mask, Mask]:
    """Decisions of a reference and a candidate with these counts."""
    counts = [both, lost, gained, neither]
    reference = np.repeat([True, True, False, False], counts)
    return reference, np.repeat([True, False, True, False], counts)


def slow_limit(lost: int, gained: int, n: int, z: float) -> float:
    """Tango's upper limit, its restricted likelihood maximized by search, the test by bisection."""

    def statistic(drop: float) -> float:
        def unlikelihood(gain: float) -> float:
            loss, rest = gain + drop, 1 - 2 * gain - drop
            terms = special.xlogy(lost, loss) + special.xlogy(gained, gain)
            return -float(terms + special.xlogy(n - lost - gained, rest))

        least, most = max(0.0, -drop), (1 - drop) / 2
        gain = optimize.minimize_scalar(
            unlikelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-12}
        ).x
        return float((lost - gained - n * drop) / np.sqrt(n * (2 * gain + drop - drop**2)))

    low, high = (lost - gained) / n + 1e-9, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if statistic(middle) > -z else (low, middle)
    return low


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (1, 20), (13, 42), (41, 42), (42, 42)])
def test_a_rate_has_the_exact_binomial_bounds(hits: int, n: int) -> None:
    bounds = rate_bounds(np.arange(n) < hits, np.arange(n), 0.95)
    exact = stats.binomtest(hits, n).proportion_ci(confidence_level=0.9, method="exact")
    assert (bounds.low, bounds.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert bounds.value == hits / n


def test_a_drop_has_tangos_published_limits() -> None:
    # 21 children before and after a transplant; Fagerland, Lydersen & Laake 2014, table V.
    bounds = paired_drop_bounds(*pairs(1, 1, 7, 12), np.arange(21), 0.975)
    assert round(bounds.low, 3) == -0.517
    assert round(bounds.high, 3) == -0.026


@pytest.mark.parametrize(
    ("lost", "gained", "n"), [(1, 0, 20), (5, 2, 42), (2, 5, 42), (30, 11, 100), (3, 3, 800)]
)
def test_a_drops_limits_are_where_the_score_test_turns(lost: int, gained: int, n: int) -> None:
    bounds = paired_drop_bounds(*pairs(n - lost - gained, lost, gained, 0), np.arange(n), 0.95)
    assert bounds.high == pytest.approx(slow_limit(lost, gained, n, Z95), abs=1e-6)
    assert bounds.low == pytest.approx(-slow_limit(gained, lost, n, Z95), abs=1e-6)


def test_identical_decisions_do_not_exclude_a_drop() -> None:
    same = np.arange(42) < 40
    bounds = paired_drop_bounds(same, same, np.arange(42), 0.95)
    assert bounds.value == 0.0
    assert bounds.high == pytest.approx(Z95**2 / (42 + Z95**2), abs=1e-9)
    assert bounds.low == -bounds.high


def test_where_nothing_differs_patients_are_counted_and_not_images() -> None:
    every, codes = np.ones(80, np.bool_), np.repeat(np.arange(20), 4)
    assert rate_bounds(every, codes, 0.95) == rate_bounds(every[:20], codes[::4], 0.95)
    found = paired_drop_bounds(every, every, codes, 0.95)
    assert found == paired_drop_bounds(every[:20], every[:20], codes[::4], 0.95)


def test_copies_of_images_say_nothing_new() -> None:
    reference, candidate = pairs(90, 7, 2, 1)
    codes = np.arange(100)
    once = paired_drop_bounds(reference, candidate, codes, 0.95)
    first, second = np.repeat(reference, 4), np.repeat(candidate, 4)
    four = paired_drop_bounds(first, second, np.repeat(codes, 4), 0.95)
    assert four.value == once.value
    assert (four.low, four.high) == pytest.approx((once.low, once.high), abs=0.001)
    naive = paired_drop_bounds(first, second, np.arange(400), 0.95)
    assert naive.high - naive.value < 0.6 * (four.high - four.value)
    rate, alone = (
        rate_bounds(second, np.repeat(codes, 4), 0.95),
        rate_bounds(candidate, codes, 0.95),
    )
    assert (rate.low, rate.high) == pytest.approx((alone.low, alone.high), abs=0.001)


def decide(rng: np.random.Generator, patients: int, drop: float) -> tuple[Mask, Mask]:
    """Decisions on 4 images a patient, alike within a patient; the reference's rate is 0.9."""
    shared = rng.normal(size=(2, patients, 1))
    own = rng.normal(size=(2, patients, 4))
    first, other = np.sqrt(0.95) * shared + np.sqrt(0.05) * own
    second = 0.95 * first + np.sqrt(1 - 0.95**2) * other
    return (
        (first < special.ndtri(0.9)).ravel(),
        (second < special.ndtri(0.9 - drop)).ravel(),
    )


def test_a_drop_as_large_as_the_margin_passes_seldom_and_often_if_patients_are_ignored() -> None:
    rng, codes = np.random.default_rng(4), np.repeat(np.arange(60), 4)
    passed = np.zeros(2)
    for _ in range(400):
        reference, candidate = decide(rng, 60, 0.05)
        for i, whose in enumerate((codes, np.arange(240))):
            passed[i] += paired_drop_bounds(reference, candidate, whose, 0.95).high <= 0.05
    assert passed[0] / 400 <= 0.075
    assert passed[1] / 400 >= 0.10


def test_the_mean_over_one_class_is_that_class() -> None:
    rng = np.random.default_rng(5)
    reference, candidate = decide(rng, 30, 0.05)
    codes = np.repeat(np.arange(30), 4)
    one = PairedHits(reference=reference, candidate=candidate, codes=codes)
    alone = paired_drop_bounds(reference, candidate, codes, 0.95)
    assert mean_paired_drop_bounds([one], 0.95) == alone
    hits = Hits(hits=candidate, codes=codes)
    assert mean_rate_bounds([hits], 0.95) == rate_bounds(candidate, codes, 0.95)


def test_classes_of_other_patients_add_their_squares_and_copies_of_a_class_add_nothing() -> None:
    reference, candidate = pairs(70, 7, 2, 1)
    alone = paired_drop_bounds(reference, candidate, np.arange(80), 0.95)

    def mean(shift: int) -> Bounds:
        classes = [
            PairedHits(reference=reference, candidate=candidate, codes=np.arange(80) + shift * k)
            for k in range(4)
        ]
        return mean_paired_drop_bounds(classes, 0.95)

    assert mean(80).high - alone.value == pytest.approx((alone.high - alone.value) / 2)
    assert mean(0).high == pytest.approx(alone.high)
    assert mean(0).low == pytest.approx(alone.low)


def test_holm_rejects_step_by_step_and_leaves_out_what_was_not_tested() -> None:
    nan = float("nan")
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05).tolist() == [True, False, False, True]
    assert holm([0.01, nan, 0.04, 0.03, 0.005], 0.05).tolist() == [True, False, False, False, True]
    assert holm([0.02, 0.03, nan], 0.05).tolist() == [True, True, False]
    assert holm([], 0.05).tolist() == []


def scored(n: int, classes: int, seed: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """Well calibrated scores, and labels."""
    rng = np.random.default_rng(seed)
    scores = special.expit(1.5 * rng.normal(size=(n, classes)) - 1)
    return (rng.random((n, classes)) < scores).astype(np.int8), scores


def test_the_brier_score_is_the_mean_over_classes() -> None:
    from sklearn.metrics import brier_score_loss

    labels, scores = scored(200, 3, 6)
    each = [brier_score_loss(labels[:, k], scores[:, k]) for k in range(3)]
    assert brier_score(labels, scores) == pytest.approx(np.mean(each))


def test_the_calibration_error_is_what_a_loop_over_bins_finds() -> None:
    labels, scores = scored(203, 2, 7)
    scores = np.round(scores, 1)  # ties
    total = 0.0
    for k in range(2):
        ordered = sorted(scores[:, k])
        edges = sorted({ordered[-(-203 * b // 15) - 1] for b in range(1, 15)})
        bounds = [-1.0, *edges, 2.0]
        for low, high in pairwise(bounds):
            inside = [i for i in range(203) if low < scores[i, k] <= high]
            if inside:
                gap = np.mean([scores[i, k] for i in inside]) - np.mean(
                    [labels[i, k] for i in inside]
                )
                total += len(inside) / 203 * abs(gap)
    assert expected_calibration_error(labels, scores) == pytest.approx(total / 2)


def test_the_brier_drift_has_the_width_of_a_patient_bootstrap() -> None:
    labels, scores = scored(800, 2, 8)
    candidate = scores**1.1
    codes = np.repeat(np.arange(200), 4)
    bounds = brier_drift_bounds(labels, scores, candidate, codes, 0.95)
    assert bounds.value == pytest.approx(
        brier_score(labels, candidate) - brier_score(labels, scores)
    )
    each = ((candidate - labels) ** 2 - (scores - labels) ** 2).mean(axis=1)
    by_patient = each.reshape(200, 4).mean(axis=1)
    drawn = np.random.default_rng(9).integers(0, 200, (4000, 200))
    low, high = np.quantile(by_patient[drawn].mean(axis=1), [0.05, 0.95])
    assert bounds.high - bounds.value == pytest.approx(high - bounds.value, rel=0.15)
    assert bounds.value - bounds.low == pytest.approx(bounds.value - low, rel=0.15)


def test_a_calibration_drift_is_bounded_though_a_calibrated_references_error_looks_too_large() -> (
    None
):
    missed = 0
    for seed in range(100):
        labels, scores = scored(300, 1, seed)
        shifted = special.expit(special.logit(scores) + 0.3)
        true = float((special.expit(1.5 * NODES - 0.7) - special.expit(1.5 * NODES - 1)) @ MASS)
        bounds = ece_drift_bounds(
            labels, scores, shifted, np.arange(300), 0.95, resamples=100, seed=seed
        )
        assert bounds.value < true  # by its bias
        missed += bounds.high < true
    assert missed <= 10


NODES = np.linspace(-6, 6, 2001)
MASS = stats.norm.pdf(NODES) / stats.norm.pdf(NODES).sum()


def test_equal_scores_have_no_drift_that_was_seen_and_one_patient_bounds_nothing() -> None:
    labels, scores = scored(40, 2, 10)
    codes = np.arange(40)
    for bounds in (
        brier_drift_bounds(labels, scores, scores, codes, 0.95),
        ece_drift_bounds(labels, scores, scores, codes, 0.95, resamples=9, seed=1),
    ):
        assert bounds.value == 0.0
        # Three of 40 patients whose scores turn into their opposites.
        assert 0.5 * 3 / 40 < bounds.high < 3 / 40
        assert bounds.low == -bounds.high
    moved, one = scores**1.2, np.zeros(40, np.int64)
    assert brier_drift_bounds(labels, scores, moved, one, 0.95).high == 1.0
    assert ece_drift_bounds(labels, scores, moved, one, 0.95, resamples=9, seed=1).low == -1.0


def test_a_constant_difference_has_bounds_with_a_width() -> None:
    labels = np.zeros((10, 1), np.int8)
    low, high = np.full((10, 1), 0.1), np.full((10, 1), 0.2)
    bounds = brier_drift_bounds(labels, low, high, np.arange(10), 0.95)
    assert bounds.low < bounds.value < bounds.high


def test_youdens_threshold_is_the_best_of_all_and_lies_between_scores() -> None:
    rng = np.random.default_rng(11)
    for _ in range(50):
        labels = rng.permutation(np.arange(30) < 12)
        scores = rng.integers(0, 12, 30) / 8 + 0.5 * labels

        def youden(
            t: float, labels: Mask = labels, scores: npt.NDArray[np.float64] = scores
        ) -> float:
            return float((scores[labels] >= t).mean() - (scores[~labels] >= t).mean())

        found = youden_threshold(labels, scores, rule=Rule.AT_LEAST)
        assert found not in scores
        assert youden(found) == pytest.approx(max(youden(t) for t in np.unique(scores)[1:]))
        assert found == youden_threshold(labels, scores, rule=Rule.ABOVE)


def test_the_threshold_for_a_sensitivity_is_the_highest_that_reaches_it() -> None:
    labels = np.array([1] * 20 + [0] * 5)
    scores = np.concatenate([np.arange(20) / 20, [0.05, 0.06, 0.07, 0.2, 2.0]])
    found = threshold_for_sensitivity(labels, scores, 0.95, rule=Rule.AT_LEAST)
    assert found == pytest.approx((0.0 + 0.05) / 2)
    assert decisions(scores, found, rule=Rule.ABOVE)[:20].mean() == 0.95
    assert threshold_for_sensitivity(labels, scores, 1.0, rule=Rule.ABOVE) == -np.inf
    assert threshold_for_sensitivity(labels, scores, 0.5, rule=Rule.ABOVE) == pytest.approx(0.475)


def test_between_neighbouring_numbers_the_rule_places_the_threshold() -> None:
    low = 0.3
    scores, labels = np.array([low, np.nextafter(low, 1)]), np.array([0, 1])
    for rule in Rule:
        found = youden_threshold(labels, scores, rule=rule)
        assert decisions(scores, found, rule=rule).tolist() == [False, True]
    single = np.float32(low)
    halves = np.array([single, np.nextafter(single, np.float32(1))])
    found = youden_threshold(labels, halves, rule=Rule.ABOVE)
    assert decisions(halves, found, rule=Rule.AT_LEAST).tolist() == [False, True]


def test_scores_near_a_threshold_are_counted_by_class() -> None:
    scores = np.array([[0.5, 0.0], [0.52, 0.1], [0.75, 0.25]])
    assert within_step(scores, [0.5, 0.25], 0.25).tolist() == [3, 3]
    assert within_step(scores, 0.5, 0.0).tolist() == [1, 0]


@pytest.mark.parametrize("confidence", [0.5, 1.0, 95.0])
def test_a_confidence_is_a_share_above_one_half(confidence: float) -> None:
    one = np.ones(3, np.bool_)
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        rate_bounds(one, np.arange(3), confidence)
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        paired_drop_bounds(one, one, np.arange(3), confidence)


def test_what_cannot_be_measured_is_refused() -> None:
    one, codes = np.ones(3, np.bool_), np.arange(3)
    for refused in (
        lambda: rate_bounds(one[:0], codes[:0], 0.95),
        lambda: rate_bounds(one, codes[:2], 0.95),
        lambda: paired_drop_bounds(one, one[:2], codes, 0.95),
        lambda: mean_rate_bounds([], 0.95),
        lambda: brier_score(np.ones((2, 1), np.int8), np.array([[0.5], [1.5]])),
        lambda: expected_calibration_error(np.ones((2, 1), np.int8), np.ones((2, 1)), bins=0),
        lambda: holm([0.1, 1.1], 0.05),
        lambda: youden_threshold(np.array([0, 1]), np.ones(2), rule=Rule.ABOVE),
        lambda: youden_threshold(np.ones(2), np.arange(2.0), rule=Rule.ABOVE),
        lambda: threshold_for_sensitivity(np.zeros(2), np.arange(2.0), 0.9, rule=Rule.ABOVE),
        lambda: within_step(np.zeros((1, 1)), 0.5, -1.0),
    ):
        with pytest.raises(ValueError, match=r"."):
            refused()
