"""The process that makes networks and artifacts: `python -m suites.properties.make`.

TensorFlow lives here, as it does in the converter process, and never in pytest's. That one is
started for each model; this one serves hundreds of small networks, since importing TensorFlow takes
longer than converting ten of them. The artifacts are made by the engine's own methods.

One JSON object a line: {"network", "ways", "folder"}, answered by {"failures": {way: words}}. A way
is a method ("int8": from Keras) or a method on a float .tflite ("tflite-int8").
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.variants import METHODS
from suites.properties.networks import SIDE, Layer, Network, network_of


def weight(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Weights of the given kind; the last axis is the channels, and the others feed into one."""
    spread = np.sqrt(2.0 / max(1, int(np.prod(shape[:-1]))))
    drawn = rng.normal(0.0, spread, shape)
    if kind == "uneven":
        drawn *= 10.0 ** rng.uniform(-3, 0, shape[-1])
    elif kind == "dead":
        drawn[..., ::2] = 0.0
    elif kind == "tiny":
        drawn *= 1e-5
    elif kind == "none":
        drawn[...] = 0.0
    elif kind == "huge":  # beyond what half precision holds
        drawn *= 1e6
    return drawn


def make_layer(layer: Layer, taken: list[Any]) -> Any:
    """The tensor that a layer makes of those that it takes."""
    from keras import layers

    padding = "same" if layer.same else "valid"
    window = {"strides": layer.stride, "padding": padding}
    makers = {
        "conv": lambda: layers.Conv2D(
            layer.units, layer.kernel, activation=layer.activation, **window
        ),
        "depthwise": lambda: layers.DepthwiseConv2D(
            layer.kernel, activation=layer.activation, **window
        ),
        "max_pool": lambda: layers.MaxPooling2D(layer.kernel, **window),
        "average_pool": lambda: layers.AveragePooling2D(layer.kernel, **window),
        "dense": lambda: layers.Dense(layer.units, activation=layer.activation),
        "activation": lambda: layers.Activation(layer.activation),
        "batch_norm": layers.BatchNormalization,
        "global_pool": layers.GlobalAveragePooling2D,
        "flatten": layers.Flatten,
        "add": layers.Add,
        "concat": layers.Concatenate,
    }
    return makers[layer.kind]()(taken[0] if len(taken) == 1 else taken)


def make_network(blueprint: Network) -> Any:
    """The Keras network of a blueprint, its weights by the seed."""
    import keras
    from keras import layers

    keras.backend.clear_session()
    tensors = [keras.Input((SIDE, SIDE, blueprint.channels))]
    for layer in blueprint.layers:
        tensors.append(make_layer(layer, [tensors[k] for k in layer.takes]))
    last = tensors[-1]
    if len(last.shape) == 4:
        last = layers.GlobalAveragePooling2D()(last)
    made = layers.Dense(blueprint.classes, activation=blueprint.head)(last)
    network = keras.Model(tensors[0], made)
    rng = np.random.default_rng(blueprint.seed)
    for layer in network.layers:
        for variable in layer.weights:
            shape = tuple(variable.shape)
            if variable.name == "moving_variance":
                value = rng.uniform(0.5, 2.0, shape)
            elif variable.name == "gamma":
                value = rng.uniform(0.5, 1.5, shape)
            elif len(shape) == 1:  # a bias, BatchNorm's beta or mean
                value = rng.normal(0.0, 0.2, shape)
            else:
                # Keras keeps a depthwise kernel as (height, width, channels, 1).
                deep = isinstance(layer, layers.DepthwiseConv2D)
                drawn = weight(blueprint.weights, shape[:-1] if deep else shape, rng)
                value = drawn.reshape(shape)
            variable.assign(np.asarray(value, np.float32))
    return network


def make_artifact(way: str, network: Any, images: npt.NDArray[np.float32], folder: Path) -> bytes:
    """The bytes of a .tflite, by the engine's own code."""
    import tensorflow as tf

    method = importlib.import_module(METHODS[way.removeprefix("tflite-")].module)
    if way.startswith("tflite-"):
        return bytes(method.requantize(folder / "fp32.tflite", images))
    return bytes(method.convert(tf.lite.TFLiteConverter.from_keras_model(network), images))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Make what is asked for; a conversion that raises is told of, and the others go on."""
    blueprint, folder = network_of(request["network"]), Path(request["folder"])
    network, images = make_network(blueprint), blueprint.images()
    np.save(folder / "keras.npy", np.asarray(network(images, training=False)))
    failures = {}
    for way in request["ways"]:
        try:
            data = make_artifact(way, network, images, folder)
        # Whatever a converter raises is what is looked for here.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            failures[way] = f"{type(error).__name__}: {' '.join(str(error).split())[:2000]}"
        else:
            (folder / f"{way}.tflite").write_bytes(data)
    return {"failures": failures}


def main() -> None:
    """Serve until stdin ends; whatever a converter prints goes to stderr."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
