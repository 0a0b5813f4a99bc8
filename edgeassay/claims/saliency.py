"""Claims about what a network looks at: that its occlusion maps stay the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from edgeassay.build import seed_of
from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.occlusions import MapsCompared
from edgeassay.spec import Claim, ClaimName, Measurement, ModelSpec
from edgeassay.stats.arrays import Floats
from edgeassay.stats.saliency import mean_bounds


def correlation_measured(compared: MapsCompared, model: ModelSpec, seed: int) -> Measurement:
    """The mean over images of the rank correlation of both maps; NoEvidence without any map."""
    return _mean(compared, compared.correlations, "rank correlation", model, seed)


def overlap_measured(compared: MapsCompared, model: ModelSpec, seed: int) -> Measurement:
    """The mean over images of the overlap of both maps' top positions; NoEvidence likewise."""
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
    kept = ~compared.left_out
    if not kept.any():
        raise NoEvidence(
            f"on none of {compared.images:,} images does the reference's score move by"
            f" {compared.least_range:g} as places are covered, so there is no map to compare with"
        )
    patients, least = len(np.unique(compared.codes[kept])), model.saliency.min_patients
    bounds = mean_bounds(
        values[kept],
        compared.codes[kept],
        model.statistics.confidence,
        resamples=model.statistics.resamples,
        seed=seed,
    )
    few = (
        f"too few patients: {patients} have a map, and {least} are needed before bounds can be"
        " relied on"
    )
    return Measurement(
        value=bounds.value,
        unit=unit,
        n=int(kept.sum()),
        low=bounds.low,
        high=bounds.high,
        confidence=model.statistics.confidence,
        insufficient=few if patients < least else None,
        detail=flat_images(compared),
    )


def flat_images(compared: MapsCompared) -> str | None:
    """How many images say nothing, in words; None where none does."""
    told = []
    if faint := int(compared.left_out.sum()):
        told.append(
            f"{faint} of {compared.images:,} images left out, whose score moves by less than"
            f" {compared.least_range:g} whatever is covered"
        )
    if flat := int(compared.flat.sum()):
        told.append(f"on {flat} the variant's score doesn't move at all")
    return "; ".join(told) or None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MIN_SALIENCY_CORRELATION: saliency_correlation,
    ClaimName.MIN_SALIENCY_OVERLAP: saliency_overlap,
}
