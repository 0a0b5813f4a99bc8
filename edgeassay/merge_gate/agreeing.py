"""A results file that agrees with itself: numbers that a measurement can give, and facts about each
case that are those of its claims.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from edgeassay.report.results import CaseRecord, Results
from edgeassay.runs.records import ClaimRecord, MeasurementRecord
from edgeassay.spec import TRAITS, ClaimName
from edgeassay.stats.order import least_count

# What is counted, or found true: any other number has bounds.
EXACT: Final = frozenset(
    {
        ClaimName.LOADS,
        ClaimName.SIZE_RATIO,
        ClaimName.PARAMETERS_RATIO,
        ClaimName.MACS_RATIO,
        ClaimName.FINITE_OUTPUTS,
        ClaimName.DELEGATED_SHARE,
        ClaimName.ARENA_KB,
        ClaimName.NPU_SRAM_KB,
        ClaimName.PARITY_LSB,
        ClaimName.PARITY_DIFFERENCE,
        ClaimName.SCORE_SHIFT_MAX,
        ClaimName.BASELINE_SIZE_RATIO,
        ClaimName.BASELINE_CYCLES_RATIO,
    }
)
# Units of what has no upper end.
UNBOUNDED: Final = frozenset({"ratio", "ms", "MB", "kB", "LSB", "score"})
# What is bounded by its order over fresh processes.
QUANTILES: Final = {
    ClaimName.LATENCY_P95_MS: 0.95,
    ClaimName.INIT_MS: 0.5,
    ClaimName.FIRST_INFERENCE_MS: 0.5,
}
ALIKE: Final = 1e-9  # relative: the same division on another machine


def oddities(record: ClaimRecord) -> Iterator[str]:
    """What no measurement gives, in words that follow a claim's name."""
    measured = record.measurement
    if measured is None:
        return
    if measured.n < 1:
        yield f"is of {measured.n} samples"
    wanted = TRAITS[record.claim].unit
    if measured.unit != wanted:
        yield f"is in {measured.unit}, and is measured in {wanted}"
    yield from _impossible(record.claim, measured)
    low, high = measured.low, measured.high
    if low is not None and high is not None and low > high:
        yield f"has the bounds {low:g} and {high:g}, which are no interval"
    elif _far_outside(measured):
        yield f"has the value {measured.value:g} far outside its own bounds {_told(measured)}"
    unbounded = low is None and high is None and measured.insufficient is None
    # What is equal to its baseline has no bounds either.
    counted = record.claim in EXACT or (
        TRAITS[record.claim].of_baseline and measured.confidence is None
    )
    if unbounded and not counted:
        yield "has no bounds, and is none of what is exact"


def _impossible(claim: ClaimName, measured: MeasurementRecord) -> Iterator[str]:
    """Numbers that can't be: an AUC of 7, a time below 0, a quantile of too few processes."""
    reach = _reach(claim)
    for number in (measured.value, measured.low, measured.high):
        if number is not None and not reach[0] - ALIKE <= number <= reach[1] + ALIKE:
            yield f"has the number {number:g}, and can lie between {reach[0]:g} and {reach[1]:g}"
            return
    if claim in QUANTILES and measured.high is not None and measured.confidence is not None:
        least = least_count(QUANTILES[claim], measured.confidence)
        if measured.n < least:
            yield (
                f"has an upper bound over {measured.n} processes, and there is none below {least}"
            )


def _reach(claim: ClaimName) -> tuple[float, float]:
    """Between which numbers a claim's value and bounds lie, whatever is measured."""
    traits = TRAITS[claim]
    if traits.unit in UNBOUNDED:
        return 0.0, math.inf
    differs = claim.endswith(("_drop", "_drift", "_gain"))
    return -1.0 if differs or traits.unit == "rank correlation" else 0.0, 1.0


def _far_outside(measured: MeasurementRecord) -> bool:
    """Whether a value is further from its bounds than they are from each other: resampling may set
    it a little outside.
    """
    low, high = measured.low, measured.high
    width = 0.0 if low is None or high is None else high - low
    allowed = width + ALIKE * max(1.0, abs(measured.value))
    below = low is not None and measured.value < low - allowed
    return below or (high is not None and measured.value > high + allowed)


def _told(measured: MeasurementRecord) -> str:
    bounds = ("?" if b is None else f"{b:g}" for b in (measured.low, measured.high))
    return f"[{', '.join(bounds)}]"


def disagreements(results: Results) -> Iterator[tuple[ClaimRecord, str]]:
    """Measured claims that the facts about their case say something else of, in words that follow
    a claim's name.
    """
    facts = {record.case: record for record in results.cases}
    for record in results.claims:
        if record.measurement is not None:
            words = _disagreement(record, record.measurement, facts.get(record.case))
            if words is not None:
                yield record, words


def _disagreement(
    record: ClaimRecord, measured: MeasurementRecord, facts: CaseRecord | None
) -> str | None:
    if facts is None:
        return "was measured, and nothing else is told of its case"
    if facts.kind is not None and facts.kind is not record.kind:
        return f"is {record.kind}, and its case is said to be {facts.kind}"
    ratio = facts.size_ratio if record.claim is ClaimName.SIZE_RATIO else None
    if ratio is not None and not math.isclose(measured.value, ratio, rel_tol=ALIKE):
        return f"is {measured.value:g}, and its case is said to be {ratio:g} of its reference"
    return None


def other_confidence(record: ClaimRecord, wanted: float) -> str | None:
    """With what confidence a claim's bounds were taken where the checkout wants another, in
    words.
    """
    measured = record.measurement
    if measured is None or measured.insufficient is not None or record.claim in EXACT:
        return None
    found = measured.confidence
    if found is not None and math.isclose(found, wanted, rel_tol=ALIKE):
        return None
    told = "no confidence" if found is None else f"{100 * found:g} % confidence"
    return f"its bounds have {told}, and its model wants {100 * wanted:g} %; run it again"
