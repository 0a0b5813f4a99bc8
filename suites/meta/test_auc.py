"""AUCs, their drops and bounds, against scikit-learn, the papers pair by pair, and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from edgeassay.stats import AucDrop, class_aucs, compare_aucs
from edgeassay.stats.arrays import Codes
from edgeassay.stats.auc import count, placements
from edgeassay.stats.auc_bounds import degrees_of_freedom, exponential_variance
from edgeassay.stats.unseen import MOST_WEIGHED, ranked_alike
from suites.meta.paired_scores import BinaryMask, clustered, drop_of, two_models
from suites.meta.slow_auc import Components, Floats, clustered_covariance, components
from suites.meta.slow_auc import delong_covariance as slow_covariance


def slow(positive: BinaryMask, *models: Floats) -> list[Components]:
    return [components(scores[positive], scores[~positive]) for scores in models]


def covariance_of(drop: AucDrop) -> float:
    return float((drop.reference.influence * drop.candidate.influence).sum())


@pytest.mark.parametrize("classes", [3, 5])
def test_the_mean_over_classes_is_scikit_learns_macro_average_of_one_against_the_rest(
    classes: int,
) -> None:
    rng = np.random.default_rng(classes)
    truth = rng.integers(0, classes, 200)
    labels = np.eye(classes, dtype=np.int8)[truth]
    scores = rng.dirichlet(np.ones(classes), 200) + 0.3 * labels
    scores /= scores.sum(axis=1, keepdims=True)
    mean = compare_aucs(labels, scores, scores, np.arange(200)).mean()
    assert mean is not None
    macro = roc_auc_score(truth, scores, multi_class="ovr", average="macro")
    assert mean.candidate.value == pytest.approx(macro, abs=1e-12)
    assert class_aucs(labels, scores).mean() == pytest.approx(macro, abs=1e-12)


@pytest.mark.parametrize("step", [0.0, 0.5, 4.0])
def test_the_auc_is_scikit_learns_and_the_share_of_pairs(step: float) -> None:
    positive, first, second = two_models(3, step=step)
    drop = drop_of(positive, first, second)
    for found, scores in ((drop.reference, first), (drop.candidate, second)):
        pairs = components(scores[positive], scores[~positive])
        assert found.value == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
        assert found.value == pytest.approx(pairs.auc, abs=1e-12)
        placed = placements(positive, scores)
        assert placed[positive] == pytest.approx(pairs.of_positives, abs=1e-12)
        assert placed[~positive] == pytest.approx(pairs.of_negatives, abs=1e-12)


def test_a_sign_of_zero_is_no_difference_and_the_smallest_numbers_are() -> None:
    positive = np.array([True, True, False, False])
    assert drop_of(positive, np.array([0.0, 1, -0.0, -1]), np.array([-0.0, 1, 0.0, -1])).identical
    tiny = np.array([4e-320, 3e-320, 2e-320, 1e-320])
    assert class_aucs(positive[:, None].astype(np.int8), tiny[:, None]) == [1.0]
    assert class_aucs(positive[:, None].astype(np.int8), 1e308 * tiny[::-1, None]) == [0.0]


@pytest.mark.parametrize("step", [0.0, 0.5])
@pytest.mark.parametrize("seed", [1, 2])
def test_variances_are_delongs_pair_by_pair(seed: int, step: float) -> None:
    positive, first, second = two_models(seed, step=step)
    drop = drop_of(positive, first, second)
    one, two = slow(positive, first, second)
    assert drop.reference.variance == pytest.approx(slow_covariance(one, one), rel=1e-9)
    assert drop.candidate.variance == pytest.approx(slow_covariance(two, two), rel=1e-9)
    assert covariance_of(drop) == pytest.approx(slow_covariance(one, two), rel=1e-9)
    of_drop = slow_covariance(one, one) + slow_covariance(two, two) - 2 * slow_covariance(one, two)
    assert drop.standard_error == pytest.approx(math.sqrt(of_drop), rel=1e-9)
    assert drop.variance == pytest.approx(of_drop, rel=1e-9)


def obuchowski(
    positive: BinaryMask, first: Floats, second: Floats, codes: Codes, crossing: float | None
) -> float:
    """The variance of the drop by the slow implementation."""
    one, two = slow(positive, first, second)
    who = ([int(c) for c in codes[positive]], [int(c) for c in codes[~positive]])
    parts = (
        clustered_covariance(a, b, *who, crossing=crossing)
        for a, b in ((one, one), (two, two), (one, two))
    )
    return next(parts) + next(parts) - 2 * next(parts)


@pytest.mark.parametrize("patients", [12, 30, 80])
def test_variances_by_patient_are_obuchowskis_but_for_the_crossing_factor(patients: int) -> None:
    positive, first, second, codes = clustered(5, patients)
    drop = drop_of(positive, first, second, codes)
    counts = count(positive, codes)
    m, n = counts.positive_patients, counts.negative_patients
    # Obuchowski scales what a patient's positive and negative images share by I / (I - 1), with I
    # all patients; ours by the geometric mean of both kinds' factors, so that the variance stays a
    # sum of squares. Here that is up to 0.9 % more of that term, and 0.06 % of the variance.
    ours = math.sqrt(m / (m - 1) * n / (n - 1))
    wanted = obuchowski(positive, first, second, codes, ours)
    assert drop.standard_error**2 == pytest.approx(wanted, rel=1e-9)
    paper = obuchowski(positive, first, second, codes, None)
    assert drop.standard_error**2 == pytest.approx(paper, rel=0.001)
    everybody = len(np.unique(codes))
    assert 1.0 <= ours / (everybody / (everybody - 1)) < 1.01


def test_patients_of_one_image_each_are_delongs() -> None:
    positive, first, second = two_models(6)
    numbered = np.random.default_rng(6).permutation(len(positive))
    alone, renumbered = (drop_of(positive, first, second, c) for c in (None, numbered))
    assert renumbered.standard_error == pytest.approx(alone.standard_error, rel=1e-12)


def test_the_mean_over_classes_counts_what_classes_share() -> None:
    rng = np.random.default_rng(7)
    first = rng.normal(size=(150, 3)) + rng.normal(size=(150, 1))
    labels = (first + rng.normal(size=(150, 3)) > 0.8).astype(np.int8)
    second = first + 0.4 * rng.normal(size=(150, 3))
    mean = compare_aucs(labels, first, second, np.arange(150)).mean()
    assert mean is not None
    aucs = [roc_auc_score(labels, scores, average="macro") for scores in (first, second)]
    assert mean.reference.value == pytest.approx(aucs[0], abs=1e-12)
    assert mean.value == pytest.approx(aucs[0] - aucs[1], abs=1e-12)
    # By leaving each image out in turn, which knows nothing of components (Efron 1982).
    without = []
    for i in range(150):
        kept = np.arange(150) != i
        found = class_aucs(labels[kept], first[kept]) - class_aucs(labels[kept], second[kept])
        without.append(found.mean())
    jackknife = 149 / 150 * ((without - np.mean(without)) ** 2).sum()
    assert mean.standard_error**2 == pytest.approx(jackknife, rel=0.03)


def test_a_class_without_positives_is_left_out_of_the_mean() -> None:
    positive, first, second = two_models(8)
    labels = np.stack([positive, np.zeros_like(positive)], axis=1).astype(np.int8)
    found = compare_aucs(
        labels, np.stack([first] * 2, 1), np.stack([second] * 2, 1), np.arange(120)
    )
    alone, mean = drop_of(positive, first, second), found.mean()
    assert found.drops[1] is None
    assert mean is not None
    assert mean.bounds(0.95) == alone.bounds(0.95)
    one_sided, scores = labels[:, 1:], second[:, np.newaxis]
    assert compare_aucs(one_sided, scores, scores, np.arange(120)).mean() is None


def test_scores_that_rank_alike_have_no_drop_and_the_width_of_what_wasnt_seen() -> None:
    positive, first, _ = two_models(9, step=0.25)
    same: Floats
    found = set()
    for same in (first, 3 * first + 2, np.exp(first), first.astype(np.float32).astype(float)):
        bounds = drop_of(positive, first, same).bounds(0.95)
        assert bounds.value == 0.0
        assert bounds.low == -bounds.high
        found.add(bounds.high)
    (high,) = found
    # Three more positives, each lost altogether: of 41 there are, at an AUC of 0.8.
    assert 0.5 * 3 / positive.sum() < high < 3 / positive.sum()


def test_hard_scores_that_agree_exclude_no_drop_beyond_the_rule_of_three() -> None:
    """A positive that changes sides loses half of its pairs, those with the negatives called
    negative; of 22, none of which did, three could.
    """
    positive = np.arange(44) < 22
    hard = positive.astype(float)
    for candidate in (hard, 0.2 + 0.6 * hard):
        bounds = drop_of(positive, hard, candidate).bounds(0.95)
        assert bounds.high == pytest.approx(-math.log(0.05) / 22 * 0.5)
    # Two of 100 positives and one of 50 negatives on the wrong side; the negatives are fewer.
    positive = np.arange(150) < 100
    hard = positive.astype(float)
    hard[[0, 1, 149]] = 1.0 - hard[[0, 1, 149]]
    drop = drop_of(positive, hard, hard)
    lost = drop.reference.value - 0.5 * 0.98  # a negative that is called positive ties with 98 %
    assert drop.bounds(0.95).high == pytest.approx(-math.log(0.05) / 50 * lost)


@pytest.mark.parametrize("turned", [False, True])
def test_a_true_drop_that_few_images_show_doesnt_pass(turned: bool) -> None:
    """One positive of 50 fails altogether, or one negative, and the others stay as they are: in a
    third of all samples of 50 none of those is seen.
    """
    rng, passed, lost = np.random.default_rng(21), 0, 0.02
    for _ in range(200):
        positive = (np.arange(250) < 50) != turned
        first = rng.normal(size=250) + 2.2 * positive
        second = first.copy()
        failed = (positive != turned) & (rng.random(250) < lost)
        second[failed] = 99.0 if turned else -99.0
        passed += drop_of(positive, first, second).bounds(0.95).high < lost * 0.94
    assert passed <= 18  # 5 % of 200, and what chance adds


def test_scores_that_moved_in_all_images_need_nothing_of_what_wasnt_seen() -> None:
    positive, first, second = two_models(22, images=600, noise=0.05)
    drop = drop_of(positive, first, second)
    # The bound is that of the spread of all these moves.
    assert drop.unseen.max() * 3 < 0.9 * (drop.bounds(0.95).high - drop.value)
    assert ranked_alike(first, second) < 300


def test_failures_of_one_kind_dont_make_the_other_kind_certain() -> None:
    """A negative that is called positive changes all positives' pairs, and moves none of them."""
    positive, first, _ = two_models(23, images=300, shift=2.2)
    alarms = first.copy()
    alarms[np.flatnonzero(~positive)[:2]] = 99.0
    alike, worse = (drop_of(positive, first, second) for second in (first, alarms))
    assert worse.bounds(0.95).high > alike.bounds(0.95).high
    assert worse.unseen[positive] == pytest.approx(alike.unseen[positive], rel=0.02)


