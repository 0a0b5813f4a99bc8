"""A network of a few thousand weights on the phantom, with variants that are trained."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from suites.meta import commands

NETWORK = """
import sys, keras
from keras import layers

def make(kind, path):
    keras.utils.set_random_seed(1)
    image = keras.Input((16, 16, 1))
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="conv2d")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise_conv2d")(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False, name="project")(y))
    x = layers.Add()([x, y])
    if kind == "standalone":
        x = layers.BatchNormalization(name="alone_bn")(x)
    if kind == "operation":
        x = x * 2.0
    if kind == "elu":
        x = layers.Activation("elu", name="bent")(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(14, activation="sigmoid")(x)
    if kind == "outputs":
        outputs = [outputs, layers.Dense(2)(x)]
    network = keras.Model(image, outputs)
    for number, layer in enumerate(network.layers):
        if isinstance(layer, layers.BatchNormalization):
            keras.utils.set_random_seed(number)
            moved = [w + 0.1 * abs(keras.random.normal(w.shape)) for w in layer.get_weights()]
            layer.set_weights(moved)
    network.save(path)

for kind in sys.argv[2:]:
    make(kind, f"{sys.argv[1]}/{kind}.keras")
"""

MODEL = """
id = "tiny"
weights = "plain.keras"
[data]
source = "phantom"
seed = 1
size = 16
images = { train = 96, calibration = 20, validation = 60, evaluation = 60 }
[preprocess]
color = "grey"
size = [16, 16]
[variants]
fp32 = { method = "fp32" }
int8-pt = { method = "int8", calibration_images = 20, per_tensor = true }
[variants.int8-qat]
method = "int8-qat"
weights = "int8-qat.npz"
training = { epochs = 3, learning_rate = 1e-2, batch = 8, images = 64, flip = true, shift = 0.1 }
[variants.int8-pt-qat]
method = "int8-qat"
per_tensor = true
weights = "int8-pt-qat.npz"
training = { epochs = 1, learning_rate = 1e-2, batch = 8, images = 64, weight_classes = true }
[runtimes]
litert = {}
[limits]
loads = true
finite_outputs = true
mean_auc_drop = 0.2
"""


def make_networks(folder: Path, *kinds: str) -> None:
    """Write a network of each kind as `<kind>.keras`."""
    commands.python(NETWORK, str(folder), *kinds)


def make_tiny(models: Path) -> None:
    """Write the model into a folder of models."""
    folder = models / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL, encoding="utf-8")
    make_networks(folder, "plain")


def command(*words: str) -> list[str]:
    """The command that trains it, in the folder that has models/."""
    return [sys.executable, "-m", "edgeassay", "train", "tiny", *words]


def surroundings() -> dict[str, str]:
    """What the command sees around it."""
    return {**os.environ, "COLUMNS": "200"}
