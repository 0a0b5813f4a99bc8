"""`edgeassay judge --latency`: lists of durations, and what litert-benchmark writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from edgeassay.errors import ConfigError, DataError
from edgeassay.judging import parse_budget
from suites.meta.judge_files import End, judge

PASS, FAIL, INCONCLUSIVE = 0, 1, 3


def timed(folder: Path, content: Any, budget: str = "40ms", *words: str) -> End:
    path = folder / "durations.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return judge(folder, f"--latency={path}", f"--budget={budget}", *words)


def summary(**latency: object) -> dict[str, object]:
    """As litert-benchmark writes it, as far as it matters."""
    usual = {"median_ms": 9.0, "max_ms": 30.0, "p95_ms": 20.0, "num_runs": 59}
    return {"model": {"name": "chest"}, "latency": usual | latency}


def test_59_durations_within_the_budget_pass_and_58_do_not(tmp_path: Path) -> None:
    within = list(np.linspace(20.0, 39.9, 59))
    enough, few = timed(tmp_path, within), timed(tmp_path, within[1:])
    assert (enough.code, enough.json["verdict"]) == (PASS, "pass")
    assert (few.code, few.json["verdict"]) == (INCONCLUSIVE, "inconclusive")
    assert few.json["upper_ms"] is None
    assert "59 durations, each of a fresh process, are needed" in few.json["reason"]


def test_other_confidence_needs_another_number(tmp_path: Path) -> None:
    assert timed(tmp_path, [20.0] * 89, "40ms", "--confidence=0.99").code == INCONCLUSIVE
    assert timed(tmp_path, [20.0] * 90, "40ms", "--confidence=0.99").code == PASS


def test_one_of_59_over_the_budget_decides_nothing(tmp_path: Path) -> None:
    assert timed(tmp_path, [20.0] * 58 + [40.1]).code == INCONCLUSIVE
    assert timed(tmp_path, [20.0] * 58 + [40.0]).code == PASS


def test_bounds_are_the_order_statistics_that_the_binomial_says(tmp_path: Path) -> None:
    values = np.random.default_rng(1).permutation(np.arange(1.0, 201.0))
    found = timed(tmp_path, list(values), "100ms").json
    high = next(k for k in range(1, 201) if binom.cdf(k - 1, 200, 0.95) >= 0.95)
    low = max(k for k in range(1, 201) if binom.cdf(k - 1, 200, 0.95) <= 0.05)
    assert (found["lower_ms"], found["p95_ms"], found["upper_ms"]) == (low, 190, high)
    assert found["count"] == 200
    assert found["verdict"] == "fail"


def test_two_of_three_over_the_budget_fail(tmp_path: Path) -> None:
    assert timed(tmp_path, [50.0, 51.0, 20.0]).code == FAIL
    assert timed(tmp_path, [50.0, 20.0, 20.0]).code == INCONCLUSIVE


@pytest.mark.parametrize(("unit", "value"), [("ns", 30e6), ("us", 30e3), ("ms", 30.0), ("s", 0.03)])
def test_a_list_in_any_unit_is_the_same(tmp_path: Path, unit: str, value: float) -> None:
    found = timed(tmp_path, [value] * 59, "40 ms", f"--unit={unit}")
    assert found.code == PASS
    assert found.json["p95_ms"] == pytest.approx(30.0)
    assert timed(tmp_path, [value] * 59, "0.029s", f"--unit={unit}").code == FAIL


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.05, 0.3])
def test_seconds_taken_for_milliseconds_are_refused_be_they_within_the_budget_or_not(
    tmp_path: Path, seconds: float
) -> None:
    durations = [seconds] * 70 + [20 * seconds]  # the first is slow, as first ones are
    with pytest.raises(DataError, match="say which unit they have with --unit"):
        timed(tmp_path, durations)


@pytest.mark.parametrize(
    ("text", "ms"), [("40ms", 40.0), ("0.04 s", 40.0), ("900us", 0.9), (" 5000ns ", 0.005)]
)
def test_a_budget_has_a_unit(text: str, ms: float) -> None:
    assert parse_budget(text) == pytest.approx(ms)


@pytest.mark.parametrize(
    "text", ["40", "ms", "-1ms", "0ms", "nanms", "1e3ms", "40 m", "infs", "", "9" * 400 + "ms"]
)
def test_a_budget_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="must be a time with its unit"):
        parse_budget(text)


@pytest.mark.parametrize(
    ("latency", "code"),
    [
        ({}, PASS),
        ({"max_ms": 40.0}, PASS),
        ({"num_runs": 58}, INCONCLUSIVE),
        ({"max_ms": 40.01}, INCONCLUSIVE),
        ({"max_ms": 50.0, "p95_ms": 40.0}, INCONCLUSIVE),
        ({"max_ms": 50.0, "p95_ms": 40.01}, FAIL),
        ({"max_ms": 50.0, "p95_ms": 40.01, "num_runs": 3}, FAIL),
        ({"max_ms": 0.0, "p95_ms": 0.0}, PASS),  # it rounds to 0.01 ms
    ],
)
def test_the_summary_of_litert_benchmark_is_judged_by_its_largest(
    tmp_path: Path, latency: dict[str, object], code: int
) -> None:
    found = timed(tmp_path, summary(**latency))
    assert found.code == code
    assert "runs of one process resemble each other" in found.json["reason"]


@pytest.mark.parametrize(
    "latency",
    [
        {"max_ms": 10.0},  # less than p95
        {"num_runs": 0},
        {"num_runs": 59.5},
        {"num_runs": "59"},
        {"num_runs": True},
        {"p95_ms": -1.0},
        {"p95_ms": None},
        {"max_ms": float("nan")},
        {"num_runs": 10**400},
    ],
)
def test_a_summary_that_cant_be_is_refused(tmp_path: Path, latency: dict[str, object]) -> None:
    with pytest.raises(DataError, match="is it litert-benchmark's result"):
        timed(tmp_path, summary(**latency))


@pytest.mark.parametrize("value", [0, -1, True, None, "30", [30], 10**400, float("inf")])
def test_what_is_no_duration_is_refused_with_its_place(tmp_path: Path, value: object) -> None:
    with pytest.raises(DataError, match=r"entry 1 is .*, and must be a duration"):
        timed(tmp_path, [20.0, value])


def test_a_mark_at_the_beginning_is_read_over(tmp_path: Path) -> None:
    assert timed(tmp_path, "\ufeff" + json.dumps([20.0] * 59)).code == PASS


def test_the_json_says_all_that_decided(tmp_path: Path) -> None:
    found = timed(tmp_path, [20.0] * 59).json
    assert (found["schema"], found["budget_ms"], found["confidence"]) == (1, 40.0, 0.95)
    assert found["verdict"] in timed(tmp_path, [20.0] * 59).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "durations.json is no JSON: it is nested too deeply; give a list"),
        (f"[{'9' * 5001}]", "is no JSON: it has a whole number of thousands of digits; give a"),
    ],
)
def test_what_python_cannot_read_is_told_in_plain_words(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        timed(tmp_path, text, "100ms")
