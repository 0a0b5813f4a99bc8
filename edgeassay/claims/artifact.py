"""Claims about the file itself: it loads, it is small, and its outputs are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement


def loads(evidence: Evidence, claim: Claim) -> Measured:
    """1 where it loads and runs; what it raises says why it doesn't."""
    evidence.rig.loaded(claim.case)
    return Measurement(value=1.0, unit="flag", n=1), None


def size_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Bytes by the reference's bytes."""
    rig = evidence.rig
    size = rig.artifact(claim.case).size_bytes
    reference = rig.artifact(rig.plan.reference_of(claim.case)).size_bytes
    return Measurement(value=size / reference, unit="ratio", n=1), float(reference)


def finite_outputs(evidence: Evidence, claim: Claim) -> Measured:
    """The share of outputs that are finite numbers."""
    share, rows = evidence.finite_share(claim.case)
    return Measurement(value=share, unit="share", n=rows), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LOADS: loads,
    ClaimName.SIZE_RATIO: size_ratio,
    ClaimName.FINITE_OUTPUTS: finite_outputs,
}
