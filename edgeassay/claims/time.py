"""Claims about time and memory, by the worker's own clock and its system's account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement
from edgeassay.timings import END_TO_END, LATENCY, SUSTAINED, beside

QUIETER: Final = "time it again when the machine does nothing else, or on a machine of its own"


def _confidence(evidence: Evidence, claim: Claim) -> float:
    return evidence.rig.model(claim.case).statistics.confidence


def _undisturbed(
    evidence: Evidence, claim: Claim, measurement: Measurement, what: str
) -> Measurement:
    """The measurement, which no verdict can rest on where others disturbed the machine."""
    beyond = evidence.timings.excess(claim.case, what)
    if beyond is None:
        return measurement
    wanted = measurement.planning if measurement.high is None else None
    return replace(
        measurement, insufficient=beyond, planning=f"{QUIETER}; {wanted}" if wanted else QUIETER
    )


def latency_p95_ms(evidence: Evidence, claim: Claim) -> Measured:
    """p95 of one inference, in ms; bounded over fresh processes."""
    durations = evidence.timings.durations(claim.case)
    measured = durations.candidate.p95(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, LATENCY), None


def latency_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time by the reference's, in turn in the same processes."""
    whole = evidence.rig.plan.reference_of(claim.case)
    if whole.runtime != claim.case.runtime:
        raise Absent(
            f"the reference {whole.variant} is of another format and runs on {whole.runtime}: two"
            " runtimes can't take turns in one process; set a budget (latency_p95_ms), or time the"
            " two files with `edgeassay ab`"
        )
    durations = evidence.timings.durations(claim.case)
    assert durations.reference is not None, "the reference makes no claim of a ratio"
    reference = float(np.median(durations.reference.durations)) / 1e6
    measured = durations.ratio(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, LATENCY), reference


def wider_latency_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time by the next wider sub-network's, in turn in the same processes."""
    wider = evidence.rig.plan.wider_of(claim.case)
    assert wider is not None, "claimed only where a variant names one"
    durations = evidence.timings.in_turn(claim.case, wider)
    assert durations.reference is not None, "two took turns"
    reference = float(np.median(durations.reference.durations)) / 1e6
    measured = durations.ratio(_confidence(evidence, claim))
    what = beside(wider, evidence.rig.plan.reference_of(claim.case))
    return _undisturbed(evidence, claim, measured, what), reference


def init_ms(evidence: Evidence, claim: Claim) -> Measured:
    """To make the artifact ready in a fresh process, in ms."""
    measured = evidence.timings.durations(claim.case).init(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, LATENCY), None


def first_inference_ms(evidence: Evidence, claim: Claim) -> Measured:
    """The first inference of a fresh process, in ms."""
    measured = evidence.timings.durations(claim.case).first(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, LATENCY), None


def end_to_end_p95_ms(evidence: Evidence, claim: Claim) -> Measured:
    """p95 from an image's file to its scores, in ms, by the host's clock."""
    rounds = evidence.timings.end_to_end(claim.case)
    measured = replace(
        rounds.p95(_confidence(evidence, claim)),
        detail="decoded and preprocessed here, with the pipe to the worker",
    )
    return _undisturbed(evidence, claim, measured, END_TO_END), None


def sustained_p95_ms(evidence: Evidence, claim: Claim) -> Measured:
    """p95 at the end of a long run, in ms."""
    measured = evidence.timings.sustained(claim.case).p95(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, SUSTAINED), None


def sustained_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time at the end of a long run by that at its beginning."""
    measured = evidence.timings.sustained(claim.case).ratio(_confidence(evidence, claim))
    return _undisturbed(evidence, claim, measured, SUSTAINED), None


def peak_memory_mb(evidence: Evidence, claim: Claim) -> Measured:
    """By how much a worker's memory grows with the artifact; what others do doesn't change it."""
    durations = evidence.timings.durations(claim.case)
    return durations.peak_memory(_confidence(evidence, claim)), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LATENCY_P95_MS: latency_p95_ms,
    ClaimName.LATENCY_RATIO: latency_ratio,
    ClaimName.WIDER_LATENCY_RATIO: wider_latency_ratio,
    ClaimName.INIT_MS: init_ms,
    ClaimName.FIRST_INFERENCE_MS: first_inference_ms,
    ClaimName.END_TO_END_P95_MS: end_to_end_p95_ms,
    ClaimName.SUSTAINED_P95_MS: sustained_p95_ms,
    ClaimName.SUSTAINED_RATIO: sustained_ratio,
    ClaimName.PEAK_MEMORY_MB: peak_memory_mb,
}
