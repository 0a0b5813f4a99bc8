"""int8: weights, activations, input and output in 8 bits, calibrated on images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.variants import recipe


def convert(
    converter: Any,
    calibration: npt.NDArray[np.float32] | None,
    *,
    per_tensor: bool = False,
) -> bytes:
    """The bytes of an integer-only .tflite; `calibration` is (images, *input shape).

    With `per_tensor` the weights of a layer share one scale, as accelerators want it that know
    nothing else. Otherwise each of its channels has its own.
    """
    import tensorflow as tf

    assert calibration is not None, "int8 is registered as calibrating"
    images = calibration

    def representative() -> Iterator[list[npt.NDArray[np.float32]]]:
        for image in images:
            yield [image[np.newaxis]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    if per_tensor:
        converter._experimental_disable_per_channel = True
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return bytes(converter.convert())


def requantize(source: Path, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The same from a float .tflite, which must have a signature to be calibrated by."""
    return recipe.requantize(source, calibration, others="int8", integer=True)
