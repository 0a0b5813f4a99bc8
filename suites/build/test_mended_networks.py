"""Networks that are only converted once they are changed: their scores stay, and a note says so."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgeassay.build import build
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.progress import silent
from suites.meta import commands

commands.needs("tensorflow", reason="the converters need the [build] extra")

OPEN = partial(open_dataset, data_root=None)

NETWORKS = """
import sys, json
from pathlib import Path
import numpy as np
import keras
import tensorflow as tf
import tf_keras
from keras import layers
from edgeassay.networks import load_network

folder = Path(sys.argv[1])
rng = np.random.default_rng(5)

def keep(name, network, shape):
    values = rng.standard_normal(shape).astype("float32")
    np.save(folder / f"{name}.input.npy", values)
    np.save(folder / f"{name}.output.npy", np.asarray(network(values), "float32"))

def sequence(layer, steps=6):
    image = keras.Input((steps, 3), name="ecg")
    return keras.Model(image, layers.Dense(2)(layer(image)))

def picture():
    image = keras.Input((8, 8, 1), name="image")
    x = layers.BatchNormalization()(layers.Conv2D(3, 3, activation="relu")(image))
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))

keras.utils.set_random_seed(3)
for name, layer in {
    "lstm": layers.LSTM(4),
    "gru": layers.GRU(4, return_sequences=True),
    "both-ways": layers.Bidirectional(layers.LSTM(3)),
    "cells": layers.RNN([layers.SimpleRNNCell(4), layers.LSTMCell(3)]),
}.items():
    network = sequence(layer)
    network.save(folder / f"{name}.keras")
    network.export(folder / name, verbose=False)
    keep(name, network, (1, 6, 3))
binned = keras.Input((6, 3))
bins = layers.Discretization(num_bins=4, output_mode="one_hot")
bins.adapt(rng.standard_normal((50, 1)))
learnt = keras.Model(binned, layers.Dense(2)(layers.LSTM(4)(layers.Reshape((6, 12))(bins(binned)))))
learnt.save(folder / "learnt.keras")
keep("learnt", learnt, (1, 6, 3))
for policy in ("mixed_float16", "mixed_bfloat16", "bfloat16", "float64"):
    keras.config.set_dtype_policy(policy)
    network = picture()
    keras.config.set_dtype_policy("float32")
    network.save(folder / f"{policy}.keras")
    keep(policy, network, (1, 8, 8, 1))
image = tf_keras.Input((6, 3))
network = tf_keras.Model(image, tf_keras.layers.LSTM(3)(image))
network.save(folder / "keras-2", save_format="tf")
keep("keras-2", network, (1, 6, 3))

def own_loss(wanted, given):
    return keras.ops.mean(wanted - given)

network = picture()
network.compile(loss=own_loss, metrics=[own_loss])
network.save(folder / "own-loss.keras")
keep("own-loss", network, (1, 8, 8, 1))

wrapped = picture()
tf.saved_model.save(wrapped, str(folder / "wrapped"))
keep("wrapped", wrapped, (1, 8, 8, 1))

class Switched(tf.Module):
    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 4), tf.float32, "image"), tf.TensorSpec((), tf.bool, "training")
        ]
    )
    def scores(self, image, training):
        return {"y": tf.cond(training, lambda: image * 3.0, lambda: image + 1.0)}

switched = Switched()
tf.saved_model.save(switched, str(folder / "flag"), signatures=switched.scores)
keep("flag", lambda values: switched.scores(tf.constant(values), tf.constant(False))["y"], (1, 4))
"""

MODEL = """
id = "{name}"
weights = "{weights}"
[variants]
fp32 = {{ method = "fp32" }}
drq = {{ method = "drq" }}
fp16 = {{ method = "fp16" }}
w8 = {{ method = "w8" }}
[runtimes]
litert = {{}}
"""

BATCH = "is converted for a batch of 1"


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mended")
    commands.python(NETWORKS, str(folder))
    return folder


@pytest.mark.parametrize(
    ("weights", "note", "tolerance"),
    [
        ("lstm.keras", BATCH, 1e-5),
        ("lstm", BATCH, 1e-5),
        ("gru.keras", BATCH, 1e-5),
        ("gru", BATCH, 1e-5),
        ("both-ways.keras", BATCH, 1e-5),
        ("both-ways", BATCH, 1e-5),
        ("cells.keras", BATCH, 1e-5),
        ("learnt.keras", BATCH, 1e-5),
        ("keras-2", BATCH, 1e-5),
        ("mixed_float16.keras", "trained in mixed_float16", 2e-3),
        ("mixed_bfloat16.keras", "trained in mixed_bfloat16", 2e-2),
        ("bfloat16.keras", "trained in bfloat16", 3e-2),
        ("float64.keras", "trained in float64", 1e-5),
        ("own-loss.keras", None, 1e-5),
        ("wrapped", None, 1e-5),
        ("flag", "'training' is left out, as if False were given", 1e-6),
    ],
)
def test_scores_stay(
    networks: Path, tmp_path: Path, weights: str, note: str | None, tolerance: float
) -> None:
    from ai_edge_litert.interpreter import Interpreter

    name = Path(weights).stem
    folder = tmp_path / name.replace("_", "-")
    folder.mkdir()
    (folder / weights).symlink_to(networks / weights)
    text = MODEL.format(name=folder.name, weights=weights)
    (folder / "model.toml").write_text(text, encoding="utf-8")
    model = load_model(folder, tmp_path)
    made = build(model, model.variants, cache=tmp_path / "c", open_data=OPEN, report=silent)
    assert not made.missing
    assert len(made.notes) == (note is not None), json.dumps(made.notes)
    if note is not None:
        assert note in made.notes[0]
    values = np.load(networks / f"{name}.input.npy")
    interpreter = Interpreter(model_path=str(made.artifacts["fp32"].path))
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    assert taken["dtype"] is np.float32
    interpreter.set_tensor(taken["index"], values)
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert scores == pytest.approx(np.load(networks / f"{name}.output.npy"), abs=tolerance)
