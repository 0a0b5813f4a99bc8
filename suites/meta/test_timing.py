"""What durations of processes say: their bounds, and verdicts on both sides of a limit."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from edgeassay.gates import decide
from edgeassay.measure.latency import Durations, Start
from edgeassay.measure.processes import Rounds, draw
from edgeassay.measure.sustained import Sustained, sustain
from edgeassay.progress import silent
from edgeassay.spec import Case, Claim, ClaimName, Judgement, Limit, Measurement, Timing, Verdict
from edgeassay.stats import difference_bounds, least_count, percentile_bounds, ratio_bounds
from edgeassay.workers import Loaded, Memory, TimedRounds

MB = 10**6

CASE = Case(model="m", variant="int8", runtime="litert", device="host")


def judged(measurement: Measurement, limit: float, name: ClaimName) -> Judgement:
    return decide(
        Claim(name=name, case=CASE, limit=Limit(value=limit, source="devices/d.toml:limits.m")),
        measurement,
    )


def rounds(per_process_ms: list[float]) -> Rounds:
    """Processes of 4 rounds each that all take the same time, and a drawn one."""
    ms = np.repeat(np.array(per_process_ms)[:, np.newaxis], 4, axis=1)
    return Rounds(durations=np.rint(ms * 1e6).astype(np.int64), drawn=np.zeros(len(ms), np.int64))


@pytest.mark.parametrize(
    ("share", "confidence", "least"),
    [(0.95, 0.95, 59), (0.95, 0.99, 90), (0.99, 0.95, 299), (0.5, 0.95, 5), (0.9, 0.95, 29)],
)
def test_the_fewest_draws_are_those_of_the_published_tables(
    share: float, confidence: float, least: int
) -> None:
    assert least_count(share, confidence) == least
    values = np.arange(least, dtype=np.float64)
    assert percentile_bounds(values, share, confidence)[1] == least - 1
    assert percentile_bounds(values[1:], share, confidence)[1] is None


def test_the_bounds_are_the_order_statistics_that_the_binomial_gives() -> None:
    """Against scipy's distribution, by its definition: draws below the quantile are binomial."""
    for count, share, confidence in ((93, 0.95, 0.95), (200, 0.95, 0.9), (20, 0.5, 0.95)):
        values = np.random.default_rng(count).permutation(count).astype(np.float64)
        low, high = percentile_bounds(values, share, confidence)
        assert low is not None
        assert high is not None
        below = scipy_stats.binom(count, share)
        # The k-th smallest (from 0) lies above the quantile when at most k draws lie below it.
        assert below.cdf(high) >= confidence > below.cdf(high - 1)
        assert below.sf(low) >= confidence > below.sf(low + 1)


def test_the_upper_bound_lies_above_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    truth = float(scipy_stats.lognorm(0.4).ppf(0.95))
    draws = rng.lognormal(0.0, 0.4, (1500, 59))
    bounds = [percentile_bounds(row, 0.95, 0.95)[1] or math.nan for row in draws]
    assert 0.93 < float(np.mean(np.array(bounds) >= truth)) < 0.975


def test_a_process_gives_one_draw_chosen_before_it_is_measured() -> None:
    timing = Timing(
        processes=59,
        rounds=60,
        warmup_rounds=1,
        timeout_s=1.0,
        sustained_s=60.0,
        sustained_inferences=1024,
    )
    drawn = draw(3, timing)
    assert drawn.shape == (59,)
    assert (draw(3, timing) == drawn).all()
    assert len(set(drawn.tolist())) > 20
    durations = np.random.default_rng(1).integers(1, 10**6, (59, 60))
    measured = Rounds(durations=durations, drawn=drawn).p95(0.95)
    assert measured.high == max(durations[k, r] for k, r in enumerate(drawn)) / 1e6
    assert measured.n == 59


def timing_of(**changes: Any) -> Timing:
    given: dict[str, Any] = {"processes": 5, "rounds": 60, "warmup_rounds": 10, "timeout_s": 1.0}
    return Timing(**given, sustained_s=60.0, sustained_inferences=1024, **changes)


@pytest.mark.parametrize(
    ("changes", "round_s", "rounds", "warmup_rounds"),
    [
        ({}, 9.0, 60, 10),
        ({"turns_s": 4.0, "least_rounds": 20}, 0.01, 60, 10),
        ({"turns_s": 4.0, "least_rounds": 20}, 0.1, 40, 7),
        ({"turns_s": 4.0, "least_rounds": 20}, 3.0, 20, 4),
        ({"turns_s": 4.0, "least_rounds": 90}, 3.0, 60, 10),
    ],
)
def test_slow_networks_have_fewer_rounds(
    changes: dict[str, Any], round_s: float, rounds: int, warmup_rounds: int
) -> None:
    fitted = timing_of(**changes).within(round_s)
    assert (fitted.rounds, fitted.warmup_rounds) == (rounds, warmup_rounds)
    assert fitted.processes == 5


