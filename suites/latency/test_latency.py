"""A case is as fast as it was promised: by the worker's clock, around the inference alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.measure.latency import Durations
from edgeassay.spec import Case, Claim, ClaimName

pytestmark = pytest.mark.timed


def test_latency(timed_case: Case, timed: Callable[[Case], Durations]) -> None:
    """Every round is there and took time; pytest-benchmark's table and files show them."""
    durations = timed(timed_case)
    assert durations.candidate.durations.size >= 1
    assert durations.candidate.durations.min() > 0


@pytest.mark.claim(ClaimName.LATENCY_P95_MS)
def test_latency_p95_ms(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.LATENCY_RATIO)
def test_latency_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.WIDER_LATENCY_RATIO)
def test_wider_latency_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.INIT_MS)
def test_init_ms(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.FIRST_INFERENCE_MS)
def test_first_inference_ms(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.PEAK_MEMORY_MB)
def test_peak_memory_mb(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.END_TO_END_P95_MS)
def test_end_to_end_p95_ms(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SUSTAINED_P95_MS)
def test_sustained_p95_ms(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SUSTAINED_RATIO)
def test_sustained_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
