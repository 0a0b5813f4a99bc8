"""drq: dynamic-range quantization, 8-bit weights, activations quantized while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def convert(converter: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a .tflite with 8-bit weights and float input and output."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def requantize(source: Path, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The same from a float .tflite."""
    from ai_edge_quantizer import qtyping, quantizer

    made = quantizer.Quantizer(str(source))
    made.add_dynamic_config(".*", qtyping.TFLOperationName.ALL_SUPPORTED, num_bits=8)
    return bytes(made.quantize(enable_progress_report=False).quantized_model)
