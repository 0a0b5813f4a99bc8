"""A compressed network looks where the reference looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.MIN_SALIENCY_CORRELATION)
def test_min_saliency_correlation(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MIN_SALIENCY_OVERLAP)
def test_min_saliency_overlap(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
