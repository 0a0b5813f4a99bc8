"""A compressed network's scores mean what the reference's mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.BRIER_DRIFT)
def test_brier_drift(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.ECE_DRIFT)
def test_ece_drift(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SCORE_SHIFT_MEDIAN)
def test_score_shift_median(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SCORE_SHIFT_P99)
def test_score_shift_p99(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SCORE_SHIFT_MAX)
def test_score_shift_max(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
