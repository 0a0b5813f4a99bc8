"""Memory that host and worker share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeassay import slots


def test_memory_that_is_being_written_outlives_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that refuses its artifact ends them all while others' rows are on their way."""
    copied = np.copyto
    closed: list[bool] = []

    def late(view: Any, array: Any) -> None:
        slot.__exit__(None, None, None)
        closed.append(slot._memory.closed)
        if not closed[0]:
            copied(view, array)

    monkeypatch.setattr(np, "copyto", late)
    slot = slots.Slot(64)
    assert slot.put(np.arange(16, dtype=np.float32)) is not None
    assert closed == [False]
