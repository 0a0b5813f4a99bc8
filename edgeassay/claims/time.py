"""Claims about time, by the worker's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName


def _confidence(evidence: Evidence, claim: Claim) -> float:
    return evidence.rig.model(claim.case).statistics.confidence


def latency_p95_ms(evidence: Evidence, claim: Claim) -> Measured:
    """p95 of one inference, in ms; bounded over fresh processes."""
    durations = evidence.timings.durations(claim.case)
    return durations.candidate.p95(_confidence(evidence, claim)), None


def latency_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time by the reference's, in turn in the same processes."""
    durations = evidence.timings.durations(claim.case)
    assert durations.reference is not None, "the reference makes no claim of a ratio"
    reference = float(np.median(durations.reference.durations)) / 1e6
    return durations.ratio(_confidence(evidence, claim)), reference


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LATENCY_P95_MS: latency_p95_ms,
    ClaimName.LATENCY_RATIO: latency_ratio,
}
