"""Claims about time, by the worker's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement


def _enough(evidence: Evidence, measurement: Measurement) -> Measurement:
    least = evidence.rig.plan.device.timing.min_rounds
    if measurement.n >= least:
        return measurement
    few = f"{measurement.n} samples are too few, {least} are needed"
    return replace(measurement, insufficient=few)


def latency_p95_ms(evidence: Evidence, claim: Claim) -> Measured:
    """p95 of one inference, in ms."""
    return _enough(evidence, evidence.durations(claim.case).p95()), None


def latency_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time by the reference's, in turn in the same processes."""
    durations = evidence.durations(claim.case)
    assert durations.reference is not None, "the reference makes no claim of a ratio"
    reference = float(np.median(durations.reference)) / 1e6
    return _enough(evidence, durations.ratio()), reference


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LATENCY_P95_MS: latency_p95_ms,
    ClaimName.LATENCY_RATIO: latency_ratio,
}
