"""Bounds of AUC drops in use: by redrawn patients, by simulation, and what verdicts need."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from edgeassay.stats import AucDrop
from edgeassay.stats.arrays import Codes
from edgeassay.stats.auc_bounds import degrees_of_freedom
from edgeassay.stats.bootstrap import CHUNK, percentile_bounds_of, resampled_aucs
from suites.meta.paired_scores import BinaryMask, clustered, column, drop_of, simulated, two_models
from suites.meta.slow_auc import Floats


@pytest.mark.parametrize("step", [0.0, 0.5])
def test_resampled_aucs_are_scikit_learns_with_patients_as_weights(step: float) -> None:
    positive, first, second = two_models(21, step=step)
    codes = np.random.default_rng(21).integers(0, 50, 120)
    codes = np.unique(codes, return_inverse=True)[1]
    patients = int(codes.max()) + 1
    models = [first[:, None], second[:, None]]
    found = resampled_aucs(column(positive), models, codes, resamples=130, seed=4)
    # The same draws, chunk by chunk, and then nothing that is shared.
    rng, drawn = np.random.default_rng(4), []
    for size in (CHUNK, 130 - CHUNK):
        drawn += list(rng.multinomial(patients, np.full(patients, 1 / patients), size))
    for r, times in enumerate(drawn):
        weights = times[codes]
        for m, scores in enumerate((first, second)):
            wanted = roc_auc_score(positive, scores, sample_weight=weights)
            assert found[r, m, 0] == pytest.approx(wanted, abs=1e-12)


def test_weighted_is_what_repeated_images_give() -> None:
    positive, first, _, codes = clustered(22, 30)
    found = resampled_aucs(column(positive), [first[:, None]], codes, resamples=5, seed=1)[:, 0, 0]
    drawn = np.random.default_rng(1).multinomial(30, np.full(30, 1 / 30), 5)
    for auc, times in zip(found, drawn, strict=True):
        rows = np.repeat(np.arange(len(first)), times[codes])
        assert auc == pytest.approx(roc_auc_score(positive[rows], first[rows]), abs=1e-12)


def naive_drops(
    rng: np.random.Generator, positive: BinaryMask, first: Floats, second: Floats, codes: Codes
) -> list[float]:
    """Drops of patients drawn one by one, as one would write it."""
    rows_of = [np.flatnonzero(codes == patient) for patient in np.unique(codes)]
    drops = []
    for _ in range(400):
        rows = np.concatenate([rows_of[p] for p in rng.integers(0, len(rows_of), len(rows_of))])
        aucs = [roc_auc_score(positive[rows], scores[rows]) for scores in (first, second)]
        drops.append(float(aucs[0] - aucs[1]))
    return drops


def test_the_bootstrap_is_that_of_patients_drawn_one_by_one() -> None:
    positive, first, second, codes = clustered(23, 40)
    models = [first[:, None], second[:, None]]
    found = resampled_aucs(column(positive), models, codes, resamples=2000, seed=0)[:, :, 0]
    ours = found[:, 0] - found[:, 1]
    naive = naive_drops(np.random.default_rng(9), positive, first, second, codes)
    error = np.std(naive) / math.sqrt(400)
    assert abs(np.mean(naive) - ours.mean()) < 4 * error
    # The standard deviation of a standard deviation from 400 is 1 / sqrt(800) of it.
    assert np.std(naive) == pytest.approx(ours.std(), rel=4 / math.sqrt(800))
    assert ours.std() == pytest.approx(
        drop_of(positive, first, second, codes).standard_error, rel=0.2
    )


def test_a_resample_without_positives_gives_no_auc_and_too_few_give_no_bounds() -> None:
    rare = np.arange(60) == 7
    scores = np.random.default_rng(24).normal(size=(60, 1))
    found = resampled_aucs(column(rare), [scores], np.arange(60), resamples=500, seed=0)[:, 0, 0]
    missed = np.isnan(found).mean()
    assert 0.25 < missed < 0.5  # (1 - 1/60)^60 = 0.365
    assert percentile_bounds_of(found, 0.0, 0.95) is not None
    assert percentile_bounds_of(np.where(np.arange(500) % 3, np.nan, 0.5), 0.0, 0.95) is None


def test_resamples_are_the_same_by_seed_and_others_by_another() -> None:
    positive, first, _, codes = clustered(25, 30)
    runs = [
        resampled_aucs(column(positive), [first[:, None]], codes, resamples=150, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def plain_delong_high(drop: AucDrop) -> float:
    return drop.value + float(ndtri(0.95)) * drop.standard_error


@pytest.mark.parametrize(("positives", "auc"), [(20, 0.99), (20, 0.95)])
def test_false_passes_stay_near_five_percent_where_plain_delong_exceeds_it(
    positives: int, auc: float
) -> None:
    trials, margin = 300, 0.01
    drops = [simulated(1000 + t, positives, auc, 0.97, margin) for t in range(trials)]
    ours = sum(drop.bounds(0.95).high < margin for drop in drops)
    plain = sum(plain_delong_high(drop) < margin for drop in drops)
    allowed = int(binom.ppf(0.999, trials, 0.05))
    assert ours <= allowed
    assert plain > allowed


def test_a_true_drop_beyond_the_margin_is_found_and_none_passes() -> None:
    good = [simulated(2000 + t, 200, 0.9, 0.99, 0.0) for t in range(40)]
    bad = [simulated(3000 + t, 200, 0.9, 0.99, 0.05) for t in range(40)]
    assert sum(drop.bounds(0.95).high <= 0.01 for drop in good) > 30
    assert sum(drop.bounds(0.95).low > 0.01 for drop in bad) > 36


def test_the_p_value_is_below_alpha_where_the_lower_bound_is_above_the_margin() -> None:
    for seed in range(30):
        drop = simulated(seed, 30, 0.9, 0.8, 0.1)
        for confidence in (0.8, 0.95, 0.999):
            low = drop.bounds(confidence).low
            assert drop.p_above(low - 1e-6) < 1 - confidence < drop.p_above(low + 1e-6)
            assert drop.p_above(low) == pytest.approx(1 - confidence, rel=1e-4)


def test_p_values_rise_with_the_margin() -> None:
    drop = simulated(31, 40, 0.9, 0.9, 0.05)
    p_values = [drop.p_above(margin) for margin in np.linspace(0.0, 0.2, 40)]
    assert all(before <= after for before, after in pairwise(p_values))
    assert drop.p_above(drop.value) >= 0.5


def test_a_planning_figure_is_the_data_with_which_a_good_model_passes() -> None:
    """The figure is taken from a pilot, and as much data as it says is drawn: 80 % pass."""
    pilot = simulated(41, 100, 0.9, 0.97, 0.0)
    growth = pilot.growth(0.01, 0.95, 0.8)
    assert growth is not None
    assert growth > 1.0
    later = [simulated(5000 + t, round(100 * growth), 0.9, 0.97, 0.0) for t in range(60)]
    passed = np.mean([drop.bounds(0.95).high < 0.01 for drop in later])
    assert 0.6 < passed < 0.97


def test_planning_follows_the_margin_and_says_nothing_where_no_data_would_help() -> None:
    drop = simulated(42, 60, 0.9, 0.9, 0.0)
    wide, narrow = (drop.growth(margin, 0.95, 0.8) for margin in (0.02, 0.01))
    assert wide is not None
    assert narrow is not None
    assert narrow == pytest.approx(4 * wide, rel=0.1)
    assert drop.growth(0.0, 0.95, 0.8) is None


def test_of_images_that_rank_alike_so_many_are_needed_that_few_could_be_lost() -> None:
    positive, first, _ = two_models(43)
    alike = drop_of(positive, first, first)
    growth = alike.growth(0.01, 0.95, 0.8)
    assert growth is not None
    assert growth == pytest.approx(alike.bounds(0.95).high / 0.01)
    more = round(growth)
    repeated = np.tile(first, more)
    later = drop_of(np.tile(positive, more), repeated, repeated)
    assert later.bounds(0.95).high == pytest.approx(0.01, rel=0.1)


def test_perfect_separation_isnt_told_that_it_has_data_enough() -> None:
    rng = np.random.default_rng(44)
    positive = np.arange(100) < 40
    drop = drop_of(positive, *(rng.random(100) + 2 * positive for _ in range(2)))
    assert drop.bounds(0.95).high > 0.01
    growth = drop.growth(0.01, 0.95, 0.8)
    assert growth is not None
    more = round(100 * growth)
    positive = np.arange(more) < 0.4 * more
    later = drop_of(positive, *(rng.random(more) + 2 * positive for _ in range(2)))
    assert later.bounds(0.95).high == pytest.approx(0.01, rel=0.1)


def test_influences_that_cancel_out_leave_nothing_for_rounding() -> None:
    """Two patients whose influences are alike: the bounds must not hang on the last digit."""
    positive = np.array([1, 0, 1, 1, 1, *[0] * 13, 1]) == 1
    codes = np.array([0, 0, *[1] * 17])
    flat, raised = np.zeros(19), np.eye(19)[18]
    one = drop_of(positive, flat, raised, codes)
    turned = drop_of(~positive, flat, -raised, codes)
    assert one.bounds(0.95) == turned.bounds(0.95)
    assert degrees_of_freedom(one.influence) == degrees_of_freedom(turned.influence) == 2.0
