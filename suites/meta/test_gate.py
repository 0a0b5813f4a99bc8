"""The gate of `edgeassay ab`: bounds, looks, and when it stops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from edgeassay.ab.gate import Outcome, Stopped, run_gate
from edgeassay.config.comparison import load_comparison
from edgeassay.errors import ArtifactError, EdgeassayError, MeasurementError
from edgeassay.measure.pairs import BASE, HEAD, Pair, SideFailed
from edgeassay.spec import Stack, Verdict
from edgeassay.stats.sequential import decide_slowdown, plan_looks
from edgeassay.stats.signed_rank import center_bounds, least_pairs

SETTINGS = load_comparison(None, Path("/nowhere"))
GATE = SETTINGS.gate
ALLOWED = SETTINGS.allowed("", None)
STACK = Stack(
    runtime="ai-edge-litert",
    runtime_version="2.3.0",
    delegate="xnnpack",
    gpu_driver=None,
    threads=1,
    batch=1,
)


def pair(log_ratio: float, base_ms: float = 3.0) -> Pair:
    base = np.full((3, 2), round(base_ms * 1e6), np.int64)
    head = np.rint(base * math.exp(log_ratio)).astype(np.int64)
    return Pair(base=base, head=head, cpus=(1,), stacks=(STACK, STACK))


def gate(
    values: Iterator[float], *, cases: int = 1, seconds: float = 1.0, base_ms: float = 3.0
) -> Outcome:
    """The gate on pairs of these log ratios, each of which takes so many seconds."""
    now, told = [0.0], list[int]()

    def time_one() -> Pair:
        now[0] += seconds
        return pair(next(values), base_ms)

    return run_gate(time_one, ALLOWED, GATE, cases=cases, advance=told.append, clock=lambda: now[0])


def drawn(seed: int, slowdown: float, sd: float) -> Iterator[float]:
    rng = np.random.default_rng(seed)
    while True:
        yield math.log1p(slowdown) + sd * rng.standard_normal()


@pytest.mark.parametrize("alpha", [0.002, 0.01, 0.05])
def test_bounds_are_where_the_signed_rank_test_changes_its_mind(alpha: float) -> None:
    x = np.random.default_rng(0).standard_t(3, 15)
    center, low, high = center_bounds(x, alpha, alpha)
    assert low < center < high

    def p(shift: float, alternative: str) -> float:
        return float(stats.wilcoxon(x - shift, alternative=alternative, method="exact").pvalue)

    assert p(low - 1e-9, "greater") <= alpha < p(low + 1e-9, "greater")
    assert p(high + 1e-9, "less") <= alpha < p(high - 1e-9, "less")


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.01 / 6, 1e-5])
def test_fewer_pairs_than_can_show_anything_give_no_bound(alpha: float) -> None:
    least = least_pairs(alpha)
    values = np.linspace(0.1, 0.2, least)
    assert center_bounds(values, alpha, alpha)[1:] == (values[0], values[-1])
    assert center_bounds(values[1:], alpha, alpha)[1:] == (-math.inf, math.inf)


def test_more_cases_or_looks_need_more_pairs() -> None:
    assert plan_looks(0.01, 0.01, 6).counts == (10, 14, 19, 25, 34, 45)
    assert plan_looks(0.001, 0.01, 6).counts[0] == 13
    assert plan_looks(0.01, 0.01, 1).counts == (7,)


def test_a_slowdown_is_shown_excluded_or_neither() -> None:
    assert decide_slowdown(0.011, 0.09, 0.01, 0.05) is True
    assert decide_slowdown(0.012, 0.02, 0.01, 0.05) is True  # certain, however small
    assert decide_slowdown(-0.01, 0.05, 0.01, 0.05) is False
    assert decide_slowdown(0.01, 0.051, 0.01, 0.05) is None


def test_it_stops_as_soon_as_the_evidence_decides() -> None:
    equal = gate(drawn(0, 0.0, 0.005))
    assert (equal.verdict, equal.stopped) == (Verdict.PASS, Stopped.DECIDED)
    assert equal.timing is not None
    assert equal.timing.pairs == 10
    assert equal.timing.high is not None
    assert equal.timing.high <= 1.05
    slow = gate(drawn(0, 0.2, 0.005))
    assert (slow.verdict, slow.stopped) == (Verdict.FAIL, Stopped.DECIDED)


def test_a_family_needs_more_pairs_before_it_alarms() -> None:
    alone, among = (gate(drawn(0, 0.2, 0.001), cases=n).timing for n in (1, 1000))
    assert alone is not None
    assert among is not None
    assert among.pairs > alone.pairs


def test_no_pair_is_begun_that_would_end_too_late() -> None:
    noisy = gate(drawn(3, 0.03, 0.2), seconds=4.0)
    assert (noisy.verdict, noisy.stopped) == (Verdict.INCONCLUSIVE, Stopped.TIME)
    assert noisy.timing is not None
    assert noisy.timing.seconds <= GATE.max_time_s
    few = gate(drawn(3, 0.5, 0.0), seconds=20.0)
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "3 pairs in 60 s, and 10 are needed" in few.reason
    assert few.timing is not None
    assert few.timing.low is None


def test_looks_end_too() -> None:
    noisy = gate(drawn(3, 0.03, 0.2), seconds=0.1)
    assert noisy.stopped is Stopped.LOOKS
    assert noisy.timing is not None
    assert noisy.timing.pairs == 45


def test_a_difference_below_the_floor_is_none() -> None:
    twenty_microseconds = replace(ALLOWED.floor_ms, value=0.02)
    allowed = replace(ALLOWED, floor_ms=twenty_microseconds)
    assert allowed.slowdowns(1.0) == (0.02, 0.05)
    assert allowed.slowdowns(0.1) == pytest.approx((0.2, 0.2))
    assert allowed.slowdowns(0.1, in_turn=True) == pytest.approx((0.1, 0.1))
    assert gate(drawn(0, 0.98, 0.001), base_ms=0.001).verdict is Verdict.FAIL
    tiny = gate(drawn(0, 0.08, 0.001), base_ms=0.1)  # 8 us, where 10 are tolerated
    assert tiny.verdict is Verdict.PASS
    assert gate(drawn(0, 0.08, 0.001), base_ms=1.0).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("error", "verdict", "words"),
    [
        (SideFailed(HEAD, ArtifactError("it crashed")), Verdict.FAIL, "HEAD: it crashed"),
        (SideFailed(BASE, ArtifactError("it crashed")), Verdict.UNMEASURED, "BASE: it crashed"),
        (MeasurementError("no forms of one network"), Verdict.UNMEASURED, "no forms"),
    ],
)
def test_a_side_that_breaks_is_named(error: EdgeassayError, verdict: Verdict, words: str) -> None:
    told: list[int] = []

    def broken() -> Pair:
        raise error

    outcome = run_gate(broken, ALLOWED, GATE, cases=1, advance=told.append)
    assert (outcome.verdict, outcome.stopped) == (verdict, Stopped.BROKEN)
    assert words in outcome.reason


def test_every_look_has_its_share_and_a_slowdown_between_the_limits_is_shown() -> None:
    values = np.random.default_rng(2).normal(0.03, 0.02, 25)
    looks = plan_looks(0.01, 0.02, 6)
    assert looks.bounds(values) == center_bounds(values, 0.01 / 6, 0.02 / 6)
    between = gate(drawn(0, 0.03, 0.002))  # not tolerated, and not unacceptable
    assert between.verdict is Verdict.FAIL
