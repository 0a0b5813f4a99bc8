"""Claims about diagnostic quality: what the case says of images whose labels are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement


def _over_images(evidence: Evidence, claim: Claim, value: float) -> Measurement:
    images = len(evidence.evaluations.data(claim.case.model).split)
    return Measurement(value=value, unit="AUC", n=images)


def mean_auc_drop(evidence: Evidence, claim: Claim) -> Measured:
    """The reference's mean AUC less the case's."""
    reference = float(evidence.evaluations.reference_aucs(claim.case).mean())
    drop = reference - float(evidence.evaluations.aucs(claim.case).mean())
    return _over_images(evidence, claim, drop), reference


def class_auc_drop(evidence: Evidence, claim: Claim) -> Measured:
    """The same for one class."""
    references = evidence.evaluations.reference_aucs(claim.case)
    k = evidence.rig.model(claim.case).classes.index(claim.class_name or "")
    drop = float(references[k] - evidence.evaluations.aucs(claim.case)[k])
    return _over_images(evidence, claim, drop), float(references[k])


def min_auc(evidence: Evidence, claim: Claim) -> Measured:
    """The mean AUC."""
    value = float(evidence.evaluations.aucs(claim.case).mean())
    return _over_images(evidence, claim, value), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MEAN_AUC_DROP: mean_auc_drop,
    ClaimName.CLASS_AUC_DROP: class_auc_drop,
    ClaimName.MIN_AUC: min_auc,
}
