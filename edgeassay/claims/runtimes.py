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
    if "nodes" not in facts:
        raise Absent(f"runtime {claim.case.runtime} doesn't tell which nodes its delegate took")
    nodes, taken, left = int(facts["nodes"]), int(facts["delegated"]), facts.get("left", [])
    words = f"{taken} of {nodes} nodes in {facts.get('pieces', 1)} piece(s)"
    if left:
        more = f" and {len(left) - SHOWN} more kinds" if len(left) > SHOWN else ""
        words += f"; it left {', '.join(left[:SHOWN])}{more}"
    value = taken / nodes if nodes else 0.0
    return Measurement(value=value, unit="share", n=nodes, detail=words), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.DELEGATED_SHARE: delegated_share,
}
