"""drq: dynamic-range quantization, 8-bit weights, activations quantized while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.variants import recipe


def convert(
    converter: Any,
    calibration: npt.NDArray[np.float32] | None,
    *,
    per_tensor_dense: bool = False,
) -> bytes:
    """The bytes of a .tflite with 8-bit weights and float input and output.

    With `per_tensor_dense` the weights of a dense layer share one scale. Otherwise each output has
    its own, for which the converter writes FULLY_CONNECTED in version 12, and an older runtime,
    such as tflite-runtime 2.14, refuses the model.
    """
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter._experimental_disable_per_channel_quantization_for_dense_layers = per_tensor_dense
    return bytes(converter.convert())


def requantize(source: Path, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The same from a float .tflite."""
    return recipe.requantize(source, None, others="drq")
