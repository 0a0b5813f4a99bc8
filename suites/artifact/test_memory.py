"""An artifact fits into the memory of a microcontroller or an accelerator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeassay.spec import Claim, ClaimName


@pytest.mark.claim(ClaimName.ARENA_KB)
def test_arena_kb(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)


@pytest.mark.claim(ClaimName.NPU_SRAM_KB)
def test_npu_sram_kb(claim: Claim, holds: Callable[[Claim], None]) -> None:
    holds(claim)
