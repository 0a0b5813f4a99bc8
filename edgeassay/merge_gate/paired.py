"""Files of `edgeassay ab --json`: read, and held against what their own numbers say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from edgeassay.ab.judging import EXITS
from edgeassay.errors import DataError
from edgeassay.report.results import digest_of
from edgeassay.runs.records import CaseId, Plain, Record
from edgeassay.spec import Case, Comparison, Verdict
from edgeassay.stats.sequential import decide_slowdown

REMEDY: Final = "give what `edgeassay ab --json` wrote"
ALIKE: Final = 1e-9  # relative: the same arithmetic on another machine


class TimingRecord(Record):
    """What pairs of processes say of head/base."""

    ratio: float
    low: float | None
    high: float | None
    pairs: int
    base_ms: float = Field(gt=0.0)
    head_ms: float
    tolerated: float
    unacceptable: float


class SideRecord(Record):
    """One side's artifact."""

    sha256: Plain
    size_bytes: int
    runtime: Plain


class AbCase(Record):
    """A case and what was found."""

    case: CaseId
    name: Plain
    verdict: Verdict
    reason: Plain
    timing: TimingRecord | None
    base: SideRecord
    head: SideRecord


class AbFile(Record):
    """The whole file; `commit` is the head's."""

    schema_version: Literal[1] = Field(alias="schema")
    base: Plain
    head: Plain
    commit: Plain | None = None
    dirty: bool = False
    machine: dict[str, Any]
    verdict: Verdict
    missing: list[Plain]
    new: list[Plain]
    cases: list[AbCase]
    digest: str | None = None


def read_ab(where: str, found: Mapping[str, Any]) -> AbFile:
    """The comparison in a parsed file; DataError where it isn't as it was written, or where a
    verdict doesn't follow from its numbers.
    """
    if found.get("schema") != 1:
        raise DataError(f"{where} has schema {found.get('schema')!r}, and 1 is read; {REMEDY}")
    if found.get("digest") is None:
        raise DataError(
            f"{where} has no digest, so nobody can tell whether it was changed; {REMEDY}"
        )
    if found["digest"] != digest_of(found):
        raise DataError(
            f"{where} isn't what its own digest is of: it was changed by hand; {REMEDY}"
        )
    try:
        file = AbFile.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{where} isn't as edgeassay writes it ({place}: {first['msg']}); {REMEDY}"
        ) from None
    for case in file.cases:
        _check(where, case)
    found_all = {case.verdict for case in file.cases} | (
        {Verdict.UNMEASURED} if file.missing else set()
    )
    worst = next((verdict for verdict in EXITS if verdict in found_all), Verdict.UNMEASURED)
    unbuilt = worst in (Verdict.INCONCLUSIVE, Verdict.PASS) and file.verdict is Verdict.UNMEASURED
    if file.verdict is not worst and not unbuilt:
        raise DataError(f"{where} says {file.verdict}, and its cases together {worst}; {REMEDY}")
    return file


def _check(where: str, case: AbCase) -> None:
    found = derived(case)
    if found is not None and found is not case.verdict:
        raise DataError(
            f"{where}: {case.name} is said to be {case.verdict}, and its numbers give {found};"
            f" {REMEDY}"
        )


def derived(case: AbCase) -> Verdict | None:
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


def other_limits(case: AbCase, settings: Comparison) -> str | None:
    """What a case was held against where that isn't what the checkout's TOML allows, in words."""
    timing = case.timing
    if timing is None:
        return None
    allowed = settings.allowed(case.name, Case(**case.case.model_dump()))
    tolerated, unacceptable = allowed.slowdowns(timing.base_ms)
    if math.isclose(timing.tolerated, tolerated, rel_tol=ALIKE) and math.isclose(
        timing.unacceptable, unacceptable, rel_tol=ALIKE
    ):
        return None
    return (
        f"{100 * timing.tolerated:g} % tolerated and {100 * timing.unacceptable:g} % unacceptable,"
        f" and {allowed.tolerated.source} and {allowed.unacceptable.source} give"
        f" {100 * tolerated:g} % and {100 * unacceptable:g} %"
    )
