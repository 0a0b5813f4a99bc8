"""A compressed network sees what the reference sees, on the same images."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.FINITE_OUTPUTS)
def test_finite_outputs(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MIN_AUC)
def test_min_auc(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.MEAN_AUC_DROP)
def test_mean_auc_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.WIDER_AUC_GAIN)
def test_wider_auc_gain(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.CLASS_AUC_DROP)
def test_class_auc_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.SUBGROUP_AUC_DROP)
def test_subgroup_auc_drop(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
