"""Stringer's bound of a sum, against tables of auditors and in simulated samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from edgeassay.stats import compare_aucs
from edgeassay.stats.arrays import Floats
from edgeassay.stats.stringer import stringer_reach

LEVEL = 0.95


def by_the_book(taints: list[float], items: int) -> float:
    """Stringer's upper bound of the mean taint, of taints in [0, 1], as auditors write it."""
    limits = [chi2.ppf(LEVEL, 2 * (k + 1)) / 2 for k in range(len(taints) + 1)]
    ordered = sorted(taints, reverse=True)
    steps = sum((limits[k + 1] - limits[k]) * taint for k, taint in enumerate(ordered))
    return float((limits[0] + steps) / items)


@pytest.mark.parametrize("taints", [[], [1.0], [0.2], [1.0, 0.5, 0.1], [0.05] * 40])
def test_it_is_the_auditors_bound(taints: list[float]) -> None:
    moves = np.array(taints + [0.0] * (100 - len(taints))) / 100
    bound = moves.sum() + stringer_reach(moves, 1 / 100, LEVEL)
    assert bound == pytest.approx(by_the_book(taints, 100))


def test_factors_of_confidence_are_those_of_the_tables() -> None:
    # 3.00, 4.75, 6.30: of no, one and two errors at 95 % (AICPA's audit guide).
    found = [k + stringer_reach(np.ones(k), 1.0, LEVEL) for k in (0, 1, 2)]
    assert found == pytest.approx([3.00, 4.75, 6.30], abs=0.01)


def test_what_was_gained_may_have_been_luck() -> None:
    lost, gained = np.array([0.01, 0.0]), np.array([0.01, -0.01])
    alone, both = (stringer_reach(moves, 0.01, LEVEL) for moves in (lost, gained))
    assert both > alone
    # If one gain was seen, 0.05 of one is expected at least.
    assert both - alone == pytest.approx(0.01 * (1.0 - 0.0513), abs=1e-5)


def skewed(rng: np.random.Generator, share: float, images: int) -> Floats:
    """Errors that few images have, small ones more often than large ones, and as few gains."""
    size = rng.beta(0.5, 2.0, images) * np.where(rng.random(images) < 0.3, -1.0, 1.0)
    return np.where(rng.random(images) < share, size, 0.0) / images


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 1.0])
def test_it_covers_the_true_mean_at_least_as_often_as_it_says(share: float) -> None:
    rng, images = np.random.default_rng(5), 100
    truth = share * 0.2 * (0.7 - 0.3)
    missed = 0
    for _ in range(1000):
        moves = skewed(rng, share, images)
        missed += moves.sum() + stringer_reach(moves, 1 / images, LEVEL) < truth
    assert missed / 1000 <= 1 - LEVEL


def test_few_patients_near_an_auc_of_1_are_no_reason_for_a_boundless_bound() -> None:
    """One of 40 positives falls below a third of the negatives: that carries all of the drop, and
    Student's t with one degree of freedom said that up to 0.28 might be lost.
    """
    labels = np.repeat([1, 0], [40, 160])[:, np.newaxis].astype(np.int8)
    reference = np.repeat([8.0, 0.0], [40, 160])[:, np.newaxis]
    reference[40:93] = 2.0
    candidate = reference.copy()
    candidate[0] = 1.0
    drop = compare_aucs(labels, reference, candidate, np.arange(200)).mean()
    assert drop is not None
    bounds = drop.bounds(LEVEL)
    assert bounds.value == pytest.approx(53 / 160 / 40)
    # What three more of 40 patients could lose altogether, and a little more of the one seen.
    assert 0.06 < bounds.high < 3.1 / 40 + 3.1 / 160
    assert bounds.high < 0.12


def test_a_class_fails_by_the_bound_that_is_shown() -> None:
    rng, seen = np.random.default_rng(1), 0
    for number in range(120):
        labels = np.repeat([1, 0], [60, 140])[:, np.newaxis].astype(np.int8)
        reference = rng.normal(size=(200, 1)) + 3.0 * labels
        candidate = reference.copy()
        fails = rng.random(60) < 0.03 * (number % 8)
        candidate[:60][fails] -= rng.uniform(0.0, 6.0)
        drop = compare_aucs(labels, reference, candidate, np.arange(200)).mean()
        assert drop is not None
        low = drop.bounds(LEVEL).low
        for margin in (low - 1e-6, low + 1e-6):
            if 0.0 < margin < drop.value - 1e-5:
                seen += 1
                assert (drop.p_above(margin) < 1 - LEVEL) == (low > margin), number
    assert seen > 60
