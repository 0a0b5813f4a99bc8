"""drq: dynamic-range quantization, 8-bit weights, activations quantized while it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def convert(network: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a .tflite with 8-bit weights and float input and output."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())
