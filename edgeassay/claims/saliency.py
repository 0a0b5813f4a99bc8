"""Claims about what a network looks at: that its occlusion maps stay the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.build import seed_of
from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.occlusions import MapsCompared
from edgeassay.spec import Claim, ClaimName, Measurement, ModelSpec
from edgeassay.stats.arrays import Floats
from edgeassay.stats.patient_means import mean_bounds
from edgeassay.stats.patients import Patients


def correlation_measured(compared: MapsCompared, model: ModelSpec, seed: int) -> Measurement:
    """The mean over images of the rank correlation of both maps."""
    return _mean(compared, compared.correlations, "rank correlation", model, seed)


def overlap_measured(compared: MapsCompared, model: ModelSpec, seed: int) -> Measurement:
    """The mean over images of the overlap of both maps' top positions."""
    return _mean(compared, compared.overlaps, "share", model, seed)


def saliency_correlation(evidence: Evidence, claim: Claim) -> Measured:
    """How the case's maps rank places, beside the reference's."""
    compared, model = evidence.occlusions.compared(claim.case), evidence.rig.model(claim.case)
    return correlation_measured(compared, model, seed_of(claim.case.id)), None


def saliency_overlap(evidence: Evidence, claim: Claim) -> Measured:
    """Which places matter most to the case, beside the reference's."""
    compared, model = evidence.occlusions.compared(claim.case), evidence.rig.model(claim.case)
    return overlap_measured(compared, model, seed_of(claim.case.id)), None


def _mean(
    compared: MapsCompared, values: Floats, unit: str, model: ModelSpec, seed: int
) -> Measurement:
    patients, least = Patients.from_codes(compared.codes), model.saliency.min_patients
    bounds = mean_bounds(
        values,
        compared.codes,
        model.statistics.confidence,
        resamples=model.statistics.resamples,
        seed=seed,
    )
    few = (
        f"too few patients: {patients.count} have a map{patients.uneven}, and {least} are needed"
        " before bounds can be relied on"
    )
    return Measurement(
        value=bounds.value,
        unit=unit,
        n=compared.images,
        low=bounds.low,
        high=bounds.high,
        confidence=model.statistics.confidence,
        insufficient=few if patients.worth < least else None,
        detail=_aside(compared, model),
    )


def _aside(compared: MapsCompared, model: ModelSpec) -> str | None:
    """How many images say nothing, in words; None where none does."""
    told = []
    if left_out := compared.covered - compared.images:
        told.append(
            f"{left_out:,} of {compared.covered:,} images left out, on which the reference's score"
            f" moves by less than {model.saliency.least_range:g} whatever is covered"
        )
    if flat := int(compared.flat.sum()):
        told.append(f"on {flat:,} the variant's score doesn't move at all")
    return "; ".join(told) or None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MIN_SALIENCY_CORRELATION: saliency_correlation,
    ClaimName.MIN_SALIENCY_OVERLAP: saliency_overlap,
}
