"""int8-qat: int8 whose weights and ranges were fine-tuned with the rounding in the loop.

After Jacob et al. 2018 (arXiv 1712.05877). What was trained is kept beside model.toml; here it is
put back into the network and converted, which takes no images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.errors import BuildFailed, some
from edgeassay.networks import for_one_image
from edgeassay.variants.fake_quantized import quantized, variables_of
from edgeassay.variants.rebuilding import rebuild
from edgeassay.variants.trained import Arrays, unpack


def from_network(
    network: Any,
    calibration: None,
    *,
    weights: str,
    per_tensor: bool = False,
    exclude: Sequence[str] = (),
) -> bytes:
    """The bytes of an integer-only .tflite of a Keras network with what was trained for it.

    Ranges are those of the training. Where each channel has a scale, the converter rounds the
    weights itself, symmetrically by their largest value, as the training simulated; one scale for a
    layer (`per_tensor`) it only uses where the network says so.
    """
    import tensorflow as tf

    whole = rebuild(for_one_image(network))
    made = quantized(whole, per_tensor=per_tensor, exclude=exclude, weights=per_tensor)
    put_back(made, unpack(Path(weights)).arrays)
    converter = tf.lite.TFLiteConverter.from_keras_model(made)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def put_back(made: Any, arrays: Arrays) -> None:
    """Give a quantized network the arrays that were trained for it; BuildFailed where they are of
    another network.
    """
    variables = variables_of(made)
    missing = [name for name in variables if name not in arrays]
    shapes = {name: tuple(v.shape) for name, v in variables.items()}
    wrong = [n for n in shapes if n in arrays and arrays[n].shape != shapes[n]]
    if missing or wrong:
        said = f"it has no {some(missing)}" if missing else f"{some(wrong)} is of another shape"
        raise BuildFailed(f"what was trained belongs to another network: {said}; train it anew")
    for name, variable in variables.items():
        variable.assign(np.asarray(arrays[name], variable.dtype.as_numpy_dtype))
