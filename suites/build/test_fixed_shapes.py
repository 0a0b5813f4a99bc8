"""A network with transposed convolutions is converted for one image, so that delegates take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.networks import for_one_image
from edgeassay.tflite_file import read_graph

SHAPED_AT_RUN_TIME = {"SHAPE", "STRIDED_SLICE", "PACK"}


def network(upsampled: Any, *, inside: bool = False) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    image = keras.Input((8, 8, 1))
    x = layers.Conv2D(2, 3, strides=2, padding="same", activation="relu")(image)
    if inside:
        part = keras.Input((4, 4, 2))
        x = keras.Model(part, upsampled(part))(x)
    else:
        x = upsampled(x)
    return keras.Model(image, layers.Conv2D(1, 1)(x))


def converted(made: Any, path: Path) -> set[str]:
    """The kinds of a network's operators as a .tflite."""
    import tensorflow as tf

    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(made).convert())
    return {operator.kind for operator in read_graph(path).operators}


@pytest.mark.long
@pytest.mark.parametrize("inside", [False, True])
def test_no_shape_is_computed_at_run_time(tmp_path: Path, inside: bool) -> None:
    import keras

    whole = network(keras.layers.Conv2DTranspose(2, 2, strides=2), inside=inside)
    fixed = for_one_image(whole)
    image = np.random.default_rng(1).random((1, 8, 8, 1), np.float32)
    assert fixed.predict(image, verbose=0) == pytest.approx(whole.predict(image, verbose=0))
    kinds = converted(fixed, tmp_path / "fixed.tflite")
    assert "TRANSPOSE_CONV" in kinds
    assert not kinds & SHAPED_AT_RUN_TIME
    assert converted(whole, tmp_path / "whole.tflite") & SHAPED_AT_RUN_TIME  # what it is good for


def test_a_network_without_them_stays_as_it_is() -> None:
    import keras

    whole = network(keras.layers.UpSampling2D(2))
    assert for_one_image(whole) is whole
