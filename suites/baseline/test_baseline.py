"""A case is no worse than what was promoted: as fast, as small, as good, also beside a release.

Made by `pytest --baseline`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.timed
@pytest.mark.claim(ClaimName.BASELINE_LATENCY_RATIO)
def test_baseline_latency_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.BASELINE_SIZE_RATIO)
def test_baseline_size_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.BASELINE_CYCLES_RATIO)
def test_baseline_cycles_ratio(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.BASELINE_AUC_DROP)
def test_baseline_auc_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.RELEASED_AUC_DROP)
def test_released_auc_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
