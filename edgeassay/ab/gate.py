"""One case's pairs, looked at as they come, until they decide or time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edgeassay.errors import EdgeassayError
from edgeassay.measure.pairs import BASE, HEAD, Pair, SideFailed
from edgeassay.progress import Advance
from edgeassay.spec import Allowed, Gate, Stack, Verdict
from edgeassay.stats.sequential import decide_slowdown, plan_looks


class Stopped(StrEnum):
    """Why a case's measuring ended."""

    DECIDED = "decided"
    TIME = "time was up"
    LOOKS = "all looks were used"
    BROKEN = "a side broke"
    UNCHANGED = "nothing to time"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What the pairs of a case say of head/base: the centre with its two bounds, at the look that
    ended it; a bound is None where there were too few pairs for one.

    `cpus` are those that pairs were kept on; none where that can't be had. The stacks are what
    executed both sides, as their workers say.
    """

    ratio: float
    low: float | None
    high: float | None
    pairs: int
    seconds: float
    base_ms: float
    head_ms: float
    tolerated: float
    unacceptable: float
    cpus: tuple[int, ...]
    base_stack: Stack
    head_stack: Stack


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A verdict on one case, and why."""

    verdict: Verdict
    stopped: Stopped
    reason: str
    timing: Timing | None = None


def run_gate(
    time_one: Callable[[], Pair],
    allowed: Allowed,
    gate: Gate,
    *,
    cases: int,
    advance: Advance,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Time pairs until the evidence decides, `gate.max_time_s` is over, or all looks are used.

    `cases` is how many are timed for one decision: they share what may be alarmed for nothing. A
    head that breaks fails; where the base breaks, nothing is measured.
    """
    looks = plan_looks(gate.false_alarms / cases, gate.false_passes, gate.looks)
    started, pairs = clock(), list[Pair]()
    while True:
        try:
            pairs.append(time_one())
        except EdgeassayError as error:
            return broken(error)
        advance(1)
        seconds = clock() - started
        # A pair that would end too late isn't begun.
        last = seconds * (len(pairs) + 1) / len(pairs) > gate.max_time_s
        if len(pairs) not in looks.counts and not last:
            continue
        logs = np.array([pair.log_ratio for pair in pairs])
        timing = _timing(pairs, looks.bounds(logs), allowed, seconds)
        verdict = _verdict(timing)
        if verdict is not Verdict.INCONCLUSIVE:
            return Outcome(verdict=verdict, stopped=Stopped.DECIDED, reason="", timing=timing)
        if last or len(pairs) == looks.counts[-1]:
            return Outcome(
                verdict=verdict,
                stopped=Stopped.TIME if last else Stopped.LOOKS,
                reason=_undecided(len(pairs), looks.counts[0], gate),
                timing=timing,
            )


def broken(error: EdgeassayError) -> Outcome:
    """What a side that breaks says of the case; an error that is no side's own is the rig's."""
    whose = error.which if isinstance(error, SideFailed) else None
    named = {None: "", BASE: "BASE: ", HEAD: "HEAD: "}[whose]
    return Outcome(
        verdict=Verdict.FAIL if whose == HEAD else Verdict.UNMEASURED,
        stopped=Stopped.BROKEN,
        reason=f"{named}{error}",
    )


def _timing(
    pairs: list[Pair], bounds: tuple[float, float, float], allowed: Allowed, seconds: float
) -> Timing:
    base_ms = float(np.median([pair.base_ms for pair in pairs]))
    tolerated, unacceptable = allowed.slowdowns(base_ms, in_turn=True)
    center, low, high = bounds
    return Timing(
        ratio=float(np.exp(center)),
        low=float(np.exp(low)) if np.isfinite(low) else None,
        high=float(np.exp(high)) if np.isfinite(high) else None,
        pairs=len(pairs),
        seconds=seconds,
        base_ms=base_ms,
        head_ms=float(np.median([pair.head_ms for pair in pairs])),
        tolerated=tolerated,
        unacceptable=unacceptable,
        cpus=tuple(sorted({cpu for pair in pairs for cpu in pair.cpus})),
        base_stack=pairs[-1].stacks[BASE],
        head_stack=pairs[-1].stacks[HEAD],
    )


def _verdict(timing: Timing) -> Verdict:
    low = 0.0 if timing.low is None else timing.low
    high = np.inf if timing.high is None else timing.high
    shown = decide_slowdown(low, high, 1.0 + timing.tolerated, 1.0 + timing.unacceptable)
    if shown is None:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if shown else Verdict.PASS


def _undecided(pairs: int, least: int, gate: Gate) -> str:
    if pairs < least:
        return (
            f"{pairs} pairs in {gate.max_time_s:g} s, and {least} are needed before anything can be"
            " shown; give it more time with --max-time"
        )
    return (
        "the evidence neither shows a slowdown beyond what is tolerated nor excludes an"
        " unacceptable one; a quieter machine or a longer --max-time decides it"
    )
