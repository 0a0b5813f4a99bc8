"""Between real numbers and a tensor's integers: real = scale * (integer - zero point)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.workers import TensorSpec


def quantize(values: npt.NDArray[np.float32], tensor: TensorSpec) -> npt.NDArray[Any]:
    """Values as the tensor takes them: rint(values / scale + zero point), saturated.

    In single precision, halves to even. Floats are unchanged; integers without a scale stand for
    themselves.
    """
    if tensor.dtype.kind not in "iu":
        return values.astype(tensor.dtype, copy=False)
    steps = np.rint(values / np.float32(tensor.scale or 1.0) + np.float32(tensor.zero_point))
    bounds = np.iinfo(tensor.dtype)
    clipped: npt.NDArray[Any] = np.clip(steps, bounds.min, bounds.max).astype(tensor.dtype)
    return clipped


def dequantize(values: npt.NDArray[Any], tensor: TensorSpec) -> npt.NDArray[np.float32]:
    """The real numbers that a tensor's values stand for, float32."""
    if tensor.scale == 0.0:
        return values.astype(np.float32, copy=False)
    offset = values.astype(np.int64) - tensor.zero_point
    return offset.astype(np.float32) * np.float32(tensor.scale)
