"""Laws of AUCs and of their drops' bounds, for all labels, scores and patients."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeassay.stats import AucDrop, class_aucs
from edgeassay.stats.arrays import Codes, Floats, Labels
from edgeassay.stats.auc import count, midranks
from edgeassay.stats.bootstrap import percentile_bounds_of, resampled_aucs
from suites.meta.paired_scores import BinaryMask, column, drop_of, two_models
from suites.meta.slow_auc import clustered_covariance, components, delong_covariance

ROUNDING = 1e-9
# The root finder's, and of a flat variance near the ends.
SOLVED = 1e-7


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One class's labels, both models' scores, and patients."""

    positive: BinaryMask
    first: Floats
    second: Floats
    codes: Codes | None = None

    @property
    def drop(self) -> AucDrop:
        return drop_of(self.positive, self.first, self.second, self.codes)

    @property
    def swapped(self) -> Sample:
        return replace(self, first=self.second, second=self.first)


def of(size: int) -> tuple[st.SearchStrategy[Floats], st.SearchStrategy[BinaryMask]]:
    """Scores that tie often, and labels."""
    scores = hnp.arrays(np.float64, size, elements=st.integers(-12, 12).map(float))
    return scores, hnp.arrays(np.bool_, size)


@st.composite
def samples(draw: st.DrawFn, *, clustered: bool | None = None) -> Sample:
    """Samples of 4 to 30 images, with at least two patients of either kind."""
    size = draw(st.integers(4, 30))
    scores, labels = of(size)
    sample = Sample(positive=draw(labels), first=draw(scores), second=draw(scores))
    if clustered or (clustered is None and draw(st.booleans())):
        drawn = draw(hnp.arrays(np.intp, size, elements=st.integers(0, size // 2)))
        sample = replace(sample, codes=np.unique(drawn, return_inverse=True)[1].reshape(-1))
    codes = np.arange(size) if sample.codes is None else sample.codes
    counts = count(sample.positive, codes)
    assume(min(counts.positive_patients, counts.negative_patients) >= 2)
    return sample


def assert_alike(one: AucDrop, two: AucDrop) -> None:
    """Both say the same, within rounding."""
    assert one.identical == two.identical
    assert one.value == pytest.approx(two.value, abs=ROUNDING)
    assert one.standard_error == pytest.approx(two.standard_error, abs=ROUNDING)
    first, second = one.bounds(0.95), two.bounds(0.95)
    assert first.low == pytest.approx(second.low, abs=SOLVED)
    assert first.high == pytest.approx(second.high, abs=SOLVED)


labels_and_scores = st.integers(4, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int8, (n, 1), elements=st.integers(0, 1)),
        hnp.arrays(np.float32, (n, 1), elements=st.integers(-20, 20).map(float)),
    )
)


@given(labels_and_scores)
def test_the_auc_sees_ranks_only_and_is_fair(
    drawn: tuple[Labels, npt.NDArray[np.float32]],
) -> None:
    labels, scores = drawn
    assume(0 < labels.sum() < len(labels))
    auc = class_aucs(labels, scores)[0]
    assert 0.0 <= auc <= 1.0
    assert class_aucs(labels, np.exp(scores / 8))[0] == auc
    assert abs(class_aucs(labels, -scores)[0] - (1 - auc)) < 1e-12
    assert abs(class_aucs(1 - labels, scores)[0] - (1 - auc)) < 1e-12


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e300, 1e300)))
def test_midranks_are_means_of_the_places_that_equal_scores_take(scores: Floats) -> None:
    ranks = midranks(scores)
    for score, rank in zip(scores, ranks, strict=True):
        below, alike = (scores < score).sum(), (scores == score).sum()
        assert rank == below + (alike + 1) / 2
    assert ranks.sum() == len(scores) * (len(scores) + 1) / 2


@given(samples())
def test_maps_that_keep_the_order_change_nothing_at_all(sample: Sample) -> None:
    mapped = replace(sample, first=np.exp(sample.first / 4), second=5 * sample.second - 3)
    assert mapped.drop.bounds(0.95) == sample.drop.bounds(0.95)
    assert mapped.drop.standard_error == sample.drop.standard_error


@given(samples())
def test_a_model_against_its_own_order_has_no_drop_and_no_certainty(sample: Sample) -> None:
    drop = replace(sample, second=np.exp(sample.first / 4)).drop
    bounds = drop.bounds(0.95)
    assert bounds.value == 0.0
    worth = drop.reference.counts[0].effective_patients
    # A patient placed at one end or the other moves by half of all pairs at least, if no score ties
    # with all others.
    assert bounds.high == -bounds.low >= min(1.0, 0.25 * 2.99 / worth) - SOLVED


@given(samples())
def test_every_drop_has_bounds_with_a_width(sample: Sample) -> None:
    bounds = sample.drop.bounds(0.95)
    assert -1.0 <= bounds.low <= bounds.value <= bounds.high <= 1.0
    assert bounds.low < bounds.high