def test_too_few_processes_are_inconclusive_and_say_how_many_would_do() -> None:
    verdict = judged(rounds([1.0, 1.0, 1.1]).p95(0.95), 50.0, ClaimName.LATENCY_P95_MS)
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "59 fresh processes are needed to show it, and 3 were timed" in verdict.reason
    assert "set [timing] processes = 59 in the device's profile" in verdict.reason
    assert "one bound isn't known" in verdict.reason


def test_few_processes_suffice_to_show_that_a_budget_is_exceeded() -> None:
    assert judged(rounds([9.0, 7.0, 8.0]).p95(0.95), 5.0, ClaimName.LATENCY_P95_MS).verdict is (
        Verdict.FAIL
    )
    # One of three may be chance.
    one = judged(rounds([1.0, 9.0, 1.0]).p95(0.95), 5.0, ClaimName.LATENCY_P95_MS)
    assert one.verdict is Verdict.INCONCLUSIVE


def test_enough_processes_pass_and_one_slow_one_among_the_fewest_does_not() -> None:
    well = [1.0 + 0.001 * k for k in range(59)]
    name = ClaimName.LATENCY_P95_MS
    assert judged(rounds(well).p95(0.95), 1.1, name).verdict is Verdict.PASS
    assert judged(rounds([*well[1:], 2.0]).p95(0.95), 1.1, name).verdict is Verdict.INCONCLUSIVE


def ratio(pairs: list[float]) -> Measurement:
    reference = rounds([2.0] * len(pairs))
    candidate = rounds([2.0 * pair for pair in pairs])
    return Durations(candidate=candidate, reference=reference, starts=(), worker={}).ratio(0.95)


def test_the_ratio_is_taken_within_processes_and_bounded_over_them() -> None:
    measured = ratio([0.5, 0.52, 0.48])
    logs = np.log([0.5, 0.52, 0.48])
    expected = scipy_stats.ttest_1samp(logs, 0.0).confidence_interval(0.90)
    assert measured.low == pytest.approx(math.exp(expected.low))
    assert measured.high == pytest.approx(math.exp(expected.high))
    assert measured.value == pytest.approx(math.exp(logs.mean()))
    assert judged(measured, 0.6, ClaimName.LATENCY_RATIO).verdict is Verdict.PASS
    assert judged(measured, 0.4, ClaimName.LATENCY_RATIO).verdict is Verdict.FAIL
    assert judged(measured, 0.51, ClaimName.LATENCY_RATIO).verdict is Verdict.INCONCLUSIVE


def test_a_ratio_and_its_inverse_say_the_same() -> None:
    value, low, high = ratio_bounds([0.5, 0.8, 0.7, 0.9], 0.95)
    inverse = ratio_bounds([2.0, 1 / 0.8, 1 / 0.7, 1 / 0.9], 0.95)
    assert inverse == pytest.approx((1 / value, 1 / high, 1 / low))


def test_two_processes_are_too_few_for_a_ratio() -> None:
    verdict = judged(ratio([0.5, 0.5]), 1.0, ClaimName.LATENCY_RATIO)
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "2 fresh processes show too little" in verdict.reason
    assert "3 are needed" in verdict.reason


def starts(init_ms: list[float], memory: list[tuple[int, int, int]] | None = None) -> Durations:
    """Processes that took so long to be ready, and three times that for their first inference."""
    sizes = memory or [(10, 10, 20)] * len(init_ms)
    return Durations(
        candidate=rounds([1.0] * len(init_ms)),
        reference=None,
        starts=tuple(
            Start(
                init_ns=int(ms * 1e6),
                first_ns=int(3e6 * ms),
                memory=Memory(resident_before=a * MB, peak_before=b * MB, peak=c * MB),
                ran_ns=100,
                waited_ns=1,
            )
            for ms, (a, b, c) in zip(init_ms, sizes, strict=True)
        ),
        worker={},
    )


def test_a_start_is_judged_by_the_median_over_processes() -> None:
    durations = starts([10.0, 11.0, 12.0, 13.0, 14.0])
    init, first = durations.init(0.95), durations.first(0.95)
    assert (init.low, init.value, init.high) == (10.0, 12.0, 14.0)
    assert (first.low, first.value, first.high) == (30.0, 36.0, 42.0)
    for measured, name in ((init, ClaimName.INIT_MS), (first, ClaimName.FIRST_INFERENCE_MS)):
        assert judged(measured, 50.0, name).verdict is Verdict.PASS
        assert judged(measured, measured.value, name).verdict is Verdict.INCONCLUSIVE
        assert judged(measured, 9.0, name).verdict is Verdict.FAIL
    few = judged(starts([10.0, 11.0]).init(0.95), 50.0, ClaimName.INIT_MS)
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "5 fresh processes are needed to show it, and 2 were timed" in few.reason


