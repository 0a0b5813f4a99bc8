"""Bit widths end to end on a tiny network: what a made file holds, by its own flatbuffer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edgeassay.build import Built, build
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, VariantSpec
from edgeassay.tflite_file import Graph, read_graph
from edgeassay.variants import contents_of
from suites.build.test_build import MODEL
from suites.meta import commands
from suites.meta.tinymodels import write_layers

commands.needs("tensorflow", reason="the converters need the [build] extra")

# A stem, a depthwise convolution, which ai-edge-quantizer has no 4-bit form of, a sum and a head.
NETWORK = """
import sys, keras
from keras import layers
keras.utils.set_random_seed(1)
image = keras.Input((16, 16, 1))
stem = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(image)
x = layers.DepthwiseConv2D(3, padding="same", name="depth")(stem)
x = layers.GlobalAveragePooling2D()(layers.Add()([stem, x]))
keras.Model(image, layers.Dense(14, activation="sigmoid", name="head")(x)).save(sys.argv[1])
"""

RECIPES = {
    "fp32": VariantSpec(method="fp32"),
    "w8": VariantSpec(method="w8"),
    "w4": VariantSpec(method="w4"),
    "w4a8": VariantSpec(method="w4a8", calibration_images=10),
    "int16x8": VariantSpec(method="int16x8", calibration_images=10),
    "mixed": VariantSpec(
        method="mixed", others="int8", layers={"head": "float"}, calibration_images=10
    ),
    "all8": VariantSpec(method="mixed", others="int8", calibration_images=10),
    "w4-head": VariantSpec(method="w4", layers={"head": "float"}),
    "depth4": VariantSpec(method="mixed", layers={"depth": "w4"}),
}
OPEN = partial(open_dataset, data_root=None)


def made(model: ModelSpec, cache: Path, *names: str) -> Built:
    return build(model, names or model.variants, cache=cache, open_data=OPEN, report=silent)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    folder = tmp_path_factory.mktemp("models")
    (folder / "small").mkdir()
    (folder / "small/model.toml").write_text(MODEL)
    commands.python(NETWORK, str(folder / "small/small.keras"))
    return replace(load_model(folder / "small", folder), variants=RECIPES)


@pytest.fixture(scope="module")
def built(model: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return made(model, tmp_path_factory.mktemp("together"))


def graph(built: Built, name: str) -> Graph:
    return read_graph(built.artifacts[name].path)


FLOAT = ("FLOAT32", "FLOAT32")


@pytest.mark.parametrize(
    ("name", "weights", "activations", "ends"),
    [
        ("w8", ("INT8",) * 3, ("FLOAT32",) * 3, FLOAT),
        ("w4", ("INT4", "INT8", "INT4"), ("FLOAT32",) * 3, FLOAT),
        ("w4a8", ("INT4", "INT8", "INT4"), ("INT8",) * 3, ("INT8", "INT8")),
        ("int16x8", ("INT8",) * 3, ("INT16",) * 3, ("INT16", "INT16")),
        ("mixed", ("INT8", "INT8", "FLOAT32"), ("INT8", "INT8", "FLOAT32"), FLOAT),
        ("all8", ("INT8",) * 3, ("INT8",) * 3, FLOAT),
        ("w4-head", ("INT4", "INT8", "FLOAT32"), ("FLOAT32",) * 3, FLOAT),
    ],
)
def test_layers_are_what_was_asked_for_or_what_stands_for_it(
    built: Built,
    name: str,
    weights: tuple[str, ...],
    activations: tuple[str, ...],
    ends: tuple[str, ...],
) -> None:
    layers = graph(built, name).layers
    assert [layer.name for layer in layers] == [layer.name for layer in graph(built, "fp32").layers]
    assert tuple(layer.weight_type for layer in layers) == weights
    assert tuple(layer.activation_type for layer in layers) == activations
    assert graph(built, name).ends == ends


def test_nothing_between_integers_is_left_in_floats(built: Built) -> None:
    assert "FLOAT32" not in graph(built, "w4a8").types


def test_a_layer_that_fell_back_is_told_and_one_that_is_excluded_is_not(built: Built) -> None:
    (words,) = contents_of(built.artifacts["w4"].path, RECIPES["w4"]).fell_back
    assert words.startswith("1 of 3 layers (DEPTHWISE_CONV_2D) can't be w4 and have int8 weights")
    excluded = replace(RECIPES["w4"], layers={"depth": "w8"})
    assert contents_of(built.artifacts["w4"].path, excluded).fell_back == ()


def test_a_width_that_no_layer_can_have_is_no_variant(built: Built) -> None:
    assert "depth4" not in built.artifacts
    assert "none of its layers can be w4 (DEPTHWISE_CONV_2D" in str(built.missing["depth4"])
    assert "give depth another precision in `layers`" in str(built.missing["depth4"])


def test_a_variant_has_the_same_bytes_alone_with_others_and_of_the_float_file(
    model: ModelSpec, built: Built, tmp_path: Path
) -> None:
    file = replace(model, weights=built.artifacts["fp32"].path)
    for k, (name, source) in enumerate([("mixed", model), ("mixed", file), ("w4", file)]):
        alone = made(source, tmp_path / str(k), name).artifacts[name]
        assert alone.sha256 == built.artifacts[name].sha256


def test_a_file_that_is_not_what_was_asked_for_is_refused(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the quantizer did in silence: it is told that it may, and leaves all as it was."""
    from ai_edge_quantizer import quantizer

    from edgeassay.variants import recipe

    source = built.artifacts["fp32"].path
    untouched = replace_result(source.read_bytes())
    monkeypatch.setattr(quantizer.Quantizer, "quantize", untouched)
    with pytest.raises(SystemExit, match=r"none of its layers can be w4 \(CONV_2D"):
        recipe.requantize(source, None, others="w4")


