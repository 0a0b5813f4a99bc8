"""Claims about quality rest on scores that say something: of a model that guesses, or whose scores
are turned round, nothing is kept and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import MeasurementError
from edgeassay.evidence import Evidence
from edgeassay.gates import verdict_of
from edgeassay.measure.compared import Compared
from edgeassay.measure.guessing import senseless, unshown
from edgeassay.spec import TRAITS, Claim, Measurement, Verdict


def beside_reference(measure: Measure, *, shown: bool = True) -> Measure:
    """A measure of a claim that compares with the reference, of the claim's own class if it has one
    (`check_reference`, `check_candidate`). Where it must be `shown` that the reference is better
    than guessing, nothing passes without.
    """

    def measured(evidence: Evidence, claim: Claim) -> Measured:
        compared, confidence = _looked_at(evidence, claim, alone=False)
        check_reference(compared, confidence, _classes(compared, claim))
        found, reference = measure(evidence, claim)
        return check_candidate(claim, compared, confidence, found, shown=shown), reference

    return measured


def by_itself(measure: Measure) -> Measure:
    """A measure of a claim that rests on the case's own scores alone (`check_candidate`)."""

    def measured(evidence: Evidence, claim: Claim) -> Measured:
        compared, confidence = _looked_at(evidence, claim, alone=True)
        found, reference = measure(evidence, claim)
        return check_candidate(claim, compared, confidence, found, shown=False), reference

    return measured


def check_reference(
    compared: Compared, confidence: float, classes: Sequence[int] | None = None
) -> None:
    """MeasurementError where the reference's scores look inverted, or say nothing."""
    words = senseless(compared, confidence, candidate=False, classes=classes)
    if words is not None:
        raise MeasurementError(
            f"the reference's {words}: nothing can be compared with them; look at the labels and at"
            " the order of the classes, or leave the class out"
        )


def check_candidate(
    claim: Claim, compared: Compared, confidence: float, measured: Measurement, *, shown: bool
) -> Measurement:
    """What was measured, where the claim fails by it; else MeasurementError where the candidate's
    scores look inverted, or say nothing. Insufficient where the reference isn't `shown` to be
    better than guessing, and must be.
    """
    sense = TRAITS[claim.name].sense
    if verdict_of(measured, claim.limit.value, sense, claim.limit.tolerated) is Verdict.FAIL:
        return measured
    classes = _classes(compared, claim)
    words = senseless(compared, confidence, candidate=True, classes=classes)
    if words is not None:
        raise MeasurementError(
            f"the candidate's {words}: such scores pass no claim about quality"
            f" ({measured.value:.4g} {measured.unit} was measured)"
        )
    mean = compared.aucs.mean() if classes is None else compared.aucs.drops[classes[0]]
    if not shown or mean is None or measured.insufficient is not None:
        return measured
    return replace(measured, insufficient=unshown(mean.reference, confidence))


def _looked_at(evidence: Evidence, claim: Claim, *, alone: bool) -> tuple[Compared, float]:
    evaluations = evidence.evaluations
    compared = evaluations.alone(claim.case) if alone else evaluations.compared(claim.case)
    return compared, evidence.rig.model(claim.case).statistics.confidence


def _classes(compared: Compared, claim: Claim) -> list[int] | None:
    """The number of the class that a claim is about; None where it is about all."""
    if claim.class_name is None:
        return None
    return [list(compared.classes).index(claim.class_name)]
