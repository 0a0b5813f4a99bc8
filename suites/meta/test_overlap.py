"""Dice, IoU and the Dice of boundaries against other ways to take them; bounds by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score, jaccard_score

from edgeassay.stats.boundaries import boundary_counts, surface_dice
from edgeassay.stats.overlap import counts, dice, jaccard
from edgeassay.stats.patient_means import drop_bounds

Masks = npt.NDArray[np.bool_]
masks = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 2)).flatmap(
    lambda shape: st.tuples(hnp.arrays(np.bool_, shape), hnp.arrays(np.bool_, shape))
)


@settings(deadline=None)
@given(masks)
def test_dice_is_the_f1_of_pixels(pair: tuple[Masks, Masks]) -> None:
    drawn, marked = pair
    pixels = counts(drawn, marked)
    for k in range(drawn.shape[2]):
        truth, found = drawn[..., k].ravel(), marked[..., k].ravel()
        assert dice(pixels)[k] == pytest.approx(f1_score(truth, found, zero_division=1.0))
        assert jaccard(pixels)[k] == pytest.approx(jaccard_score(truth, found, zero_division=1.0))


def edge(mask: Masks) -> list[tuple[int, int]]:
    """Pixels of a mask with a neighbour outside it, or beside the image's edge, one by one."""
    inside = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    around = ((0, 1), (1, 0), (0, -1), (-1, 0))
    return [(y, x) for y, x in inside if any((y + a, x + b) not in inside for a, b in around)]


def near(own: list[tuple[int, int]], other: list[tuple[int, int]], far: float) -> int:
    return sum(any((y - v) ** 2 + (x - u) ** 2 <= far**2 for v, u in other) for y, x in own)


@settings(deadline=None)
@given(masks, st.sampled_from([0.0, 1.0, 1.5, 2.0, 4.0]))
def test_boundaries_are_those_found_pixel_by_pixel(
    pair: tuple[Masks, Masks], tolerance: float
) -> None:
    drawn, marked = pair
    found = boundary_counts(drawn, marked, tolerance)
    for k in range(drawn.shape[2]):
        one, two = edge(drawn[..., k]), edge(marked[..., k])
        wanted = [len(one), near(one, two, tolerance), len(two), near(two, one, tolerance)]
        assert found[k].tolist() == wanted
        whole = len(one) + len(two)
        share = (wanted[1] + wanted[3]) / whole if whole else 1.0
        assert surface_dice(found)[k] == pytest.approx(share)


def test_a_boundary_within_the_tolerance_is_as_good_as_the_drawn_one() -> None:
    drawn, marked = np.zeros((20, 20, 1), bool), np.zeros((20, 20, 1), bool)
    drawn[5:15, 5:15], marked[6:16, 5:15] = True, True
    assert surface_dice(boundary_counts(drawn, marked, 0.5))[0] < 1.0
    assert surface_dice(boundary_counts(drawn, marked, 1.0))[0] == 1.0
    assert dice(counts(drawn, marked))[0] == pytest.approx(0.9)


@pytest.mark.parametrize("take", [counts, lambda a, b: boundary_counts(a, b, 1.0)])
def test_masks_of_other_shapes_are_refused(take: Callable[[Masks, Masks], object]) -> None:
    with pytest.raises(ValueError, match="both alike"):
        take(np.zeros((4, 4, 1), bool), np.zeros((4, 5, 1), bool))


Draw = Callable[[np.random.Generator, int], npt.NDArray[np.floating[Any]]]
# How a patient's drop comes about, with the mean of all patients there are.
DROPS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, n: rng.normal(0.0, 0.01, n), 0.0),
    "skewed": (lambda rng, n: rng.exponential(0.01, n), 0.01),
    "skewed the other way": (lambda rng, n: -rng.exponential(0.01, n), -0.01),
    "long tails": (lambda rng, n: 0.01 * rng.standard_t(3, n), 0.0),
    "one in ten lost": (lambda rng, n: 0.3 * (rng.random(n) < 0.1), 0.03),
}


def test_a_rare_patient_who_is_lost_while_the_others_stay_equal_doesnt_pass() -> None:
    """One patient in 20 loses 0.4; of 30 none does in a fifth of all samples."""
    rng, passed = np.random.default_rng(12), 0
    for run in range(200):
        drops = np.where(rng.random(30) < 0.05, 0.4, 0.0)
        found = drop_bounds(drops, np.arange(30), 0.95, possible=0.9, resamples=300, seed=run)
        passed += found.high < 0.02
    assert passed <= 18


def covered(kind: str, patients: int) -> tuple[float, float]:
    """How often the lower and the upper bound of 95 % are on the right side of the truth."""
    draw, truth = DROPS[kind]
    rng, low, high, runs = np.random.default_rng(11), 0, 0, 150
    for run in range(runs):
        codes = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
        drops = draw(rng, patients)[codes] + rng.normal(0.0, 0.003, len(codes))
        bounds = drop_bounds(drops, codes, 0.95, possible=1.0, resamples=400, seed=run)
        low, high = low + (bounds.low <= truth), high + (bounds.high >= truth)
    return low / runs, high / runs


@pytest.mark.parametrize("kind", DROPS)
def test_bounds_of_a_drop_hold_with_as_many_patients_as_are_asked_for(kind: str) -> None:
    low, high = covered(kind, 30)
    # 95 % of 150 runs, less what chance takes.
    assert low >= 0.91
    assert high >= 0.91


def test_four_patients_bound_nothing_that_a_rare_one_could_overthrow() -> None:
    assert covered("one in ten lost", 4)[1] < 0.6


def test_one_patient_bounds_nothing_and_equal_masks_leave_room_for_who_wasnt_seen() -> None:
    drops = np.array([0.1, 0.2])
    alone = drop_bounds(drops, np.array([3, 3]), 0.95, possible=1.0, resamples=200, seed=1)
    assert (alone.low, alone.high) == (-1.0, 1.0)
    same = drop_bounds(np.zeros(60), np.arange(60), 0.95, possible=0.8, resamples=200, seed=1)
    assert same.value == 0.0
    assert same.high == pytest.approx(-math.log(0.05) / 60 * 0.8)
    assert same.low == -same.high
    few = np.array([0.9, 1.0, 1.0])
    some = drop_bounds(few, np.arange(3), 0.95, possible=1.0, resamples=200, seed=1)
    assert some.low <= some.value <= some.high <= 1.0
