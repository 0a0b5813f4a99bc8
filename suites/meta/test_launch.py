"""A line of time by size is found again, and so is where two of them cross."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeassay.stats.launch import Crossing, Line, crossing_of, fit_crossing, fit_line, misfit

SIZES = np.array([1.0, 5.0, 20.0, 80.0, 300.0, 1200.0])
GPU = Line(fixed_ms=2.0, ms_per_mmac=0.002)
CPU = Line(fixed_ms=0.1, ms_per_mmac=0.04)
TRUE_MMACS = 50.0  # 1.9 / 0.038


def noisy(line: Line, rng: np.random.Generator, processes: int = 7) -> np.ndarray:
    """Each process by a few percent faster or slower than the line, on each size by itself."""
    spread = rng.normal(0.0, 0.03, (processes, 1)) + rng.normal(0.0, 0.03, (processes, len(SIZES)))
    return line.at(SIZES) * np.exp(spread)


def crossing(first: np.ndarray, second: np.ndarray, seed: int = 0) -> Crossing:
    return fit_crossing(
        SIZES,
        first,
        second,
        confidence=0.95,
        resamples=100,
        rng=np.random.default_rng(seed),
    )


def test_an_exact_line_is_found_again() -> None:
    found = fit_line(SIZES, GPU.at(SIZES))
    assert found.fixed_ms == pytest.approx(2.0)
    assert found.ms_per_mmac == pytest.approx(0.002)
    assert misfit(found, SIZES, GPU.at(SIZES)) < 1e-9


def test_a_small_network_weighs_as_much_as_a_large_one() -> None:
    """Five percent of the largest network's time are more than the whole fixed cost."""
    line = Line(fixed_ms=2.0, ms_per_mmac=0.04)
    times = line.at(SIZES)
    times[-1] *= 1.05
    assert times[-1] - line.at(SIZES[-1]) > line.fixed_ms
    assert fit_line(SIZES, times).fixed_ms == pytest.approx(line.fixed_ms, rel=0.02)


def test_no_cost_is_negative() -> None:
    found = fit_line(SIZES, SIZES**1.5)
    assert found.fixed_ms >= 0.0
    assert fit_line(SIZES, 1.0 / SIZES).ms_per_mmac >= 0.0


def test_a_misfit_is_told() -> None:
    assert misfit(Line(fixed_ms=0.0, ms_per_mmac=1.0), [1.0, 2.0], [1.0, 4.0]) == 0.5


@pytest.mark.parametrize(
    ("first", "second", "mmacs"),
    [
        (GPU, CPU, TRUE_MMACS),
        (CPU, GPU, math.inf),  # faster only below a size
        (GPU, GPU, math.inf),
        (Line(fixed_ms=0.1, ms_per_mmac=0.002), CPU, 0.0),
        (Line(fixed_ms=0.01, ms_per_mmac=0.002), CPU, 0.0),
    ],
)
def test_one_overtakes_the_other_at_a_size_or_always_or_never(
    first: Line, second: Line, mmacs: float
) -> None:
    assert crossing_of(first, second) == pytest.approx(mmacs)


def test_fixed_cost_and_break_even_are_found_again_within_their_bounds() -> None:
    """Each bound is one-sided 95 %, so 90 % of the ranges hold the truth; of 7 processes fewer do,
    and with 20 ladders fewer than 12 would be a bound that means something else.
    """
    held_fixed = held_size = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = crossing(noisy(GPU, rng), noisy(CPU, rng), seed)
        assert found.mmacs.value == pytest.approx(TRUE_MMACS, rel=0.2)
        held_fixed += found.first_fixed_ms.low <= GPU.fixed_ms <= found.first_fixed_ms.high
        held_size += found.mmacs.low <= TRUE_MMACS <= found.mmacs.high
    assert held_fixed >= 12
    assert held_size >= 12


def test_what_is_never_faster_has_no_break_even_and_no_bounds() -> None:
    rng = np.random.default_rng(0)
    slow = Line(fixed_ms=2.0, ms_per_mmac=0.4)
    found = crossing(noisy(slow, rng), noisy(CPU, rng))
    assert math.isinf(found.mmacs.value)
    assert math.isinf(found.mmacs.high)


def test_bounds_hold_the_value_and_widen_with_the_spread() -> None:
    rng = np.random.default_rng(1)
    first, second = noisy(GPU, rng), noisy(CPU, rng)
    calm = crossing(first, second)
    assert calm.mmacs.low <= calm.mmacs.value <= calm.mmacs.high
    rough = first * np.exp(np.random.default_rng(2).normal(0.0, 0.3, first.shape))
    wild = crossing(rough, second)
    assert wild.mmacs.high - wild.mmacs.low > calm.mmacs.high - calm.mmacs.low