@given(samples())
def test_scores_and_labels_turned_over_together_change_nothing(sample: Sample) -> None:
    turned = Sample(
        positive=~sample.positive, first=-sample.first, second=-sample.second, codes=sample.codes
    )
    assert_alike(turned.drop, sample.drop)


@given(samples())
def test_either_turned_over_alone_turns_the_drop_over(sample: Sample) -> None:
    for turned in (
        replace(sample, positive=~sample.positive),
        replace(sample, first=-sample.first, second=-sample.second),
    ):
        assert_alike(turned.drop, sample.swapped.drop)


@given(samples())
def test_the_drop_the_other_way_round_is_its_negative(sample: Sample) -> None:
    one, two = sample.drop, sample.swapped.drop
    there, back = one.bounds(0.95), two.bounds(0.95)
    assert there.value == -back.value
    assert one.standard_error == two.standard_error
    assert there.low == pytest.approx(-back.high, abs=SOLVED)
    assert there.high == pytest.approx(-back.low, abs=SOLVED)


@given(samples(), st.lists(st.floats(0.6, 0.999), min_size=2, max_size=4))
def test_bounds_widen_with_confidence(sample: Sample, levels: list[float]) -> None:
    found = [sample.drop.bounds(level) for level in sorted(levels)]
    alone = [sample.drop.reference.bounds(level) for level in sorted(levels)]
    for bounds in (found, alone):
        for narrow, wide in pairwise(bounds):
            assert wide.low <= narrow.low + SOLVED
            assert narrow.high <= wide.high + SOLVED


@given(samples())
def test_the_bounds_of_one_auc_hold_it_and_have_a_width(sample: Sample) -> None:
    bounds = sample.drop.reference.bounds(0.95)
    assert 0.0 <= bounds.low <= bounds.value <= bounds.high <= 1.0
    assert bounds.low < bounds.high


@given(samples(), st.integers(0, 10**6))
def test_the_order_of_images_and_the_numbers_of_patients_say_nothing(
    sample: Sample, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(sample.positive))
    codes = np.arange(len(rows)) if sample.codes is None else sample.codes
    renumbered = rng.permutation(int(codes.max()) + 1)[codes]
    shuffled = Sample(
        positive=sample.positive[rows],
        first=sample.first[rows],
        second=sample.second[rows],
        codes=renumbered[rows],
    )
    assert_alike(shuffled.drop, sample.drop)


@given(samples(clustered=False))
def test_the_standard_error_is_delongs_pair_by_pair(sample: Sample) -> None:
    one, two = (
        components(s[sample.positive], s[~sample.positive]) for s in (sample.first, sample.second)
    )
    wanted = (
        delong_covariance(one, one) + delong_covariance(two, two) - 2 * delong_covariance(one, two)
    )
    assert sample.drop.standard_error**2 == pytest.approx(wanted, abs=1e-12)


@given(samples(clustered=True))
def test_by_patient_the_variance_is_obuchowskis_with_our_crossing(sample: Sample) -> None:
    assert sample.codes is not None
    counts = count(sample.positive, sample.codes)
    m, n = counts.positive_patients, counts.negative_patients
    who = [[int(c) for c in sample.codes[kind]] for kind in (sample.positive, ~sample.positive)]
    found = components(sample.first[sample.positive], sample.first[~sample.positive])
    crossing = math.sqrt(m / (m - 1) * n / (n - 1))
    wanted = clustered_covariance(found, found, who[0], who[1], crossing=crossing)
    assert sample.drop.reference.variance == pytest.approx(wanted, abs=1e-12)


@given(samples(), st.floats(0.0, 0.6), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_p_value_and_the_lower_bound_agree(
    sample: Sample, margin: float, confidence: float
) -> None:
    drop = sample.drop
    low, p = drop.bounds(confidence).low, drop.p_above(margin)
    assert 0.0 <= p <= 1.0
    assume(abs(low - margin) > 1e-6)
    assume(abs(p - (1 - confidence)) > 1e-6)
    assert (low > margin) == (p < 1 - confidence)


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.25]), st.booleans())
def test_redrawn_patients_give_the_bounds_of_the_formula(
    seed: int, step: float, clustered: bool
) -> None:
    positive, first, second = two_models(seed, images=700, step=step)
    codes = np.arange(700) // (3 if clustered else 1)
    models = [first[:, np.newaxis], second[:, np.newaxis]]
    aucs = resampled_aucs(column(positive), models, codes, resamples=500, seed=seed)[:, :, 0]
    drop = drop_of(positive, first, second, codes)
    drawn = percentile_bounds_of(aucs[:, 0] - aucs[:, 1], drop.value, 0.95)
    assert drawn is not None
    bounds = drop.bounds(0.95)
    # The 5th percentile of 500 is known to about a tenth of the standard error: five of those.
    assert drawn.low == pytest.approx(bounds.low, abs=0.5 * drop.standard_error)
    assert drawn.high == pytest.approx(bounds.high, abs=0.5 * drop.standard_error)
