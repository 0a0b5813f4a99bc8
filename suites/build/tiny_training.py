"""A network of a few thousand weights on the phantom, with variants that are trained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NETWORK = """
import sys, keras
from keras import layers
keras.utils.set_random_seed(1)
image = keras.Input((16, 16, 1))
x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(image)
x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
y = layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False)(y))
x = layers.Add()([x, y])
if sys.argv[2] == "standalone":
    x = layers.BatchNormalization(name="alone_bn")(x)
if sys.argv[2] == "operation":
    x = x * 2.0
if sys.argv[2] == "elu":
    x = layers.Activation("elu", name="bent")(x)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(14, activation="sigmoid")(x)
if sys.argv[2] == "outputs":
    outputs = [outputs, layers.Dense(2)(x)]
network = keras.Model(image, outputs)
for layer in network.layers:
    if isinstance(layer, layers.BatchNormalization):
        weights = layer.get_weights()
        keras.utils.set_random_seed(len(layer.name))
        layer.set_weights([w + 0.1 * abs(keras.random.normal(w.shape)) for w in weights])
network.save(sys.argv[1])
"""

MODEL = """
id = "tiny"
weights = "tiny.keras"
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
mean_auc_drop = 0.3
"""


def make_tiny(models: Path, kind: str = "plain", toml: str = MODEL) -> Path:
    """Write the model; its folder."""
    folder = models / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(toml, encoding="utf-8")
    command = [sys.executable, "-c", NETWORK, str(folder / "tiny.keras"), kind]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def command(*words: str) -> list[str]:
    """The command that trains it, in the folder that has models/."""
    return [sys.executable, "-m", "edgeassay", "train", "tiny", *words]


def surroundings() -> dict[str, str]:
    """What the command sees around it."""
    return {**os.environ, "COLUMNS": "200"}
