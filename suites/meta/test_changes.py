"""Time and size of two builds whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeassay.changes import Change, judge_size, judge_times, not_compared
from edgeassay.changes.timing import typical_ms
from edgeassay.runs.saved import Timed
from edgeassay.spec import Verdict
from suites.meta.saved_runs import defaults, pair, timed

ALLOWED, NOISE = defaults()


def judged(base: Timed, head: Timed) -> Change:
    (change,) = judge_times([pair(base, head)], NOISE)
    return change


@pytest.mark.parametrize(
    ("slower", "verdict"),
    [
        (1.10, Verdict.FAIL),
        (1.05, Verdict.FAIL),
        (1.00, Verdict.PASS),
        (0.90, Verdict.PASS),
    ],
)
def test_a_slowdown_is_found_and_equal_builds_pass(slower: float, verdict: Verdict) -> None:
    change = judged(timed(seed=1), timed(seed=2, ms=3.0 * slower))
    assert change.verdict is verdict, change.reason
    assert change.improved == (slower < 1.0)
    assert not change.unchanged
    assert change.effect is not None
    assert change.effect.n == (20, 20)
    assert "20 and 20 processes" in change.reason
    assert "defaults.toml:compare.limits.tolerated" in change.reason


def test_what_neither_is_shown_nor_excluded_is_inconclusive() -> None:
    change = judged(timed(seed=1, processes=8), timed(seed=2, processes=8, ms=3.06))
    assert change.verdict is Verdict.INCONCLUSIVE
    assert "neither a slowdown above 1 % is shown nor one of 5 % excluded" in change.reason


def test_what_whole_runs_differ_by_is_added_where_it_is_known() -> None:
    shared = replace(NOISE, run_cv=0.02)
    for slower, verdict in ((1.05, Verdict.INCONCLUSIVE), (1.12, Verdict.FAIL)):
        slow = pair(timed(seed=1), timed(seed=2, ms=3.0 * slower))
        (change,) = judge_times([slow], shared)
        assert change.verdict is verdict, change.reason
        assert judge_times([slow], NOISE)[0].verdict is Verdict.FAIL


def test_the_bounds_are_those_of_welch() -> None:
    from scipy import stats

    base, head = timed(seed=3, processes=6), timed(seed=4, processes=11)
    logs = [np.log([np.median(row) for row in side.processes]) for side in (head, base)]
    expected = stats.ttest_ind(*logs, equal_var=False).confidence_interval(0.98)
    effect = judged(base, head).effect
    assert effect is not None
    assert effect.low == pytest.approx(math.exp(expected.low))
    assert effect.high == pytest.approx(math.exp(expected.high))
    assert effect.low_confidence == effect.high_confidence == pytest.approx(0.99)


@pytest.mark.parametrize(("slower", "low", "high"), [(1.01, 0.05, 0.15), (0.99, 0.0, 0.01)])
def test_a_family_without_a_slowdown_fails_as_often_as_is_said(
    slower: float, low: float, high: float
) -> None:
    """At the tolerated slowdown itself, a tenth of the families where a tenth is allowed."""
    noise, families = replace(NOISE, false_alarms=0.1), 250
    false = 0
    for seed in range(families):
        pairs = [
            pair(
                timed(f"{seed}-{k}", seed=1, processes=6, rounds=1, drawn=True),
                timed(f"{seed}-{k}", seed=2, processes=6, rounds=1, drawn=True, ms=3.0 * slower),
            )
            for k in range(4)
        ]
        false += any(change.verdict is Verdict.FAIL for change in judge_times(pairs, noise))
    assert low <= false / families <= high


def test_what_fails_alone_waits_for_holm() -> None:
    slow = pair(timed(seed=1), timed(seed=2, ms=3.0 * 1.033))
    (alone,) = judge_times([slow], NOISE)
    others = [pair(timed(f"{k}", seed=1), timed(f"{k}", seed=2)) for k in range(60)]
    among = judge_times([slow, *others], NOISE)[0]
    assert alone.verdict is Verdict.FAIL
    assert among.verdict is Verdict.INCONCLUSIVE
    assert "alone it would fail" in among.reason
    assert "61 benchmarks" in among.reason
    # What isn't tested is no part of the family.
    others = [pair(other.base, other.base) for other in others]
    assert judge_times([slow, *others], NOISE)[0].verdict is Verdict.FAIL


def test_the_same_durations_are_unchanged_whatever_else_is_said() -> None:
    base = timed()
    for side in (base, replace(base, disturbed="others used 3 CPUs")):
        change = judged(base, side)
        assert (change.verdict, change.unchanged) == (Verdict.PASS, True)
    summary = timed(processes=0)
    assert judged(summary, replace(summary)).unchanged
    assert judged(base, replace(base, processes=())).unchanged
    assert not judged(summary, replace(summary, summary=(summary.median_s, 1.0))).unchanged


@pytest.mark.parametrize(
    ("slower", "verdict"),
    [(1.5, Verdict.FAIL), (1.12, Verdict.INCONCLUSIVE), (1.0, Verdict.INCONCLUSIVE)],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_few_processes_are_known_to_what_processes_differ_by(
    processes: int, slower: float, verdict: Verdict
) -> None:
    base = timed(seed=1, processes=processes, rounds=100)
    change = judged(base, timed(seed=2, processes=processes, rounds=100, ms=3.0 * slower))
    assert change.verdict is verdict, change.reason
    effect = change.effect
    assert effect is not None
    assert effect.low is not None
    error = math.log(effect.value / effect.low) / 2.3263
    assert error == pytest.approx(0.05 * math.sqrt(2 / processes), rel=0.05)
    assert "too few to show what processes differ by" in change.reason


def test_rounds_that_swing_widen_the_bounds_of_one_process() -> None:
    calm, wild = (timed(seed=1, processes=1, rounds=9, cv=cv) for cv in (0.01, 0.6))
    reach = []
    for base in (calm, wild):
        effect = judged(base, timed(seed=2, processes=1, rounds=9, cv=0.01)).effect
        assert effect is not None
        assert effect.low is not None
        reach.append(math.log(effect.value / effect.low))
    assert reach[1] > 1.2 * reach[0]


def test_a_side_that_swings_is_not_taken_for_calmer_on_the_other() -> None:
    wild = timed(seed=1, processes=20, cv=0.3)
    change = judged(wild, timed(seed=2, processes=1, rounds=100, ms=4.5))
    assert change.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("slower", "verdict"),
    [(1.3, Verdict.FAIL), (1.2, Verdict.INCONCLUSIVE), (0.5, Verdict.INCONCLUSIVE)],
)
def test_summaries_show_only_what_no_noise_does(slower: float, verdict: Verdict) -> None:
    for base, head in (
        (timed(processes=0), timed(processes=0, ms=3.0 * slower)),
        (timed(processes=1, rounds=1, cv=1e-9), timed(processes=0, ms=3.0 * slower)),
    ):
        change = judged(base, head)
        assert change.verdict is verdict
        assert change.effect is not None
        assert change.effect.low is None


def test_what_others_disturbed_takes_no_share_of_the_error_rate() -> None:
    base = timed()
    slower = timed(seed=2, ms=3.12)
    disturbed = timed("other", seed=3, disturbed="load")
    others = [pair(timed(f"v{k}"), replace(disturbed, key=f"v{k}")) for k in range(50)]
    alone, *_ = judge_times([pair(base, slower)], defaults()[1])
    beside, *_ = judge_times([pair(base, slower), *others], defaults()[1])
    assert beside == alone


def test_what_others_did_leaves_the_verdict_open() -> None:
    head = timed(seed=2, ms=6.0, disturbed="others used 1.9 of 2 CPUs")
    change = judged(timed(), head)
    assert change.verdict is Verdict.INCONCLUSIVE
    assert "while the head was timed, others used 1.9 of 2 CPUs" in change.reason


def test_a_difference_below_the_floor_never_counts() -> None:
    short = timed(seed=1, ms=0.05), timed(seed=2, ms=0.057)
    assert judged(*short).verdict is Verdict.PASS
    change = judged(timed(seed=1, ms=0.05), timed(seed=2, ms=0.07))
    assert change.verdict is Verdict.FAIL
    assert "slower by more than the 0.01 ms that is tolerated" in change.reason
    assert "floor_ms" in change.reason
    assert [round(limit.value, 2) for limit in change.limits] == [0.2, 0.2]


def test_what_is_not_comparable_has_a_ratio_and_no_bounds() -> None:
    slow = pair(timed(), timed(seed=2, ms=9.0))
    change = not_compared(slow, Verdict.INCOMPARABLE, "another machine")
    assert change.effect is not None
    assert change.effect.value == pytest.approx(typical_ms(slow.head) / typical_ms(slow.base))
    assert (change.verdict, change.effect.low) == (Verdict.INCOMPARABLE, None)


@pytest.mark.parametrize(
    ("head", "verdict", "unchanged"),
    [
        (1_000_000, Verdict.PASS, True),
        (1_010_000, Verdict.PASS, False),
        (1_010_001, Verdict.FAIL, False),
        (900_000, Verdict.PASS, False),
        (None, Verdict.UNMEASURED, False),
    ],
)
def test_bytes_are_compared_exactly(head: int | None, verdict: Verdict, unchanged: bool) -> None:
    change = judge_size(pair(timed(size_bytes=1_000_000), timed(size_bytes=head)))
    assert change is not None
    assert (change.verdict, change.unchanged) == (verdict, unchanged)
    assert change.improved == (head == 900_000)


def test_a_base_without_bytes_has_nothing_to_compare() -> None:
    assert judge_size(pair(timed(), timed(size_bytes=5))) is None
