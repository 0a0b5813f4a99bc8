"""Claims about what a runtime makes of an artifact: what its delegate took, and whether its outputs
are those of another runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement

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


def _less_than_all(nodes: int, at_most: int) -> Measurement:
    """The share where a runtime only tells that its delegate didn't take everything: any below."""
    value = at_most / nodes if nodes else 0.0
    words = f"not all of {nodes} nodes, and the runtime doesn't tell how many"
    return Measurement(value=value, unit="share", n=nodes, low=0.0, high=value, detail=words)


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.DELEGATED_SHARE: delegated_share,
}
