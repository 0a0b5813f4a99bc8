"""How often the gate of `edgeassay ab` errs, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeassay.spec import Verdict
from edgeassay.stats.signed_rank import center_bounds
from suites.meta.test_gate import drawn, gate


def test_bounds_hold_for_heavy_tails() -> None:
    rng = np.random.default_rng(1)
    missed = [center_bounds(rng.standard_t(2, 14), 0.05, 0.05)[1] > 0.0 for _ in range(4_000)]
    assert np.mean(missed) <= 0.05 + 0.01


@pytest.mark.parametrize(("sd", "least"), [(0.01, 0.99), (0.03, 0.93)])
def test_a_slowdown_of_five_percent_is_found(sd: float, least: float) -> None:
    verdicts = [gate(drawn(seed, 0.05, sd)).verdict for seed in range(300)]
    assert np.mean([v is Verdict.FAIL for v in verdicts]) >= least


@pytest.mark.parametrize("sd", [0.005, 0.03, pytest.param(0.1, marks=pytest.mark.long)])
def test_what_is_tolerated_alarms_as_seldom_as_is_stated(sd: float) -> None:
    """At the limit itself, where a test alarms most often; of noise alone hardly ever."""
    at_limit = [gate(drawn(seed, 0.01, sd)).verdict for seed in range(1_000)]
    assert np.mean([v is Verdict.FAIL for v in at_limit]) <= 0.01 + 3 * math.sqrt(0.01 / 1_000)
    equal = [gate(drawn(seed, 0.0, sd)).verdict for seed in range(300)]
    assert sum(v is Verdict.FAIL for v in equal) <= 6


def test_an_unacceptable_slowdown_passes_as_seldom_as_is_stated() -> None:
    passed = [gate(drawn(s, 0.05, 0.03)).verdict is Verdict.PASS for s in range(1_000)]
    assert np.mean(passed) <= 0.01 + 3 * math.sqrt(0.01 / 1_000)
