"""Networks that can't be converted: one sentence names the operator, its type, the cause, and what
to do.
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import pytest

from edgeassay.build import build
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.progress import silent
from edgeassay.variants.reasons import needs_one_image, reason
from suites.meta import commands

commands.needs("tensorflow", reason="the converters need the [build] extra")

NETWORKS = """
import sys
from pathlib import Path
import keras
import tensorflow as tf
import tf_keras
from keras import layers, ops

folder = Path(sys.argv[1])
keras.utils.set_random_seed(1)
image = keras.Input((8, 8, 1), name="image")

def save(name, outputs, inputs=image):
    keras.Model(inputs, outputs).save(folder / f"{name}.keras")

words = layers.TextVectorization(output_sequence_length=4)
words.adapt(["a b c", "c d"])
text = keras.Input((1,), dtype="string", name="text")
save("text", layers.Embedding(9, 2)(words(text)), text)
site = keras.Input((1,), dtype="int32", name="site")
save("hashed", layers.Hashing(5, output_mode="one_hot")(site), site)
save("looked-up", layers.IntegerLookup(vocabulary=[3, 4], output_mode="one_hot")(site), site)
save("complex", layers.Flatten()(ops.fft2((image[..., 0], image[..., 0]))[0]))
save("flex", ops.erfinv(image))
save("bicubic", layers.UpSampling2D(2, interpolation="bicubic")(image))
save("code", layers.Lambda(lambda t: t * 2.0, name="doubled")(image))

class Gate(layers.Layer):
    def call(self, values):
        return values * 2.0

@keras.saving.register_keras_serializable(package="Clinic")
class Registered(Gate):
    pass

def squared(values):
    return values * values

save("own-layer", Gate(name="first")(image))
save("registered", Registered(name="second")(image))
save("inside", keras.Sequential([keras.Input((8, 8, 1)), Gate(name="third")])(image))
save("own-function", layers.Activation(squared)(image))
quantized = keras.Model(image, layers.Dense(4, name="last")(image))
quantized.quantize("int8")
quantized.save(folder / "quantized.keras")

older = tf_keras.Input((8, 8, 1))
tf_keras.Model(older, tf_keras.layers.Conv2D(2, 3)(older * 2.0)).save(folder / "keras-2.keras")
tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(4,))]).save(folder / "row-2.keras")

keras.config.set_dtype_policy("mixed_float16")
half = keras.Input((8, 8, 1))
keras.Model(half, layers.Conv2D(2, 3)(half)).export(folder / "half", verbose=False)
keras.config.set_dtype_policy("float32")
moved = keras.Model(image, layers.RandomRotation(0.1)(image))
archive = keras.export.ExportArchive()
archive.track(moved)
archive.add_endpoint(
    "serving_default",
    lambda values: moved(values, training=True),
    input_signature=[tf.TensorSpec((None, 8, 8, 1), tf.float32)],
)
archive.write_out(folder / "augmenting", verbose=False)

def program(name, function, *given):
    module = tf.Module()
    module.called = tf.function(function, input_signature=given)
    tf.saved_model.save(module, str(folder / name), signatures=module.called)

def growing(x):
    array = tf.TensorArray(tf.float32, 3, element_shape=(None, 4), infer_shape=False)
    for k in range(3):
        array = array.write(k, tf.tile(x, (k + 1, 1)))
    return {"y": array.read(2)}

