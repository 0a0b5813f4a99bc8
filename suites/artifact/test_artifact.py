"""An artifact loads where it must run, and is as small as it was made to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.LOADS)
def test_loads(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SIZE_RATIO)
def test_size_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.PARAMETERS_RATIO)
def test_parameters_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MACS_RATIO)
def test_macs_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.DELEGATED_SHARE)
def test_delegated_share(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
