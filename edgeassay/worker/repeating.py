"""Whether an artifact's outputs follow from its inputs alone, as what is judged must."""

from __future__ import annotations

from typing import Any, Callable, List

import numpy as np

from .engine import Unrepeatable

Row = List["np.ndarray[Any, Any]"]

# Where threads share a sum, or an accelerator computes, the last bits may differ from run to run.
RELATIVE, ABSOLUTE = 1e-4, 1e-6
STEPS = 1  # of integers


def check_repeatable(run: Callable[[Row], Row], rows: List[Row]) -> None:
    """Run the first of some rows twice, and again after another one; Unrepeatable where its outputs
    differ. `run` gives the outputs of one row.
    """
    first = rows[0]
    other = next((row for row in rows if not _same(row, first)), None)
    if other is None:
        other = [np.zeros_like(tensor) for tensor in first]
    before = run(first)
    if not _alike(before, run(first)):
        raise Unrepeatable("the same input twice gives two different outputs")
    run(other)
    if not _alike(before, run(first)):
        raise Unrepeatable("what it gives for an input depends on the input before that")


def _same(one: Row, two: Row) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, two))


def _alike(one: Row, two: Row) -> bool:
    return all(_close(a, b) for a, b in zip(one, two))


def _close(one: "np.ndarray[Any, Any]", two: "np.ndarray[Any, Any]") -> bool:
    if one.shape != two.shape:
        return False
    if one.dtype.kind in "fc":
        return bool(np.allclose(one, two, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))
    if one.dtype.kind in "iu":
        return not one.size or int(np.abs(one.astype(np.int64) - two).max()) <= STEPS
    return bool(np.array_equal(one, two))
