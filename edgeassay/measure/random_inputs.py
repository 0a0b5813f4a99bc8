"""Seeded inputs of any shape and type, for what needs no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import MeasurementError
from edgeassay.measure.quantization import quantize
from edgeassay.spec import RandomInputs
from edgeassay.workers import Loaded, TensorSpec

# A whole number without a scale is mostly an index or a flag, and 0 and 1 are always among them.
WHOLE_NUMBERS: Final = (0.0, 1.0)


def random_input(
    tensor: TensorSpec, settings: RandomInputs, rng: np.random.Generator
) -> npt.NDArray[Any]:
    """One input of the tensor's shape and type, uniform over its range."""
    plain = tensor.scale == 0.0 and tensor.dtype.kind in "iub"
    low, high = settings.ranges.get(tensor.name, WHOLE_NUMBERS if plain else settings.range)
    if plain:
        values = rng.integers(int(low), int(high), tensor.shape, np.int64, endpoint=True)
        return values.astype(tensor.dtype)
    if tensor.dtype.kind not in "iuf":
        raise MeasurementError(
            f"the input {tensor.name!r} takes {tensor.holds}, and random inputs are real numbers;"
            " move what turns it into numbers out of the network"
        )
    return quantize(rng.uniform(low, high, tensor.shape).astype(np.float32), tensor)


def random_inputs(loaded: Loaded, settings: RandomInputs, seed: int) -> list[npt.NDArray[Any]]:
    """One array an input; artifacts with the same inputs get the same numbers for a seed."""
    rng = np.random.default_rng(seed)
    return [random_input(tensor, settings, rng) for tensor in loaded.inputs]


def random_rows(loaded: Loaded, settings: RandomInputs, seed: int) -> list[npt.NDArray[Any]]:
    """`settings.rows` of each input, stacked on a new first axis."""
    rows = [random_inputs(loaded, settings, seed + k) for k in range(settings.rows)]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def finite_share(outputs: Sequence[npt.NDArray[Any]]) -> float:
    """The share of all outputs' numbers that are finite; integers always are."""
    counts = [(np.isfinite(o).sum() if o.dtype.kind in "fc" else o.size) for o in outputs]
    return float(sum(counts) / sum(o.size for o in outputs))
