"""Precisions as data, and whether a made file has those that were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeassay.spec import VariantSpec
from edgeassay.tflite_file import Graph, Operator
from edgeassay.variants import METHODS, calibrates, contents_of, precisions
from edgeassay.variants.support import fallbacks, told, unmet
from suites.meta.tinymodels import brightness, write_classifier


def layer(index: int, kind: str, weights: str, activations: str = "FLOAT32") -> Operator:
    return Operator(
        index=index,
        kind=kind,
        name=f"layer{index}",
        outputs=(f"net/layer{index}/x",),
        weights=9,
        weight_type=weights,
        activation_type=activations,
        macs=9,
        follows=index,
    )


def after(index: int, kind: str, activations: str, follows: int) -> Operator:
    made = layer(index, kind, "", activations)
    return replace(made, weights=0, weight_type=None, macs=0, follows=follows)


def graph(*operators: Operator) -> Graph:
    return Graph(operators=operators, types={}, constant_bytes={})


# A convolution that became what was asked for, and a depthwise one that didn't.
HALF = graph(layer(0, "CONV_2D", "INT4"), layer(1, "DEPTHWISE_CONV_2D", "INT8"))
STATIC = graph(
    layer(0, "CONV_2D", "INT4", "INT8"),
    after(1, "ADD", "INT8", 0),
    layer(2, "DEPTHWISE_CONV_2D", "FLOAT32"),
    after(3, "RELU", "FLOAT32", 2),
)


def test_what_a_precision_is_otherwise_is_one_too_and_calibrates_alike() -> None:
    for name, precision in precisions().items():
        chain = [name]
        while (other := precisions()[chain[-1]].otherwise) is not None:
            assert other not in chain, f"{name} never ends"
            assert precisions()[other].calibrates == precision.calibrates
            chain.append(other)


def test_a_layer_that_fell_back_is_found_by_the_types_of_the_file() -> None:
    (found,) = fallbacks(HALF, "w4", {})
    assert (found.operator.name, found.asked) == ("layer1", "w4")
    assert told([found], 2) == [
        "1 of 2 layers (DEPTHWISE_CONV_2D) can't be w4 and have int8 weights and float32"
        " activations"
    ]
    assert fallbacks(HALF, "w4", {"layer1": "w8"}) == []


def test_an_operator_that_stayed_float_is_told_apart_from_layers() -> None:
    found = fallbacks(STATIC, "w4a8", {})
    assert [f.operator.kind for f in found] == ["DEPTHWISE_CONV_2D", "RELU"]
    assert told(found, 2)[1] == "1 (RELU) can't be w4a8 and have float32 activations"
    assert fallbacks(STATIC, "w4a8", {"layer2": "float"}) == []


def test_a_width_that_some_layer_has_is_met_and_one_that_none_has_is_not() -> None:
    assert unmet(HALF, "w4", {}) is None
    reason = unmet(HALF, "float", {"layer1": "w4"})
    assert reason is not None
    assert "none of its layers can be w4 (DEPTHWISE_CONV_2D" in reason
    assert "give layer1 another precision in `layers`, or leave the variant out" in reason
    assert unmet(HALF, "int16x8", {}) is not None
    assert unmet(HALF, "int16x8", {"layer0": "w4", "layer1": "w8"}) is None


def test_weights_of_the_right_width_with_float_activations_are_no_static_layer() -> None:
    assert unmet(graph(layer(0, "CONV_2D", "INT8")), "int8", {}) is not None
    assert unmet(graph(layer(0, "CONV_2D", "INT8", "INT16")), "int8", {}) is not None
    assert unmet(graph(layer(0, "CONV_2D", "INT8", "INT8")), "int8", {}) is None


def test_a_single_layer_may_make_a_method_look_at_images() -> None:
    assert not calibrates(VariantSpec(method="w4"))
    assert calibrates(VariantSpec(method="w4", layers={"last": "int8"}))
    assert calibrates(VariantSpec(method="int16x8"))
    assert {
        name for name, m in METHODS.items() if m.precision not in (None, *precisions())
    } == set()


def test_a_file_says_what_its_layers_are(tmp_path: Path) -> None:
    whole, small = tmp_path / "fp32.tflite", tmp_path / "int8.tflite"
    write_classifier(whole, *brightness())
    write_classifier(small, *brightness(), int8=True)
    assert contents_of(whole, VariantSpec(method="fp32")).words == (
        "weights float32; activations float32"
    )
    assert contents_of(small, VariantSpec(artifact="int8.tflite")).words == (
        "weights int8; activations int8"
    )
    (lie,) = contents_of(whole, VariantSpec(method="w4")).fell_back
    assert lie.startswith("1 of 1 layers (FULLY_CONNECTED) can't be w4")


def test_what_cannot_be_read_has_no_contents(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(np.arange(99, dtype=np.uint8).tobytes())
    assert contents_of(tmp_path / "x.tflite", VariantSpec(artifact="x.tflite")).words is None
