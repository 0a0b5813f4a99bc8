"""fp32: the network as trained, the reference of all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def convert(network: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a float .tflite."""
    import tensorflow as tf

    return bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
