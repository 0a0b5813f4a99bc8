"""Files of `edgeassay ab --json`, held against what their own numbers say."""

from __future__ import annotations

import math
from typing import Final

from edgeassay.ab.judging import EXITS
from edgeassay.ab.reading import REMEDY, AbCaseRecord, AbRecord
from edgeassay.errors import DataError
from edgeassay.spec import Case, Comparison, Verdict
from edgeassay.stats.sequential import decide_slowdown

ALIKE: Final = 1e-9  # relative: the same arithmetic on another machine


def check_ab(where: str, file: AbRecord) -> None:
    """DataError where a verdict in a comparison doesn't follow from its numbers."""
    for case in file.cases:
        _check(where, case)
    found_all = {case.verdict for case in file.cases} | (
        {Verdict.UNMEASURED} if file.missing else set()
    )
    worst = next((verdict for verdict in EXITS if verdict in found_all), Verdict.UNMEASURED)
    unbuilt = worst in (Verdict.INCONCLUSIVE, Verdict.PASS) and file.verdict is Verdict.UNMEASURED
    if file.verdict is not worst and not unbuilt:
        raise DataError(f"{where} says {file.verdict}, and its cases together {worst}; {REMEDY}")


def _check(where: str, case: AbCaseRecord) -> None:
    found = derived(case)
    if found is not None and found is not case.verdict:
        raise DataError(
            f"{where}: {case.name} is said to be {case.verdict}, and its numbers give {found};"
            f" {REMEDY}"
        )


def derived(case: AbCaseRecord) -> Verdict | None:
    """The verdict that a case's numbers give; None where nothing was timed and nothing passes."""
    timing = case.timing
    if timing is None:
        same = case.base.sha256 == case.head.sha256
        return Verdict.UNMEASURED if case.verdict is Verdict.PASS and not same else None
    low = 0.0 if timing.low is None else timing.low
    high = math.inf if timing.high is None else timing.high
    shown = decide_slowdown(low, high, 1.0 + timing.tolerated, 1.0 + timing.unacceptable)
    if shown is None:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if shown else Verdict.PASS


def other_limits(case: AbCaseRecord, settings: Comparison) -> str | None:
    """What a case was held against where that isn't what the checkout's TOML allows, in words."""
    timing = case.timing
    if timing is None:
        return None
    allowed = settings.allowed(case.name, Case(**case.case.model_dump()))
    tolerated, unacceptable = allowed.slowdowns(timing.base_ms, in_turn=True)
    if math.isclose(timing.tolerated, tolerated, rel_tol=ALIKE) and math.isclose(
        timing.unacceptable, unacceptable, rel_tol=ALIKE
    ):
        return None
    return (
        f"{100 * timing.tolerated:g} % tolerated and {100 * timing.unacceptable:g} % unacceptable,"
        f" and {allowed.tolerated.source} and {allowed.unacceptable.source} give"
        f" {100 * tolerated:g} % and {100 * unacceptable:g} %"
    )