def test_how_many_images_both_models_rank_alike() -> None:
    first = np.array([0.0, 0, 1, 1, 2, 5])
    assert ranked_alike(first, np.exp(first)) == 6
    assert ranked_alike(first, -first) == 2
    # The fifth image fell among those at 0: a tie that wasn't there counts as a change.
    fallen = np.array([0.0, 0, 1, 1, 0, 5])
    assert ranked_alike(first, fallen) == ranked_alike(fallen, first) == 5
    many = np.random.default_rng(24).permutation(2 * MOST_WEIGHED).astype(float)
    moved = many.copy()
    moved[20:30] = np.arange(10, 0, -1) - 100.0
    assert ranked_alike(many, moved) in (len(many) - 10, len(many) - 9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_just_so_many_images_are_ranked_alike(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, float).T

    def alike(rows: tuple[int, ...]) -> bool:
        a, b = (np.sign(np.subtract.outer(x[list(rows)], x[list(rows)])) for x in (first, second))
        return bool((a == b).all())

    sizes = range(1, len(pairs) + 1)
    most = max(k for k in sizes if any(map(alike, itertools.combinations(range(len(pairs)), k))))
    assert ranked_alike(first, second) == most


@pytest.mark.parametrize(
    ("positives", "negatives", "worth"),
    [
        ([60, *[1] * 20], [1] * 400, (80**2 / (60**2 + 20), 400.0)),
        ([1] * 80, [100, *[1] * 100], (80.0, 200**2 / (100**2 + 100))),
        ([1] * 80, [1] * 200, (80.0, 200.0)),
    ],
)
def test_each_kind_is_worth_what_its_own_patients_are(
    positives: list[int], negatives: list[int], worth: tuple[float, float]
) -> None:
    sizes = np.array([*positives, *negatives])
    codes = np.repeat(np.arange(len(sizes)), sizes)
    found = count(np.arange(len(codes)) < sum(positives), codes)
    assert (found.effective_positives, found.effective_negatives) == pytest.approx(worth)
    assert found.effective_patients == pytest.approx(min(worth))


def test_one_pair_that_became_a_tie_is_a_width() -> None:
    positive, first, _ = two_models(10)
    order = np.argsort(first)
    for k in range(3):
        tied = first.copy()
        tied[order[k]] = tied[order[k + 1]]
        bounds = drop_of(positive, first, tied).bounds(0.95)
        assert bounds.low < bounds.value < bounds.high


@pytest.mark.parametrize("images", [30, 300, 3000])
def test_perfect_separation_in_another_order_is_no_certainty(images: int) -> None:
    rng = np.random.default_rng(11)
    positive = rng.random(images) < 0.4
    first, second = (rng.random(images) + 2 * positive for _ in range(2))
    drop = drop_of(positive, first, second)
    bounds = drop.bounds(0.95)
    assert drop.value == 0.0
    assert bounds.low < -1 / images
    assert 1 / images < bounds.high
    alone = drop.reference.bounds(0.95)
    assert alone.high == 1.0
    # No nearer to 1 than "the rule of three" for as many independent pairs would have it.
    assert 1 - 60 / images < alone.low < 1 - 3 / images


def test_a_candidate_that_says_one_thing_of_all_fails() -> None:
    positive, first, _ = two_models(12, images=400)
    drop = drop_of(positive, first, np.full(400, 0.5))
    assert drop.candidate.value == 0.5
    assert drop.bounds(0.95).low > 0.1
    assert drop.p_above(0.01) < 0.001


def test_one_positive_or_one_patient_says_nothing() -> None:
    positive, first, second = two_models(13)
    alone = np.zeros_like(positive)
    alone[3] = True
    for labels, codes in (
        (alone, None),
        (~alone, None),
        (positive, np.zeros(120, np.intp)),
        (positive, positive.astype(np.intp)),
    ):
        drop = drop_of(labels, first, second, codes)
        bounds = drop.bounds(0.95)
        assert (bounds.low, bounds.high) == (-1.0, 1.0)
        assert drop.p_above(0.0) == 1.0
        assert drop.standard_error == drop.variance == math.inf
        assert drop.growth(0.01, 0.95, 0.8) is None
        assert (drop.reference.bounds(0.95).low, drop.reference.bounds(0.95).high) == (0.0, 1.0)


def test_a_class_that_says_nothing_makes_the_mean_say_nothing() -> None:
    positive, first, second = two_models(14)
    labels = np.zeros((120, 3), np.int8)
    labels[:, 0] = positive
    labels[5, 1] = labels[6, 2] = 1
    scores = [np.stack([s] * 3, axis=1) for s in (first, second)]
    mean = compare_aucs(labels, scores[0], scores[1], np.arange(120)).mean()
    assert mean is not None
    assert (mean.bounds(0.95).low, mean.bounds(0.95).high) == (-1.0, 1.0)


def test_a_patient_of_100_images_counts_once() -> None:
    rng = np.random.default_rng(15)
    positive, first, second = two_models(15, images=140)
    # The patient's images are one, taken 100 times, on which the candidate errs.
    positive[40:], first[40:], second[40:] = True, 1.5, rng.normal() - 1.0
    codes = np.minimum(np.arange(140), 40)
    by_patient, by_image = (drop_of(positive, first, second, c) for c in (codes, None))
    assert by_patient.value == by_image.value > 0.2
    assert by_patient.standard_error > 2 * by_image.standard_error
    assert degrees_of_freedom(by_patient.influence) < 5
    assert by_image.bounds(0.95).low > 0.1
    assert by_patient.bounds(0.95).low < 0.0


def test_hanley_and_mcneils_variance_is_symmetrical_and_falls_with_patients() -> None:
    few = count(np.arange(50) < 20, np.arange(50))
    many = count(np.arange(500) < 200, np.arange(500))
    for auc in (0.6, 0.9, 0.999):
        assert exponential_variance(auc, [few]) == pytest.approx(
            exponential_variance(1 - auc, [few])
        )
        assert 5 < exponential_variance(auc, [few]) / exponential_variance(auc, [many]) < 20
    # Hanley & McNeil 1982 by hand, both kinds alike: Q1 = A / (2 - A), Q2 = 2 A^2 / (1 + A).
    auc, size = 0.8, 50
    alike = count(np.arange(100) < size, np.arange(100))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (size - 1) * (q1 + q2 - 2 * auc**2)
    assert exponential_variance(auc, [alike]) == pytest.approx(spread / size**2, rel=1e-9)
