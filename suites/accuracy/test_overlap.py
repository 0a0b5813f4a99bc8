"""A compressed network marks what the reference marks, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.MIN_DICE)
def test_min_dice(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MEAN_DICE_DROP)
def test_mean_dice_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MEAN_IOU_DROP)
def test_mean_iou_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.BOUNDARY_DICE_DROP)
def test_boundary_dice_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