pixels = tf.TensorSpec((None, 4), tf.float32, "pixels")
program("jpeg", lambda b: {"y": tf.io.decode_jpeg(b)}, tf.TensorSpec((), tf.string, "b"))
program("double", lambda x: {"y": tf.math.sin(x)}, tf.TensorSpec((None, 4), tf.float64, "x"))
program("bits", lambda x: {"y": tf.bitwise.invert(x)}, tf.TensorSpec((None, 4), tf.int64, "x"))
program("python", lambda x: {"y": tf.numpy_function(lambda v: v, [x], tf.float32)}, pixels)
program("named", lambda x: {"y": tf.gather(["no", "yes"], tf.argmax(x, -1) % 2)}, pixels)
program("unranked", lambda x: {"y": x + 1.0}, tf.TensorSpec(None, tf.float32, "x"))
program("growing", growing, pixels)
"""

EXPORT = r"run `network\.export\(DIR\)`, and give the SavedModel DIR instead"
NO_CODE = rf"and no \.keras has its code; .*{EXPORT}"
TEXT = "cut the network behind its text layer"
FLEX = r"\(it would run TensorFlow's own, as Flex\); compute that before or after the network"
REASONS = {
    "text.keras": rf"it works on text \(tf\.\w+, .* on string\), .*{TEXT}",
    "hashed.keras": rf"it works on text \(tf\.AsString, .* on string\), .*{TEXT}",
    "looked-up.keras": r"in a table \(tf\.LookupTableFindV2 on int64\), .*cut the network behind",
    "complex.keras": r"complex numbers \(tf\.Complex, tf\.FFT2D on complex64\), .*signal\.rfft2d",
    "flex.keras": rf"\.tflite has no operator for tf\.Erfinv on float32 {FLEX}",
    "bicubic.keras": rf"\.tflite has no operator for tf\.ResizeBicubic on float32 {FLEX}",
    "code.keras": rf"it has a Lambda layer 'doubled', and .* isn't loaded; .*{EXPORT}",
    "own-layer.keras": rf"its part 'first' is of a class of your own, 'Gate', {NO_CODE}",
    "registered.keras": rf"its part 'second' is of a class of your own, 'Registered', {NO_CODE}",
    "inside.keras": rf"its part 'third' is of a class of your own, 'Gate', {NO_CODE}",
    "own-function.keras": rf"it needs a function of your own, 'squared', {NO_CODE}",
    "quantized.keras": r"its layer 'last' was quantized by Keras \(int8\), .* `network\.quantize`",
    "keras-2.keras": rf"saved by Keras 2 \(2\.\d+\.\d+\), and Keras 3 can't load it; .*{EXPORT}",
    "row-2.keras": rf"saved by Keras 2 \(2\.\d+\.\d+\), and Keras 3 can't load it; .*{EXPORT}",
    "half": r"in float16 \(tf\.\w+, .* on float16\), .*give its \.keras file, which is converted",
    "augmenting": r"moves them \(tf\.ImageProjectiveTransformV3 .*leave layers that only augment",
    "jpeg": r"takes a file's bytes .*\(tf\.DecodeJpeg on string\), .*its input is the pixels",
    "double": r"in float64 \(tf\.Sin on float64\), .*set_dtype_policy\(\"float32\"\)",
    "bits": rf"\.tflite has no operator for tf\.Invert on int64 {FLEX}",
    "python": r"runs Python code \(tf\.PyFunc on float32\), .*with TensorFlow's own operators",
    "named": r"its output 'y' is text, and outputs must be numbers; export the network without",
    "unranked": r"the shape of its input 'x' \(float32\) isn't known, .*tf\.TensorSpec",
    "growing": r"a loop in it \(tf\.TensorList\w+\) makes tensors whose .*batch_size=1",
}
SHORT = 600  # letters: two lines of a wide terminal


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refused")
    commands.python(NETWORKS, str(folder))
    return folder


@pytest.mark.parametrize("network", REASONS)
def test_the_reason_is_said(networks: Path, tmp_path: Path, network: str) -> None:
    option = "--keras" if network.endswith(".keras") else "--saved-model"
    done = commands.run(
        *("edgeassay", "init", "net", option, str(networks / network)),
        *("--models-dir", str(tmp_path / "models")),
        environment={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 2, done.stdout
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("edgeassay: ")]
    assert re.search(rf"could not be converted: .*{REASONS[network]}", sentence), sentence
    assert len(sentence) <= SHORT
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


LOOP = """
import sys, keras
from keras import layers
image = keras.Input((16, 16, 1))
x = layers.GRU(4)(layers.Reshape((16, 16))(image))
keras.Model(image, layers.Dense(14, activation="sigmoid")(x)).save(sys.argv[1])
"""

MODEL = """
id = "loop"
weights = "loop.keras"
[data]
source = "phantom"
seed = 1
size = 16
images = { calibration = 4, evaluation = 20 }
[preprocess]
color = "grey"
size = [16, 16]
[variants]
fp32 = { method = "fp32" }
w8 = { method = "w8" }
int8 = { method = "int8", calibration_images = 4 }
int16x8 = { method = "int16x8", calibration_images = 4 }
[runtimes]
litert = {}
"""


def test_a_loop_is_not_calibrated(tmp_path: Path) -> None:
    commands.python(LOOP, str(tmp_path / "loop.keras"))
    (tmp_path / "model.toml").write_text(MODEL, encoding="utf-8")
    folder = tmp_path.rename(tmp_path.with_name("loop"))
    model = load_model(folder, folder.parent)
    open_data = partial(open_dataset, data_root=None)
    made = build(model, model.variants, cache=folder / "c", open_data=open_data, report=silent)
    assert set(made.artifacts) == {"fp32", "w8"}
    said = {name: str(error) for name, error in made.missing.items()}
    assert re.search(r"the converter crashed \(SIG\w+\) while it calibrated .*unroll", said["int8"])
    assert re.search(r"\(WHILE on float32\) can't be calibrated, which int16x8", said["int16x8"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "Op type not registered 'Wordpiece' in binary",
            "its operator Wordpiece isn't TensorFlow's",
        ),
        (
            "error: loc(\"x@y\"): 'tfl.cos' op is odd\n note",
            r"refuses it \('tfl\.cos' op is odd\); ",
        ),
        (f"error: {'long ' * 99}", r"refuses it \((long ){30,40}…\); compute"),
    ],
)
def test_other_words_are_kept_short(words: str, expected: str) -> None:
    assert re.search(expected, reason(words) or "")
    assert not needs_one_image(words)


def test_words_of_others_are_no_reason() -> None:
    assert reason("there is no room left on the disk") is None
