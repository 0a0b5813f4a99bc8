"""What is read from a .tflite, held against what was written into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import ArtifactError
from edgeassay.tflite_file import read_graph, short_names
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
