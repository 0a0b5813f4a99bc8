"""An artifact gives the same outputs wherever it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.PARITY_LSB)
def test_parity_lsb(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.PARITY_DIFFERENCE)
def test_parity_difference(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
