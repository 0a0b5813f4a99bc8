"""Measurement and limit to verdict: pure."""

from __future__ import annotations

from edgeassay.spec import TRAITS, Claim, Judgement, Measurement, Sense, Verdict


def holds(value: float, claim: Claim) -> bool:
    """Whether a value lies on the right side of the claim's limit; the limit itself holds."""
    if TRAITS[claim.name].sense is Sense.AT_MOST:
        return value <= claim.limit.value
    return value >= claim.limit.value


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


def decide(
    claim: Claim,
    measurement: Measurement,
    *,
    reference: float | None = None,
    least_n: int = 1,
) -> Judgement:
    """The judgement of a measured claim: pass or fail, or inconclusive below `least_n` samples.

    Every reason names the measured value, the limit, the margin, the sample count and the file
    that set the limit.
    """
    unit = TRAITS[claim.name].unit
    numbers = (
        f"measured {measurement.value:.4g} {unit}, limit {TRAITS[claim.name].sense}"
        f" {claim.limit.value:g}, margin {margin(measurement.value, claim):+.4g},"
        f" n = {measurement.n:,}; limit set by {claim.limit.source}"
    )
    if claim.limit.rationale:
        numbers += f" ({claim.limit.rationale})"
    if measurement.n < least_n:
        verdict = Verdict.INCONCLUSIVE
        numbers = f"{measurement.n} samples are too few, {least_n} are needed; {numbers}"
    else:
        verdict = Verdict.PASS if holds(measurement.value, claim) else Verdict.FAIL
    return Judgement(
        claim=claim,
        verdict=verdict,
        reason=numbers,
        measurement=measurement,
        reference=reference,
    )
