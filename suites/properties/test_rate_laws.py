"""Laws of rates and their drops, of calibration's drift and of Holm's procedure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeassay.stats.bounds import Bounds
from edgeassay.stats.calibration import brier_drift_bounds, ece_drift_bounds
from edgeassay.stats.holm import holm
from edgeassay.stats.operating import Rule, decisions, youden_threshold
from edgeassay.stats.paired_rates import (
    PairedHits,
    mean_paired_drop_bounds,
    paired_drop_bounds,
)
from edgeassay.stats.rates import rate_bounds

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Case = tuple[Mask, Mask, Codes]

confidences = st.floats(0.6, 0.999)


def masks(n: int) -> st.SearchStrategy[Mask]:
    return hnp.arrays(np.bool_, n)


cases = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        masks(n), masks(n), hnp.arrays(np.int64, n, elements=st.integers(0, max(1, n // 2)))
    )
)


def mirrored(bounds: Bounds, around: float) -> tuple[float, float, float]:
    return around - bounds.value, around - bounds.high, around - bounds.low


def triple(bounds: Bounds) -> tuple[float, float, float]:
    return bounds.value, bounds.low, bounds.high


@given(cases, confidences)
def test_bounds_lie_around_the_value_and_have_a_width(case: Case, confidence: float) -> None:
    reference, candidate, codes = case
    for bounds, least in (
        (rate_bounds(reference, codes, confidence), 0.0),
        (paired_drop_bounds(reference, candidate, codes, confidence), -1.0),
    ):
        assert least <= bounds.low <= bounds.value <= bounds.high <= 1.0
        assert bounds.low < bounds.high


@given(cases, confidences, confidences)
def test_more_confidence_never_narrows(case: Case, one: float, other: float) -> None:
    reference, candidate, codes = case
    low, high = sorted((one, other))
    for less, more in (
        (rate_bounds(reference, codes, low), rate_bounds(reference, codes, high)),
        (
            paired_drop_bounds(reference, candidate, codes, low),
            paired_drop_bounds(reference, candidate, codes, high),
        ),
    ):
        assert more.low <= less.low + 1e-9
        assert more.high >= less.high - 1e-9


@given(cases, confidences)
def test_exchanged_models_drop_by_the_opposite(case: Case, confidence: float) -> None:
    reference, candidate, codes = case
    there = paired_drop_bounds(reference, candidate, codes, confidence)
    back = paired_drop_bounds(candidate, reference, codes, confidence)
    assert triple(there) == pytest.approx(mirrored(back, 0.0), abs=1e-9)


@given(cases, confidences)
def test_misses_mirror_hits(case: Case, confidence: float) -> None:
    hits, other, codes = case
    misses = rate_bounds(~hits, codes, confidence)
    assert triple(rate_bounds(hits, codes, confidence)) == pytest.approx(mirrored(misses, 1.0))
    drop = paired_drop_bounds(hits, other, codes, confidence)
    swapped = paired_drop_bounds(~other, ~hits, codes, confidence)
    assert triple(drop) == pytest.approx(triple(swapped), abs=1e-9)


@given(cases)
def test_neither_order_nor_the_patients_names_matter(case: Case) -> None:
    reference, candidate, codes = case
    order = np.random.default_rng(len(codes)).permutation(len(codes))
    renamed = (codes * 7 - 3)[order]
    assert triple(paired_drop_bounds(reference, candidate, codes, 0.95)) == pytest.approx(
        triple(paired_drop_bounds(reference[order], candidate[order], renamed, 0.95)), abs=1e-9
    )


def narrowing(reference: Mask, candidate: Mask, codes: Codes) -> float:
    """The least share of their widths that bounds keep if every image is there four times."""
    first, second, whose = np.tile(reference, 4), np.tile(candidate, 4), np.tile(codes, 4)
    once = (
        rate_bounds(reference, codes, 0.95),
        paired_drop_bounds(reference, candidate, codes, 0.95),
    )
    copied = rate_bounds(first, whose, 0.95), paired_drop_bounds(first, second, whose, 0.95)
    for before, after in zip(once, copied, strict=True):
        assert after.value == pytest.approx(before.value)
    return min(
        (after.high - after.low) / (before.high - before.low)
        for before, after in zip(once, copied, strict=True)
    )


@given(cases)
def test_copies_of_single_images_narrow_nothing(case: Case) -> None:
    # With several different images a patient, copies may narrow: what was too cautious before (no
    # more than n images' worth, likeness drawn towards 1) has more to go by.
    reference, candidate, codes = case
    assert narrowing(reference, candidate, np.arange(len(codes))) >= 0.999


@given(st.lists(cases, min_size=1, max_size=4))
def test_the_bounds_of_a_mean_lie_within_the_means_of_the_bounds(classes: list[Case]) -> None:
    parts = [PairedHits(reference=r, candidate=c, codes=codes) for r, c, codes in classes]
    alone = [paired_drop_bounds(r, c, codes, 0.95) for r, c, codes in classes]
    found = mean_paired_drop_bounds(parts, 0.95)
    assert found.value == pytest.approx(np.mean([b.value for b in alone]))
    assert found.low < found.high
    assert found.low <= found.value <= found.high


p_values = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), max_size=12)


@given(p_values, st.floats(0.001, 0.5))
def test_holm_lies_between_bonferroni_and_no_correction(p: list[float], alpha: float) -> None:
    given_p, rejected = np.array(p), holm(p, alpha)
    tested = int((~np.isnan(given_p)).sum())
    with np.errstate(invalid="ignore"):
        assert not (rejected & ~(given_p <= alpha)).any()
        assert rejected[given_p <= alpha / max(tested, 1)].all()
    kept = given_p[~rejected & ~np.isnan(given_p)]
    if rejected.any() and len(kept):
        assert given_p[rejected].max() <= kept.min()
    assert not (rejected & ~holm(p, min(0.999, 2 * alpha))).any()


probabilities = st.integers(0, 20).map(lambda x: x / 20)
calibrations = st.integers(2, 20).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int8, (n, 2), elements=st.integers(0, 1)),
        hnp.arrays(np.float64, (n, 2), elements=probabilities),
        hnp.arrays(np.float64, (n, 2), elements=probabilities),
        hnp.arrays(np.int64, n, elements=st.integers(0, n)),
    )
)
Calibration = tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.float64], Codes]


@given(calibrations, confidences)
def test_a_calibration_drift_lies_between_its_bounds(case: Calibration, confidence: float) -> None:
    labels, reference, candidate, codes = case
    brier = brier_drift_bounds(labels, reference, candidate, codes, confidence)
    back = brier_drift_bounds(labels, candidate, reference, codes, confidence)
    assert triple(brier) == pytest.approx(mirrored(back, 0.0), abs=1e-9)
    again = [
        ece_drift_bounds(labels, reference, candidate, codes, confidence, resamples=20, seed=3)
        for _ in range(2)
    ]
    assert again[0] == again[1]
    for bounds in (brier, again[0]):
        assert -1.0 <= bounds.low <= bounds.value <= bounds.high <= 1.0
        assert bounds.low < bounds.high


@given(hnp.arrays(np.int64, 12, elements=st.integers(-5, 5)), masks(12))
def test_no_score_lies_on_a_threshold_and_both_rules_decide_alike(
    scores: Codes, labels: Mask
) -> None:
    if len(np.unique(scores)) < 2 or labels.all() or not labels.any():
        return
    exact = scores / 4
    found = youden_threshold(labels, exact, rule=Rule.AT_LEAST)
    above, at_least = (decisions(exact, found, rule=rule) for rule in Rule)
    assert np.array_equal(above, at_least)
    assert above.any()
    assert not above.all()
