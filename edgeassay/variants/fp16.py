"""fp16: 16-bit weights; a CPU expands them to 32 bits when the model loads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def convert(network: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a .tflite with 16-bit weights and float input and output."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())
