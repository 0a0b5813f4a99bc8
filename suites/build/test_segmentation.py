"""A small U-Net from its training for int8 to its verdicts: transposed convolutions and
concatenations are integers, and compute as they were trained.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeassay.tflite_file import read_graph
from suites.meta import commands
from suites.meta.project import ROOT, Project
from suites.meta.segmented import MODEL_TOML, write_blobs

commands.needs("tensorflow", reason="the converters need the [build] extra")
commands.needs("tf_keras", reason="training needs the [build] extra")

NETWORK = """
import sys, keras
from keras import layers

def block(x, width):
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

keras.utils.set_random_seed(1)
image = keras.Input((24, 24, 1))
first = block(image, 6)
second = block(layers.MaxPooling2D()(first), 8)
x = block(layers.MaxPooling2D()(second), 10)
x = layers.Conv2DTranspose(8, 2, strides=2, use_bias=False, name="up")(x)
x = layers.BatchNormalization(name="up_bn")(x)
x = block(layers.Concatenate()([second, x]), 8)
x = layers.Conv2DTranspose(6, 2, strides=2, name="last_up")(x)
x = block(layers.Concatenate()([first, x]), 6)
network = keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x))
for number, layer in enumerate(network.layers):
    if isinstance(layer, layers.BatchNormalization):
        keras.utils.set_random_seed(number)
        layer.set_weights(
            [w + 0.2 * abs(keras.random.normal(w.shape)) for w in layer.get_weights()]
        )
last = network.layers[-1]
last.set_weights([20.0 * w for w in last.get_weights()])  # so that outputs differ
network.save(sys.argv[1])
"""

VARIANTS = """
[variants]
fp32 = { method = "fp32" }
drq = { method = "drq" }
fp16 = { method = "fp16" }
int8 = { method = "int8", calibration_images = 8 }
[variants.int8-qat]
method = "int8-qat"
weights = "int8-qat.npz"
training = { epochs = 4, learning_rate = 1e-2, batch = 4, range_images = 8, flip = true }
"""

# The artifact beside the network that was trained with its rounding simulated.
ALIKE = """
import json, sys
from pathlib import Path
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from edgeassay.config import load_model
from edgeassay.datasets import load_images, open_dataset
from edgeassay.networks import load_network
from edgeassay.spec import Role
from edgeassay.variants.fake_quantized import quantized, variables_of
from edgeassay.variants.int8_qat import from_network, put_back
from edgeassay.variants.rebuilding import rebuild
from edgeassay.variants.trained import unpack

model = load_model(Path(sys.argv[1]), Path(sys.argv[1]))
images = load_images(
    open_dataset(model.data, Path(sys.argv[2])).splits[Role.VALIDATION], range(8), model.preprocess
)
kept = model.folder / "int8-qat.npz"
network = load_network(model.weights)
simulated = quantized(rebuild(network), per_tensor=False, exclude=())
put_back(simulated, unpack(kept).arrays)
shapes = {n: list(v.shape) for n, v in variables_of(simulated).items() if "up/kernel" in n}
file = Path(sys.argv[3])
file.write_bytes(from_network(network, None, weights=str(kept)))
run = Interpreter(str(file))
run.allocate_tensors()
(taken,), (given,) = run.get_input_details(), run.get_output_details()
def outputs(image):
    scale, zero = taken["quantization"]
    rows = np.clip(np.rint(image / np.float32(scale) + zero), -128, 127).astype(np.int8)
    run.set_tensor(taken["index"], rows[None])
    run.invoke()
    scale, zero = given["quantization"]
    return scale * (run.get_tensor(given["index"])[0].astype(np.float64) - zero)
real = np.stack([outputs(image) for image in images])
trained = simulated(images, training=False).numpy()
print(json.dumps({
    "step": float(given["quantization"][0]),
    "mean": float(np.abs(real - trained).mean()),
    "spread": float(np.ptp(trained)),
    "shapes": shapes,
}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a U-Net, and what was trained for its int8 form."""
    made = Project(tmp_path_factory.mktemp("unet"), prebuilt=False)
    declared = MODEL_TOML.partition("[variants]")[0] + VARIANTS
    made.model_toml = declared + "[runtimes]\nlitert = {}\n[limits]\nloads = true\n"
    made.model_toml += "finite_outputs = true\nmean_dice_drop = 0.2\n"
    made.write_declarations()
    write_blobs(made.data / "blobs", 4)
    folder = made.folder / "models/tiny"
    commands.python(NETWORK, str(folder / "tiny.keras"))
    done = commands.run(
        *("edgeassay", "train", "tiny", "--variant", "int8-qat"),
        folder=made.folder,
        environment={**made.surroundings, "PYTHONPATH": str(ROOT)},
        timeout_s=600.0,
        converting=True,
    )
    assert done.returncode == 0, done.stderr
    assert "epoch   4 of 4" in done.stderr
    assert "Dice" in done.stderr
    return made


@pytest.mark.long
def test_the_artifact_computes_as_the_network_that_was_trained_for_it(
    project: Project, tmp_path: Path
) -> None:
    file = tmp_path / "qat.tflite"
    said = commands.python(ALIKE, str(project.folder / "models/tiny"), str(project.data), str(file))
    found = json.loads(said.splitlines()[-1])
    # A scale for each channel of the output, which is the axis before the last.
    assert found["shapes"] == {
        "up/kernel": [2, 2, 8, 10],
        "up/kernel_min": [8],
        "up/kernel_max": [8],
        "last_up/kernel": [2, 2, 6, 8],
        "last_up/kernel_min": [6],
        "last_up/kernel_max": [6],
    }
    assert found["spread"] > 20 * found["step"]
    assert found["mean"] < found["step"]
    graph = read_graph(file)
    kinds = [operator.kind for operator in graph.operators]
    assert kinds.count("TRANSPOSE_CONV") == 2
    assert kinds.count("CONCATENATION") == 2
    assert "DEQUANTIZE" not in kinds
    assert "FLOAT32" not in graph.constant_bytes


@pytest.mark.long
def test_every_variant_of_a_u_net_is_judged(project: Project) -> None:
    outcome = project.run("-k", "loads or finite or dice", "--inconclusive=warn")
    assert outcome.code == 0, outcome.text
    found = {(c["case"]["variant"], c["claim"]): c for c in outcome.results["claims"]}
    for variant in ("fp32", "drq", "fp16", "int8", "int8-qat"):
        assert found[variant, "loads"]["verdict"] == "pass"
        assert found[variant, "finite_outputs"]["verdict"] == "pass"
        if variant != "fp32":
            assert found[variant, "mean_dice_drop"]["verdict"] == "inconclusive"
    assert found["fp16", "mean_dice_drop"]["measurement"]["value"] == pytest.approx(0.0, abs=0.02)
