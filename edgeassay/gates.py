"""Measurement and limit to verdict: pure."""

from __future__ import annotations

import math

from edgeassay.spec import TRAITS, Claim, ClaimName, Judgement, Measurement, Sense, Verdict


def holds(value: float, limit: float, sense: Sense) -> bool:
    """Whether a value lies on the right side of a limit; the limit itself holds."""
    return value <= limit if sense is Sense.AT_MOST else value >= limit


def verdict_of(
    measurement: Measurement, limit: float, sense: Sense, tolerated: float | None = None
) -> Verdict:
    """`fail` when the whole interval lies outside what is tolerated (the limit, where nothing else
    is), `pass` when all of it lies inside the limit, else `inconclusive`; an exact value passes or
    fails.
    """
    low, high = _bounds(measurement)
    best, worst = (low, high) if sense is Sense.AT_MOST else (high, low)
    if measurement.insufficient is not None:
        return Verdict.INCONCLUSIVE
    if not holds(best, limit if tolerated is None else tolerated, sense):
        return Verdict.FAIL
    return Verdict.PASS if holds(worst, limit, sense) else Verdict.INCONCLUSIVE


def never_passes(measurement: Measurement, sense: Sense) -> bool:
    """Whether no value could have passed: the bound that a pass rests on isn't known, since there
    were too few processes or patients for one. That is how the run was designed, and not noise.
    """
    needed = measurement.high if sense is Sense.AT_MOST else measurement.low
    bounded = measurement.low is not None or measurement.high is not None
    return needed is None and (bounded or measurement.insufficient is not None)


def lets_pass(option: str, claim: ClaimName, measurement: Measurement | None) -> bool:
    """Whether `--inconclusive`, or what a leg of a gate says, lets such an inconclusive claim pass.

    A time may, since others disturb times; but not one that no run of this design can decide.
    """
    if option != "fail-untimed":
        return option == "warn"
    traits = TRAITS[claim]
    hopeless = measurement is not None and never_passes(measurement, traits.sense)
    return traits.timed and not hopeless


def undecided(measurement: Measurement) -> str:
    """Why a measurement decides nothing, in words."""
    if measurement.insufficient is not None:
        return measurement.insufficient
    if all(math.isfinite(bound) for bound in _bounds(measurement)):
        return "too little evidence to tell: the limit lies between the bounds"
    return "too little evidence to tell: one bound isn't known"


def margin(value: float, claim: Claim) -> float:
    """How far inside its limit a value lies; negative outside."""
    distance = claim.limit.value - value
    return distance if TRAITS[claim.name].sense is Sense.AT_MOST else -distance


def sentence(claim: Claim) -> str:
    """The claim in words."""
    subject = f"{claim.case.model} {claim.case.variant} on {claim.case.runtime}"
    if claim.class_name:
        subject += f", {claim.class_name}"
    return TRAITS[claim.name].sentence.format(subject=subject, limit=f"{claim.limit.value:g}")


def told(judgement: Judgement) -> str:
    """The claim in words, and why it stands as it does."""
    return f"{sentence(judgement.claim)}: {judgement.reason}"


def decide(claim: Claim, measurement: Measurement, *, reference: float | None = None) -> Judgement:
    """The judgement of a measured claim, by `verdict_of`. Every reason names what was measured, its
    bounds, the limit, the sample count and the file that set the limit.
    """
    limit = claim.limit
    verdict = verdict_of(measurement, limit.value, TRAITS[claim.name].sense, limit.tolerated)
    words = _numbers(claim, measurement)
    if verdict is Verdict.INCONCLUSIVE:
        words = f"{undecided(measurement)}; {words}"
        if measurement.planning is not None:
            words += f"; {measurement.planning}"
    return Judgement(
        claim=claim,
        verdict=verdict,
        reason=words,
        measurement=measurement,
        reference=reference,
    )


def _bounds(measurement: Measurement) -> tuple[float, float]:
    """The bounds that decide: the value itself where it is exact, no bound where one is unknown."""
    low, high = measurement.low, measurement.high
    if low is None and high is None:
        return measurement.value, measurement.value
    return -math.inf if low is None else low, math.inf if high is None else high


def _numbers(claim: Claim, measurement: Measurement) -> str:
    """What was measured, and against what, in words."""
    traits = TRAITS[claim.name]
    text = f"measured {measurement.value:.4g} {traits.unit}"
    bounds = [
        "none" if bound is None else f"{bound:.4g}" for bound in (measurement.low, measurement.high)
    ]
    if bounds != ["none", "none"] and measurement.confidence is not None:
        text += f" (bounds {', '.join(bounds)}, each one-sided {100 * measurement.confidence:g} %)"
    if measurement.detail is not None:
        text += f" ({measurement.detail})"
    text += (
        f", limit {traits.sense} {claim.limit.value:g}{_tolerated(claim)}, margin"
        f" {margin(measurement.value, claim):+.4g}, n = {measurement.n:,};"
        f" limit set by {claim.limit.source}"
    )
    if claim.limit.rationale:
        text += f" ({claim.limit.rationale})"
    return text


def _tolerated(claim: Claim) -> str:
    tolerated = claim.limit.tolerated
    return "" if tolerated is None else f" ({tolerated:g} tolerated)"