def test_memory_is_judged_by_every_process_and_a_hog_is_red() -> None:
    name, modest = ClaimName.PEAK_MEMORY_MB, [(30, 30, 50)] * 5
    assert judged(starts([1.0] * 5, modest).peak_memory(0.95), 25.0, name).verdict is Verdict.PASS
    one = [*modest[1:], (30, 30, 90)]
    assert judged(starts([1.0] * 5, one).peak_memory(0.95), 25.0, name).verdict is (
        Verdict.INCONCLUSIVE
    )
    hog = judged(starts([1.0] * 5, [(30, 30, 90)] * 5).peak_memory(0.95), 25.0, name)
    assert hog.verdict is Verdict.FAIL
    assert "measured 60 MB" in hog.reason
    assert "of 90 MB in all" in hog.reason


def test_a_peak_that_can_not_begin_anew_gives_a_range() -> None:
    """Imports took 80 MB at their peak, of which 30 were left: it grew by 10 to 60 MB."""
    measured = starts([1.0] * 5, [(30, 80, 90)] * 5).peak_memory(0.95)
    assert (measured.low, measured.high) == (10.0, 60.0)
    few = starts([1.0] * 30, [(30, 80, 90 + k) for k in range(30)]).peak_memory(0.95)
    assert few.high == 89.0
    assert few.low is not None
    assert few.low < 25.0


class Board:
    """Stands for a worker on a board that throttles after some time under load."""

    def __init__(self, cool_s: float, slower: float) -> None:
        self.cool_ns, self.slower, self.spent_ns = cool_s * 1e9, slower, 0

    def time(self, loaded: object, inputs: object, rounds: int, warmup_rounds: int) -> TimedRounds:
        assert warmup_rounds == 0, "a run under load makes no pause"
        hot = self.spent_ns > self.cool_ns
        durations = np.full((1, rounds), round(2e5 * (self.slower if hot else 1.0)), np.int64)
        self.spent_ns += int(durations.sum())
        time.sleep(durations.sum() / 1e9)
        return TimedRounds(durations=durations, ran_ns=None, waited_ns=None)


def run_for(board: Board, seconds: float, inferences: int) -> Sustained:
    loaded = Loaded(handle="a", label="tiny/int8", sha256="", inputs=(), outputs=())
    return sustain(
        board,  # type: ignore[arg-type]  # what of a worker a long run needs
        loaded,
        [],
        seconds=seconds,
        inferences=inferences,
        label="a",
        report=silent,
    )


def test_a_long_run_lasts_as_long_and_infers_as_often_as_it_must(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgeassay.measure.sustained.REQUEST_NS", 1e7)
    long = run_for(Board(math.inf, 1.0), 0.1, 10)
    assert 0.1 <= long.seconds < 0.12
    often = run_for(Board(math.inf, 1.0), 0.01, 400)
    assert len(often.durations) >= 400


def test_a_board_that_throttles_under_its_own_load_is_red(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgeassay.measure.sustained.REQUEST_NS", 1e7)
    steady, throttled = run_for(Board(math.inf, 1.0), 0.2, 1), run_for(Board(0.1, 1.5), 0.2, 1)
    for run, verdict in ((steady, Verdict.PASS), (throttled, Verdict.FAIL)):
        ratio = judged(run.ratio(0.95), 1.1, ClaimName.SUSTAINED_RATIO)
        assert ratio.verdict is verdict
        assert judged(run.p95(0.95), 0.25, ClaimName.SUSTAINED_P95_MS).verdict is verdict
    assert throttled.ratio(0.95).value == pytest.approx(1.5)
    assert "the last quarter by the first of" in ratio.reason


def test_a_long_run_that_swings_is_inconclusive_near_its_limit() -> None:
    swings = 1e6 * (1.0 + 0.2 * np.sin(np.arange(20_000) / 150.0))
    run = Sustained(durations=swings.astype(np.int64), ran_ns=None, waited_ns=None)
    measured = run.ratio(0.95)
    assert judged(measured, measured.value, ClaimName.SUSTAINED_RATIO).verdict is (
        Verdict.INCONCLUSIVE
    )
    assert judged(measured, 1.5, ClaimName.SUSTAINED_RATIO).verdict is Verdict.PASS


def test_a_difference_is_bounded_as_by_welch() -> None:
    a, b = np.array([1.0, 1.2, 0.9, 1.4]), np.array([0.5, 0.6, 0.55, 0.7, 0.4])
    expected = scipy_stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.90)
    value, low, high = difference_bounds(a, b, 0.95)
    assert value == pytest.approx(a.mean() - b.mean())
    assert (low, high) == pytest.approx((expected.low, expected.high))
