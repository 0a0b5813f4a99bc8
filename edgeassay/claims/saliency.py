"""Claims about what a network looks at: that its occlusion maps stay the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from edgeassay.build import seed_of
from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.measure.occlusion import MapsCompared
from edgeassay.spec import Claim, ClaimName, Measurement
from edgeassay.stats.arrays import Floats
from edgeassay.stats.saliency import mean_bounds


def saliency_correlation(evidence: Evidence, claim: Claim) -> Measured:
    """The mean over images of the rank correlation of both maps."""
    compared = evidence.occlusions.compared(claim.case)
    return _mean(evidence, claim, compared, compared.correlations, "rank correlation"), None


def saliency_overlap(evidence: Evidence, claim: Claim) -> Measured:
    """The mean over images of the overlap of both maps' top positions."""
    compared = evidence.occlusions.compared(claim.case)
    return _mean(evidence, claim, compared, compared.overlaps, "share"), None


def _mean(
    evidence: Evidence, claim: Claim, compared: MapsCompared, values: Floats, unit: str
) -> Measurement:
    model = evidence.rig.model(claim.case)
    kept = ~compared.left_out
    if not kept.any():
        raise NoEvidence(
            f"all {compared.images} images' maps are flat, the reference's and the variant's: no"
            " score changes, whatever is covered, so there is nothing to compare"
        )
    patients, least = len(np.unique(compared.codes[kept])), model.saliency.min_patients
    bounds = mean_bounds(
        values[kept],
        compared.codes[kept],
        model.statistics.confidence,
        resamples=model.statistics.resamples,
        seed=seed_of(claim.case.id),
    )
    few = f"too few patients: {patients} have a map, and {least} are needed"
    return Measurement(
        value=bounds.value,
        unit=unit,
        n=int(kept.sum()),
        low=bounds.low,
        high=bounds.high,
        confidence=model.statistics.confidence,
        insufficient=few if patients < least else None,
        detail=_flat(compared),
    )


def _flat(compared: MapsCompared) -> str | None:
    """How many images have a map that points nowhere."""
    first, second = compared.flat
    words = [
        (int((first & second).sum()), "images left out, as both maps are flat"),
        (int((second & ~first).sum()), "of which the variant's map alone is flat"),
        (int((first & ~second).sum()), "of which the reference's map alone is flat"),
    ]
    return "; ".join(f"{count} {what}" for count, what in words if count) or None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MIN_SALIENCY_CORRELATION: saliency_correlation,
    ClaimName.MIN_SALIENCY_OVERLAP: saliency_overlap,
}
