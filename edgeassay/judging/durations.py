"""Durations that come back as a file, judged against a budget."""

from __future__ import annotations

import json
import math
import re
import reprlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgeassay.errors import ConfigError, DataError, why, why_no_json
from edgeassay.gates import verdict_of
from edgeassay.plain_files import MOST_DURATIONS, read_plain
from edgeassay.spec import Measurement, Sense, Statistics, Verdict
from edgeassay.stats import least_count, percentile_bounds, percentile_upper

SHARE: Final = 0.95
MS: Final = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
# Durations this much shorter than the budget are likelier seconds than milliseconds: with a larger
# number, seconds that break the budget several times over would pass as milliseconds.
UNLIKELY: Final = 100.0


@dataclass(frozen=True, kw_only=True)
class JudgedDurations:
    """A verdict on a p95, in ms; a bound is None where there are too few durations for one."""

    verdict: Verdict
    reason: str
    budget_ms: float
    confidence: float
    count: int
    p95_ms: float
    lower_ms: float | None
    upper_ms: float | None


def parse_budget(text: str) -> float:
    """`40ms`, `0.04 s`, `900us` in ms; ConfigError where it is no such thing."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|ms|s)\s*", text)
    if found is None or not 0.0 < float(found[1]) < math.inf:
        raise ConfigError(
            f"--budget {text}: it must be a time with its unit, such as 40ms (ns, us, ms or s)"
        )
    return float(found[1]) * MS[found[2]]


def _load(path: Path) -> Any:
    try:
        return json.loads(read_plain(path, MOST_DURATIONS).decode("utf-8-sig"))
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist; give the file's path") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; give a file of JSON") from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is no JSON: {why_no_json(error)}; give a list of durations"
        ) from None


def judge_durations(
    path: Path, budget_ms: float, need: Statistics, *, unit: str | None
) -> JudgedDurations:
    """Judge a file: a list of durations (in ms, or in `unit`), or what `litert-benchmark
    --result_json` writes. DataError where it is neither.
    """
    content = _load(path)
    if isinstance(content, Mapping) and isinstance(content.get("latency"), Mapping):
        return _summary(path, content["latency"], budget_ms, need)
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise DataError(
            f"{path} holds neither a list of durations nor the result of litert-benchmark"
            " (--result_json); give one of them"
        )
    durations = [_duration(path, i, value) * MS[unit or "ms"] for i, value in enumerate(content)]
    if not durations:
        raise DataError(f"{path} holds no durations; measure some, each in a fresh process")
    typical = statistics.median(durations)
    if unit is None and typical < budget_ms / UNLIKELY:
        raise DataError(
            f"{path}: read as milliseconds, most durations are below a hundredth of the budget"
            f" (the median is {typical:.3g} ms); say which unit they have with --unit"
        )
    return _judged(durations, budget_ms, need)


def _number(value: object) -> float | None:
    """A finite number; None where a value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _duration(path: Path, place: int, value: object) -> float:
    number = _number(value)
    if number is None or number <= 0.0:
        raise DataError(
            f"{path}: entry {place} is {reprlib.repr(value)}, and must be a duration: a number"
            " more than 0, and finite"
        )
    return number


def _judged(durations: Sequence[float], budget_ms: float, need: Statistics) -> JudgedDurations:
    """By order statistics: each duration stands for itself, as one a process does."""
    low, high = percentile_bounds(durations, SHARE, need.confidence)
    measured = Measurement(
        value=percentile_upper(durations, SHARE),
        unit="ms",
        n=len(durations),
        low=-math.inf if low is None else low,
        high=math.inf if high is None else high,
    )
    verdict = verdict_of(measured, budget_ms, Sense.AT_MOST)
    wanted = least_count(SHARE, need.confidence)
    bounds = [f"{b:.4g} ms" if b is not None else "unknown" for b in (low, high)]
    reason = (
        f"p95 of {len(durations):,} durations is {measured.value:.4g} ms (bounds"
        f" {', '.join(bounds)}, each with {100 * need.confidence:g} % confidence), and the budget"
        f" is {budget_ms:g} ms"
    )
    if high is None and verdict is Verdict.INCONCLUSIVE:
        reason += f"; {wanted} durations, each of a fresh process, are needed for an upper bound"
    return JudgedDurations(
        verdict=verdict,
        reason=reason,
        budget_ms=budget_ms,
        confidence=need.confidence,
        count=len(durations),
        p95_ms=measured.value,
        lower_ms=low,
        upper_ms=high,
    )


def _summary_values(path: Path, latency: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that count; DataError where one can't be what litert-benchmark has written."""
    values = {}
    for key in ("max_ms", "p95_ms", "num_runs"):
        if key not in latency:
            raise DataError(f"{path}: latency.{key} is missing; is it litert-benchmark's result?")
        number = _number(latency[key])
        whole = key == "num_runs"
        # It rounds to 0.01 ms, so that a duration may be 0.
        if number is None or number < whole or (whole and not number.is_integer()):
            raise DataError(
                f"{path}: latency.{key} = {reprlib.repr(latency[key])} can't be; is it"
                " litert-benchmark's result?"
            )
        values[key] = number
    if values["p95_ms"] > values["max_ms"]:
        raise DataError(
            f"{path}: latency.p95_ms = {values['p95_ms']:g} is more than latency.max_ms ="
            f" {values['max_ms']:g}; is it litert-benchmark's result?"
        )
    return values


def _summary(
    path: Path, latency: Mapping[str, Any], budget_ms: float, need: Statistics
) -> JudgedDurations:
    """litert-benchmark's summary: it holds no durations, so the largest is all that bounds p95."""
    values = _summary_values(path, latency)
    count, wanted = int(values["num_runs"]), least_count(SHARE, need.confidence)
    enough = count >= wanted
    verdict = Verdict.INCONCLUSIVE
    if enough and values["max_ms"] <= budget_ms:
        verdict = Verdict.PASS
    elif values["p95_ms"] > budget_ms:
        verdict = Verdict.FAIL
    reason = (
        f"of {count:,} runs the slowest took {values['max_ms']:g} ms and p95 is"
        f" {values['p95_ms']:g} ms, and the budget is {budget_ms:g} ms"
    )
    if not enough and verdict is Verdict.INCONCLUSIVE:
        reason += f"; {wanted} runs are needed for an upper bound of p95"
    return JudgedDurations(
        verdict=verdict,
        reason=f"{reason}; runs of one process resemble each other, so it says little of the next",
        budget_ms=budget_ms,
        confidence=need.confidence,
        count=count,
        p95_ms=values["p95_ms"],
        lower_ms=None,
        upper_ms=values["max_ms"] if enough else None,
    )
