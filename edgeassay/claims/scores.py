"""Claims about the scores themselves: whether they mean what they say, and how far they moved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np

from edgeassay.build import seed_of
from edgeassay.claims.measured import Measure, Measured
from edgeassay.claims.sound import beside_reference
from edgeassay.errors import ConfigError, NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.measure.compared import Compared
from edgeassay.spec import Claim, ClaimName, Measurement
from edgeassay.stats import Bounds, least_count, percentile_bounds, percentile_upper
from edgeassay.stats.calibration import (
    brier_drift_bounds,
    brier_score,
    ece_drift_bounds,
    expected_calibration_error,
)
from edgeassay.stats.patients import Patients


def _probabilities(compared: Compared) -> None:
    for scores in (compared.reference, compared.candidate):
        if scores.min() < 0.0 or scores.max() > 1.0:
            raise NoEvidence(
                f"scores from {scores.min():.4g} to {scores.max():.4g} are no probabilities, so"
                " they have no calibration"
            )


def _can_fail(compared: Compared, claim: Claim) -> None:
    """ConfigError if no score can move as far as the limit lets it."""
    scores = (compared.reference, compared.candidate)
    if claim.limit.value >= 1.0 and all(s.min() >= 0.0 and s.max() <= 1.0 for s in scores):
        raise ConfigError(
            f"{claim.limit.source} = {claim.limit.value:g} can't fail: these scores lie from 0 to"
            " 1, so none moves further than 1; set a smaller limit"
        )


def _measured(evidence: Evidence, claim: Claim, bounds: Bounds, unit: str) -> Measurement:
    compared, need = (
        evidence.evaluations.compared(claim.case),
        evidence.rig.model(claim.case).statistics,
    )
    patients = Patients.from_codes(compared.codes)
    wanted = need.min_positives + need.min_negatives
    few = (
        f"too few patients: {patients.count}{patients.uneven}, and {wanted} are needed before"
        " bounds can be relied on"
    )
    return Measurement(
        value=bounds.value,
        unit=unit,
        n=len(compared.labels),
        low=bounds.low,
        high=bounds.high,
        confidence=need.confidence,
        insufficient=few if patients.worth < wanted else None,
    )


def brier_drift(evidence: Evidence, claim: Claim) -> Measured:
    """The case's Brier score less the reference's."""
    compared = evidence.evaluations.compared(claim.case)
    _probabilities(compared)
    confidence = evidence.rig.model(claim.case).statistics.confidence
    bounds = brier_drift_bounds(
        compared.labels, compared.reference, compared.candidate, compared.codes, confidence
    )
    reference = brier_score(compared.labels, compared.reference)
    return _measured(evidence, claim, bounds, "Brier"), reference


def ece_drift(evidence: Evidence, claim: Claim) -> Measured:
    """The case's expected calibration error less the reference's."""
    compared = evidence.evaluations.compared(claim.case)
    _probabilities(compared)
    need = evidence.rig.model(claim.case).statistics
    bounds = ece_drift_bounds(
        compared.labels,
        compared.reference,
        compared.candidate,
        compared.codes,
        need.confidence,
        resamples=need.resamples,
        seed=seed_of(claim.case.id),
    )
    reference = expected_calibration_error(compared.labels, compared.reference)
    return _measured(evidence, claim, bounds, "ECE"), reference


def score_shift(evidence: Evidence, claim: Claim, *, share: float) -> Measured:
    """How far this share of the images move at most: of each image the score that moves furthest.

    Bounds by order statistics of patients: of their largest distances an upper one, of their least
    a lower one. The largest of all is just what these images show, and has none.
    """
    compared = evidence.evaluations.compared(claim.case)
    need = evidence.rig.model(claim.case).statistics
    images = len(compared.labels)
    _can_fail(compared, claim)
    moved = np.abs(compared.candidate.astype(np.float64) - compared.reference).max(axis=1)
    value = percentile_upper(moved, share)
    if share == 1.0:
        return Measurement(value=value, unit="score", n=images), None
    patients = int(compared.codes.max()) + 1
    most, least = np.zeros(patients), np.full(patients, np.inf)
    np.maximum.at(most, compared.codes, moved)
    np.minimum.at(least, compared.codes, moved)
    low, _ = percentile_bounds(least, share, need.confidence)
    _, high = percentile_bounds(most, share, need.confidence)
    wanted = least_count(share, need.confidence)
    return Measurement(
        value=value,
        unit="score",
        n=images,
        low=low if low is None else min(low, value),
        high=high if high is None else max(high, value),
        confidence=need.confidence,
        insufficient="too few patients" if low is None and high is None else None,
        planning=f"an upper bound needs {wanted:,} patients" if high is None else None,
    ), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.BRIER_DRIFT: beside_reference(brier_drift, shown=False),
    ClaimName.ECE_DRIFT: beside_reference(ece_drift, shown=False),
    # How far scores move is a fact of any scores, whether or not they say anything of the labels.
    ClaimName.SCORE_SHIFT_MEDIAN: partial(score_shift, share=0.5),
    ClaimName.SCORE_SHIFT_P99: partial(score_shift, share=0.99),
    ClaimName.SCORE_SHIFT_MAX: partial(score_shift, share=1.0),
}
