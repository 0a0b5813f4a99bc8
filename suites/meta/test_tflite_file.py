"""What is read from a .tflite, held against what was written into it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeassay.errors import ArtifactError
from edgeassay.tflite_file import read_graph, short_names
from edgeassay.tflite_weights import read_weights
from suites.meta.tinymodels import SIDE, brightness, write_classifier, write_layers

PIXELS = SIDE * SIDE


def test_layers_have_their_weights_and_their_work(tmp_path: Path) -> None:
    write_classifier(tmp_path / "c.tflite", *brightness(3))
    graph = read_graph(tmp_path / "c.tflite")
    assert [op.kind for op in graph.operators] == ["FULLY_CONNECTED", "LOGISTIC"]
    layer, score = graph.operators
    assert (layer.weights, layer.macs, layer.weight_type) == (3 * PIXELS + 3, 3 * PIXELS, "FLOAT32")
    assert (score.is_layer, score.follows, score.weights) == (False, layer.index, 0)
    assert graph.constant_bytes == {"FLOAT32": 4 * (3 * PIXELS + 3)}
    assert (graph.parameters, graph.macs) == (layer.weights, layer.macs)


def test_types_are_those_of_the_file(tmp_path: Path) -> None:
    write_classifier(tmp_path / "c.tflite", *brightness(), int8=True)
    graph = read_graph(tmp_path / "c.tflite")
    assert graph.types == {"INT8": 4, "INT32": 1}
    assert graph.constant_bytes == {"INT8": PIXELS, "INT32": 4}
    assert graph.layers[0].weight_type == "INT8"


def test_work_is_counted_layer_by_layer(tmp_path: Path) -> None:
    write_layers(tmp_path / "l.tflite", 3, width=16)
    assert [layer.macs for layer in read_graph(tmp_path / "l.tflite").layers] == [256] * 3


@pytest.mark.parametrize("damage", [b"", b"no network", b"\0\0\0\0TFL3", None])
def test_another_file_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "x.tflite"
    write_classifier(path, *brightness())
    path.write_bytes(path.read_bytes()[:200] if damage is None else damage)
    with pytest.raises(ArtifactError, match=r"x\.tflite is no \.tflite, or a damaged one"):
        read_graph(path)


def change(path: Path, change: Callable[[Any], None]) -> None:
    """Write a .tflite again with something changed in its schema's objects."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


WRONG: dict[str, Callable[[Any], None]] = {
    "its operator code 51726 is unknown": lambda m: setattr(
        m.operatorCodes[0], "builtinCode", 51726
    ),
    "operator 1 is of a kind that isn't in its table": lambda m: setattr(
        m.subgraphs[0].operators[1], "opcodeIndex", 7
    ),
    "operator 0 names tensor 99": lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [0, 99]),
    "operator 1 names tensor -2": lambda m: setattr(m.subgraphs[0].operators[1], "outputs", [-2]),
    "operator 0, a FULLY_CONNECTED, has no weights": lambda m: setattr(
        m.subgraphs[0].operators[0], "inputs", [0, -1]
    ),
    "the graph names tensor -1": lambda m: setattr(m.subgraphs[0], "inputs", [-1]),
    "tensor 2 is kept in buffer 9": lambda m: setattr(m.subgraphs[0].tensors[2], "buffer", 9),
    "tensor 1 has the unknown type 77": lambda m: setattr(m.subgraphs[0].tensors[1], "type", 77),
    "tensor 1 has the impossible shape 1x-64": lambda m: setattr(
        m.subgraphs[0].tensors[1], "shape", [1, -64]
    ),
    "tensor 1 has 64 bytes, and not 3x64 numbers of INT8": lambda m: setattr(
        m.subgraphs[0].tensors[1], "shape", [3, 64]
    ),
    "tensor 1 has 2 scales, and not as many channels": lambda m: setattr(
        m.subgraphs[0].tensors[1].quantization, "scale", [1.0, 2.0]
    ),
    "tensor 1 has 1 scales and 3 zero points": lambda m: setattr(
        m.subgraphs[0].tensors[1].quantization, "zeroPoint", [0, 0, 0]
    ),
    "it has no graph": lambda m: setattr(m, "subgraphs", []),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_points_nowhere_is_named(tmp_path: Path, words: str) -> None:
    path = tmp_path / "x.tflite"
    write_classifier(path, *brightness(), int8=True)
    change(path, WRONG[words])
    for read in (read_graph, lambda path: read_weights(path, [0])):
        with pytest.raises(ArtifactError, match=re.escape(words)) as caught:
            read(path)
        assert "copy it again, or export it anew" in str(caught.value)


def test_a_layer_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_classifier(tmp_path / "x.tflite", *brightness())
    with pytest.raises(ArtifactError, match="has 1 layers with weights, and layer 2"):
        read_weights(tmp_path / "x.tflite", [0, 1])


def test_parts_that_are_left_out_are_empty(tmp_path: Path) -> None:
    """A network without inputs is a right one, and so is an operator that gives nothing."""
    path = tmp_path / "x.tflite"
    write_classifier(path, *brightness())
    change(path, lambda m: setattr(m.subgraphs[0], "inputs", None))
    change(path, lambda m: setattr(m.subgraphs[0].operators[1], "outputs", None))
    graph = read_graph(path)
    assert graph.ends == ("FLOAT32",)
    assert graph.operators[1].outputs == ()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="can't be read"):
        read_graph(tmp_path / "none.tflite")


def test_names_lose_what_all_share_and_what_a_converter_adds() -> None:
    names = [
        "net_1/stem_1/Relu6;net_1/stem_bn_1/add",
        "net_1/block_2_expand_1/Relu6",
        "net_1/block_3_expand_1/Relu6",
        "net_1/head_1/MatMul",
        "StatefulPartitionedCall_1:0",
    ]
    assert short_names(names) == [
        "stem",
        "block_2_expand",
        "block_3_expand",
        "head",
        "StatefulPartitionedCall_1",
    ]


def test_no_two_names_are_alike() -> None:
    names = ["a/pool_1/Max", "a/pool_2/Max", "a/x/Add", "a/x/Mul", "a/x/Add"]
    found = short_names(names)
    assert found[:2] == ["pool_1", "pool_2"]
    assert len(set(found)) == len(names)
    assert np.all([name.startswith("x#") for name in found[2:]])
