"""`edgeassay init` with trained networks: they are converted, described and judged."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edgeassay.build import build, check_current
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.errors import ArtifactError
from edgeassay.progress import silent
from edgeassay.saved_model_file import signatures_of
from suites.meta import commands
from suites.meta.project import ROOT
from suites.meta.tinymodels import brightness, write_classifier

commands.needs("tensorflow", reason="the converters need the [build] extra")

NETWORKS = """
import sys, keras
from pathlib import Path
import tensorflow as tf
from keras import layers
keras.utils.set_random_seed(1)
folder = sys.argv[1]
image = keras.Input((16, 16, 3), name="image")
x = layers.Conv2D(64, 3, activation="relu")(image)
x = layers.GlobalAveragePooling2D()(x)
network = keras.Model(image, layers.Dense(4, activation="sigmoid")(x))
network.save(folder + "/net.keras")
network.export(folder + "/exported", verbose=False)
module = tf.Module()
module.twice = tf.function(lambda x: {"y": 2.0 * x})
module.half = tf.function(lambda x: {"y": 0.5 * x})
wide, narrow = (tf.TensorSpec([1, n], tf.float32, name="x") for n in (6, 3))
tf.saved_model.save(module, folder + "/several", signatures={
    "serving_default": module.twice.get_concrete_function(wide),
    "half": module.half.get_concrete_function(narrow),
})
converter = tf.lite.TFLiteConverter.from_keras_model(network)
Path(folder, "net.tflite").write_bytes(converter.convert())
converter.optimizations = [tf.lite.Optimize.DEFAULT]
Path(folder, "inside.tflite").write_bytes(converter.convert())
carrier = layers.Lambda(lambda t: t * 2.0)(image)
keras.Model(image, layers.Flatten()(carrier)).save(folder + "/lambda.keras")
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    commands.python(NETWORKS, str(folder))
    return folder


def command(name: str, models: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "edgeassay", "init", name, *words, "--models-dir", str(models)]


def init(name: str, models: Path, *words: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "COLUMNS": "200"}
    return commands.run(*command(name, models, *words)[2:], environment=surroundings)


@pytest.mark.parametrize(
    ("option", "file", "kept"),
    [
        ("--keras", "net.keras", "net.keras"),
        ("--saved-model", "exported", "saved_model"),
        ("--tflite", "net.tflite", "net.tflite"),
    ],
)
def test_a_trained_network_becomes_variants(
    networks: Path, tmp_path: Path, option: str, file: str, kept: str
) -> None:
    done = init("net", tmp_path / "models", option, str(networks / file))
    assert done.returncode == 0, done.stderr
    assert re.search(r"fp32 +input +\S*image\S* +float32 +1x16x16x3", done.stdout)
    assert {p.name for p in (tmp_path / "models/net").iterdir()} == {"model.toml", kept}
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["net"]
    model = load_model(tmp_path / "models/net", tmp_path)
    assert set(model.variants) == {"fp32", "drq", "fp16"}
    open_data = partial(open_dataset, data_root=None)
    made = build(
        model, model.variants, cache=tmp_path / "cache", open_data=open_data, report=silent
    )
    assert set(made.artifacts) == set(model.variants)
    sizes = {name: artifact.size_bytes for name, artifact in made.artifacts.items()}
    assert sizes["drq"] < sizes["fp32"]
    path = tmp_path / "models/net/model.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'^#(?=[\["a-z])', "", text, flags=re.MULTILINE), encoding="utf-8")
    model = load_model(path.parent, tmp_path)
    assert model.variants["int8"].calibration_images > 0
    assert model.preprocess is not None
    assert (model.preprocess.color, model.preprocess.size) == ("rgb", (16, 16))
    assert {r.claim for r in model.limits if r.variant == "int8"} == {"size_ratio", "latency_ratio"}


@pytest.mark.parametrize(
    ("words", "size", "left"),
    [((), 6, "half"), (("--signature", "half"), 3, "serving_default")],
)
def test_one_signature_of_a_saved_model_is_converted_and_the_others_are_named(
    networks: Path, tmp_path: Path, words: tuple[str, ...], size: int, left: str
) -> None:
    assert set(signatures_of(networks / "several")) == {"serving_default", "half"}
    done = init("net", tmp_path / "models", "--saved-model", str(networks / "several"), *words)
    assert done.returncode == 0, done.stderr
    assert f"nothing is made of the SavedModel's signatures '{left}'" in done.stdout
    assert re.search(rf"fp32 +input +\S+ +float32 +1x{size}", done.stdout)
    model = load_model(tmp_path / "models/net", tmp_path)
    assert model.signature == (words[1] if words else None)
    made = build(
        model,
        ["fp32"],
        cache=tmp_path / "cache",
        open_data=partial(open_dataset, data_root=None),
        report=silent,
    )
    recipe = made.artifacts["fp32"].manifest
    assert recipe is not None
    assert recipe.settings.get("signature") == model.signature
    check_current(made.artifacts["fp32"], model)
    with pytest.raises(ArtifactError, match="was made from other settings"):
        check_current(made.artifacts["fp32"], replace(model, signature=left))


@pytest.mark.parametrize(
    ("option", "file", "message"),
    [
        ("--keras", "lambda.keras", r"net\.keras could not be converted: .*Lambda"),
        ("--keras", "broken.keras", r"net\.keras could not be converted: "),
        ("--tflite", "inside.tflite", "it is quantized already, .* declare it as a variant's"),
        ("--tflite", "int8.tflite", "it is quantized already, and variants are made from a float"),
        ("--saved-model", "broken", "saved_model could not be converted: "),
    ],
)
def test_a_network_that_can_not_be_converted_leaves_nothing(
    networks: Path, tmp_path: Path, option: str, file: str, message: str
) -> None:
    (networks / "broken.keras").write_bytes(b"PK\x03\x04 broken")
    (networks / "broken").mkdir(exist_ok=True)
    (networks / "broken/saved_model.pb").write_bytes(b"broken")
    write_classifier(networks / "int8.tflite", *brightness(), int8=True)
    done = init("net", tmp_path / "models", option, str(networks / file))
    assert done.returncode == 2
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("edgeassay: ")]
    assert re.search(message, sentence), sentence
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_leaves_nothing(networks: Path, tmp_path: Path) -> None:
    words = command("net", tmp_path / "models", "--keras", str(networks / "net.keras"))
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        while not list(tmp_path.glob(".edgeassay-*/models/net/model.toml")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert process.returncode not in (0, 2)
    assert list(tmp_path.iterdir()) == []