def replace_result(data: bytes) -> object:
    """A quantizer's `quantize` that gives these bytes."""

    class Result:
        quantized_model = data

    return lambda *_, **__: Result()


def test_activations_that_never_change_have_no_range(
    model: ModelSpec, built: Built, tmp_path: Path
) -> None:
    import numpy as np

    from edgeassay.variants import recipe

    grey = np.zeros((4, 16, 16, 1), np.float32)
    with pytest.raises(SystemExit, match="no activation of it ever changes"):
        recipe.requantize(dead(built, tmp_path), grey, others="int8")


def dead(built: Built, folder: Path) -> Path:
    """The float network with nothing but zeros for weights."""
    from ai_edge_litert.tools import flatbuffer_utils

    network = flatbuffer_utils.read_model(str(built.artifacts["fp32"].path))
    for tensor in network.subgraphs[0].tensors:
        data = network.buffers[tensor.buffer].data
        if data is not None and tensor.type == 0:
            network.buffers[tensor.buffer].data = data * 0
    flatbuffer_utils.write_model(network, str(folder / "dead.tflite"))
    return folder / "dead.tflite"


def outside(path: Path) -> int:
    """How many constants of a file lie behind the flatbuffer."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    return sum(buffer.offset > 0 for buffer in model.buffers)


def test_constants_of_a_large_file_lie_inside_it(tmp_path: Path) -> None:
    """Behind it, where the quantizer puts them, tflite-micro finds none and says nothing."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import qtyping, quantizer

    from edgeassay.variants import recipe

    source, made, raw = (tmp_path / f"{name}.tflite" for name in ("float", "made", "raw"))
    write_layers(source, 1, width=600)  # 360 kB of 8-bit weights
    made.write_bytes(recipe.requantize(source, None, others="w8"))
    bare = quantizer.Quantizer(str(source))
    bare.add_weight_only_config(".*", qtyping.TFLOperationName.FULLY_CONNECTED, num_bits=8)
    raw.write_bytes(bytes(bare.quantize(enable_progress_report=False).quantized_model))
    assert (outside(raw), outside(made)) == (2, 0)
    given = np.random.default_rng(0).random((1, 600)).astype(np.float32)
    outputs = []
    for path in (raw, made):
        interpreter = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert np.array_equal(*outputs)
