"""fp16: 16-bit weights; a CPU expands them to 32 bits when the model loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.variants.one_piece import in_one_piece


def convert(converter: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a .tflite with 16-bit weights and float input and output."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def requantize(source: Path, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The same from a float .tflite."""
    from ai_edge_quantizer import algorithm_manager, qtyping, quantizer

    made = quantizer.Quantizer(str(source))
    made.add_weight_only_config(
        ".*",
        qtyping.TFLOperationName.ALL_SUPPORTED,
        num_bits=16,
        algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
    )
    return in_one_piece(bytes(made.quantize(enable_progress_report=False).quantized_model))
