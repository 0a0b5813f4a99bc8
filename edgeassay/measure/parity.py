"""Whether two runtimes give the same outputs for the same artifact and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.errors import MeasurementError

Outputs = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Parity:
    """The largest difference between outputs, in output steps where they are integers (`lsb`) and
    as numbers where they aren't; `differing` of `outputs` numbers differ, over `rows` inputs.
    """

    lsb: float | None
    difference: float | None
    differing: int
    outputs: int
    rows: int


def compare_outputs(here: Outputs, there: Outputs, rows: int) -> Parity:
    """Both runtimes' outputs, tensor by tensor, of equal shapes and types; integers are steps.

    MeasurementError where they aren't alike, or a number isn't finite.
    """
    steps: list[float] = []
    floats: list[float] = []
    differing = 0
    if len(here) != len(there):
        raise MeasurementError(f"one runtime gives {len(here)} outputs, and the other {len(there)}")
    for one, two in zip(here, there, strict=True):
        if one.shape != two.shape or one.dtype.kind != two.dtype.kind:
            raise MeasurementError(
                f"one runtime gives {one.dtype} numbers of shape {one.shape}, and the other"
                f" {two.dtype} of shape {two.shape}"
            )
        wide = np.int64 if one.dtype.kind in "iub" else np.float64
        apart = np.abs(one.astype(wide) - two.astype(wide))
        if not np.isfinite(apart).all():
            raise MeasurementError(
                "an output is no finite number, and has no difference to another"
            )
        (steps if wide is np.int64 else floats).append(float(apart.max(initial=0)))
        differing += int(np.count_nonzero(apart))
    return Parity(
        lsb=max(steps, default=None),
        difference=max(floats, default=None),
        differing=differing,
        outputs=sum(one.size for one in here),
        rows=rows,
    )


def together(parts: Sequence[Parity]) -> Parity:
    """What parts of the outputs show, as of all of them."""
    return Parity(
        lsb=max((part.lsb for part in parts if part.lsb is not None), default=None),
        difference=max(
            (part.difference for part in parts if part.difference is not None), default=None
        ),
        differing=sum(part.differing for part in parts),
        outputs=sum(part.outputs for part in parts),
        rows=sum(part.rows for part in parts),
    )
