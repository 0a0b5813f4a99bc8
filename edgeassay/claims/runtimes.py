"""Claims about what a runtime makes of an artifact: what its delegate took, and whether its outputs
are those of another runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent, MeasurementError
from edgeassay.evidence import Evidence
from edgeassay.spec import TRAITS, Claim, ClaimName, Measurement

SHOWN: Final = 4  # kinds of nodes


def delegated_share(evidence: Evidence, claim: Claim) -> Measured:
    """Of the graph's nodes, the share that delegates took: what they left runs elsewhere, and
    nothing else would say so.
    """
    facts = evidence.rig.loaded(claim.case).facts
    if "delegated_at_most" in facts:
        return _less_than_all(int(facts["nodes"]), int(facts["delegated_at_most"])), None
    if "delegated" not in facts:
        raise Absent(f"runtime {claim.case.runtime} doesn't tell which nodes its delegate took")
    nodes, taken, left = int(facts["nodes"]), int(facts["delegated"]), facts.get("left", [])
    words = f"{taken} of {nodes} nodes in {facts.get('pieces', 1)} piece(s)"
    if left:
        more = f" and {len(left) - SHOWN} more kinds" if len(left) > SHOWN else ""
        words += f"; it left {', '.join(left[:SHOWN])}{more}"
    value = taken / nodes if nodes else 0.0
    return Measurement(value=value, unit="share", n=nodes, detail=words), None


def parity(evidence: Evidence, claim: Claim) -> Measured:
    """The largest difference from another runtime's outputs: of integers in output steps, of
    floating-point numbers as it is.
    """
    found = evidence.parity(claim.case)
    value, gives, instead = (
        (found.lsb, "floating-point numbers", ClaimName.PARITY_DIFFERENCE)
        if claim.name is ClaimName.PARITY_LSB
        else (found.difference, "integers", ClaimName.PARITY_LSB)
    )
    if value is None:
        raise MeasurementError(
            f"{claim.case.id} gives {gives}: claim {instead} of it, in {claim.limit.source}"
        )
    other = evidence.rig.plan.parity_of(claim.case)
    assert other is not None, "parity was measured"
    words = f"{found.differing:,} of {found.outputs:,} numbers differ from those of"
    words = f"{words} {other.runtime} on {other.device}"
    quality = evidence.parity_quality(claim.case)
    detail = f"{words}; {quality}" if quality else words
    unit = TRAITS[claim.name].unit
    return Measurement(value=value, unit=unit, n=found.rows, detail=detail), None


def _less_than_all(nodes: int, at_most: int) -> Measurement:
    """The share where a runtime only tells that its delegate didn't take everything: any below."""
    value = at_most / nodes if nodes else 0.0
    words = f"not all of {nodes} nodes, and the runtime doesn't tell how many"
    return Measurement(value=value, unit="share", n=nodes, low=0.0, high=value, detail=words)


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.DELEGATED_SHARE: delegated_share,
    ClaimName.PARITY_LSB: parity,
    ClaimName.PARITY_DIFFERENCE: parity,
}
