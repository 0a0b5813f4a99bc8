"""A compressed network decides what the reference decides, where the product cuts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.SENSITIVITY_DROP)
def test_sensitivity_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SPECIFICITY_DROP)
def test_specificity_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MIN_SENSITIVITY)
def test_min_sensitivity(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MIN_SPECIFICITY)
def test_min_specificity(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.POSITIVE_FLIP_RATE)
def test_positive_flip_rate(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.NEGATIVE_FLIP_RATE)
def test_negative_flip_rate(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
