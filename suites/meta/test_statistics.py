"""Statistics against independent implementations, and clocks that can't be right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeassay.errors import MeasurementError
from edgeassay.measure.latency import check_clock
from edgeassay.stats import class_aucs, percentile_upper


def test_the_auc_counts_pairs_with_ties_half() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((120, 3)) < 0.3).astype(np.int8)
    scores = np.round(rng.random((120, 3)) + 0.3 * labels, 1).astype(np.float32)  # many ties
    for k, auc in enumerate(class_aucs(labels, scores)):
        positive = scores[labels[:, k] == 1, k]
        negative = scores[labels[:, k] == 0, k]
        wins = sum(float(p > n) + 0.5 * float(p == n) for p in positive for n in negative)
        assert auc == pytest.approx(wins / (len(positive) * len(negative)), abs=1e-12)


def test_a_percentile_is_a_value_that_enough_others_do_not_exceed() -> None:
    values = np.random.default_rng(2).random(59)
    found = percentile_upper(values, 0.95)
    assert found in values
    assert (values <= found).mean() >= 0.95
    assert (values < found).mean() < 0.95
    assert found == sorted(values)[math.ceil(0.95 * 59) - 1]


def test_a_clock_that_stands_still_or_runs_too_far_is_refused() -> None:
    good = np.array([[10, 10]], np.int64)
    check_clock(good, 25, "a")
    with pytest.raises(MeasurementError, match="stood still or ran backwards"):
        check_clock(np.array([[10, 0]], np.int64), 25, "a")
    with pytest.raises(MeasurementError, match="its clock can't be trusted"):
        check_clock(good, 19, "a")
