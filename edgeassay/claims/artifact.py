"""Claims about the file itself: it loads, it is small, and its outputs are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement
from edgeassay.variants import contents_of


def loads(evidence: Evidence, claim: Claim) -> Measured:
    """1 where it loads and runs; what it raises says why it doesn't."""
    evidence.rig.loaded(claim.case)
    return Measurement(value=1.0, unit="flag", n=1), None


def size_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Bytes by the reference's bytes, with the types of what they are."""
    rig = evidence.rig
    artifact = rig.artifact(claim.case)
    reference = rig.artifact(rig.plan.reference_of(claim.case)).size_bytes
    declared = rig.model(claim.case).variants[claim.case.variant]
    measured = Measurement(
        value=artifact.size_bytes / reference,
        unit="ratio",
        n=1,
        detail=contents_of(artifact.path, declared).words,
    )
    return measured, float(reference)


def finite_outputs(evidence: Evidence, claim: Claim) -> Measured:
    """The share of outputs that are finite numbers."""
    share, rows = evidence.finite_share(claim.case)
    return Measurement(value=share, unit="share", n=rows), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LOADS: loads,
    ClaimName.SIZE_RATIO: size_ratio,
    ClaimName.FINITE_OUTPUTS: finite_outputs,
}
