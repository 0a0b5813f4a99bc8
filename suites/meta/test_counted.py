"""Parameters and multiply-accumulates, counted in files that were written by hand, and the claims
about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeassay.artifacts import Artifact
from edgeassay.claims import MEASURES
from edgeassay.errors import Absent, NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.spec import Case, Claim, ClaimName, Judgement, Limit, Verdict
from edgeassay.tflite_file import read_graph
from suites.meta.tinymodels import Graph, operator, write_layers, write_model

FLOAT = schema.TensorType.FLOAT32
Shape = Sequence[int]


def write_layer(path: Path, kind: str, given: Shape, weights: Shape, gives: Shape) -> None:
    """One layer with a bias for each of its channels; a transposed one with the constant that says
    the shape of its output.
    """
    graph = Graph()
    image = graph.tensor("image", given, FLOAT)
    kernel = graph.tensor("weights", weights, FLOAT, np.ones(weights, np.float32))
    bias = graph.tensor("bias", gives[-1:], FLOAT, np.ones(gives[-1], np.float32))
    out = graph.tensor("out", gives, FLOAT)
    inputs = [image, kernel, bias]
    if kind == "TRANSPOSE_CONV":
        shape = np.array(gives, np.int32)
        inputs = [graph.tensor("shape", [4], schema.TensorType.INT32, shape), kernel, image, bias]
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [out]
    subgraph.operators = [operator(0, inputs, [out], dense=False)]
    write_model(path, graph, subgraph, ((getattr(schema.BuiltinOperator, kind), 1),))


@pytest.mark.parametrize(
    ("kind", "given", "weights", "gives", "parameters", "macs"),
    [
        # 5 filters of 3x3x2, at 4x4 places.
        ("CONV_2D", [1, 4, 4, 2], [5, 3, 3, 2], [1, 4, 4, 5], 95, 16 * 90),
        # The same of a batch of three: of one input.
        ("CONV_2D", [3, 4, 4, 2], [5, 3, 3, 2], [3, 4, 4, 5], 95, 16 * 90),
        # In two groups each filter has one input.
        ("CONV_2D", [1, 4, 4, 2], [6, 3, 3, 1], [1, 2, 2, 6], 60, 4 * 54),
        # 4 filters of 3x3 for 2 inputs.
        ("DEPTHWISE_CONV_2D", [1, 4, 4, 2], [1, 3, 3, 4], [1, 2, 2, 4], 40, 4 * 36),
        # 5 filters of 2x2x3; each of 4x4 inputs meets all of them.
        ("TRANSPOSE_CONV", [1, 4, 4, 3], [5, 2, 2, 3], [1, 8, 8, 5], 65, 16 * 60),
        ("FULLY_CONNECTED", [1, 6], [7, 6], [1, 7], 49, 42),
        # At every position of an image.
        ("FULLY_CONNECTED", [1, 4, 4, 6], [7, 6], [1, 4, 4, 7], 49, 16 * 42),
    ],
)
def test_a_layer_counts_as_by_hand(
    *,
    tmp_path: Path,
    kind: str,
    given: Shape,
    weights: Shape,
    gives: Shape,
    parameters: int,
    macs: int,
) -> None:
    write_layer(tmp_path / "l.tflite", kind, given, weights, gives)
    graph = read_graph(tmp_path / "l.tflite")
    assert (graph.parameters, graph.macs) == (parameters, macs)


def test_a_dilated_convolution_whose_positions_lie_in_the_batch_counts_them(tmp_path: Path) -> None:
    """8x8 positions as 4 times 4x4: SPACE_TO_BATCH_ND, the convolution, BATCH_TO_SPACE_ND."""
    graph = Graph()
    ends = [
        graph.tensor(name, shape, FLOAT)
        for name, shape in (
            ("image", [1, 8, 8, 2]),
            ("apart", [4, 6, 6, 2]),
            ("made", [4, 4, 4, 5]),
            ("out", [1, 8, 8, 5]),
        )
    ]
    kernel = graph.tensor("weights", [5, 3, 3, 2], FLOAT, np.ones((5, 3, 3, 2), np.float32))
    block = graph.tensor("block", [2], schema.TensorType.INT32, np.array([2, 2], np.int32))
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:1], ends[-1:]
    subgraph.operators = [
        operator(1, [ends[0], block], [ends[1]], dense=False),
        operator(0, [ends[1], kernel, -1], [ends[2]], dense=False),
        operator(2, [ends[2], block], [ends[3]], dense=False),
    ]
    names = ("CONV_2D", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND")
    codes = [(getattr(schema.BuiltinOperator, name), 1) for name in names]
    write_model(tmp_path / "d.tflite", graph, subgraph, codes)
    found = read_graph(tmp_path / "d.tflite")
    assert (found.parameters, found.macs) == (90, 64 * 90)


def artifact(path: Path, variant: str) -> Artifact:
    size = path.stat().st_size
    return Artifact(
        model="m", variant=variant, path=path, sha256="", size_bytes=size, manifest=None
    )


def judged(
    folder: Path, name: ClaimName, limit: float, suffix: str = ".tflite"
) -> tuple[Judgement, float | None]:
    """What is said of 8 dense layers of width 16 beside the reference's 8 of width 32."""
    made = {}
    for variant, width in (("pruned", 16), ("fp32", 32)):
        path = folder / f"{variant}{suffix}"
        write_layers(path, 8, width=width)
        made[variant] = artifact(path, variant)
    whole = Case(model="m", variant="fp32", runtime="litert", device="bench")
    rig = SimpleNamespace(
        artifact=lambda case: made[case.variant],
        plan=SimpleNamespace(reference_of=lambda _: whole),
    )
    case = Case(model="m", variant="pruned", runtime="litert", device="bench")
    asked = Claim(name=name, case=case, limit=Limit(value=limit, source="models/m/model.toml:x"))
    measured, reference = MEASURES[name](cast(Evidence, SimpleNamespace(rig=rig)), asked)
    return decide(asked, measured), reference


@pytest.mark.parametrize(
    ("name", "few", "many"),
    [
        (ClaimName.PARAMETERS_RATIO, 8 * (256 + 16), 8 * (1024 + 32)),
        (ClaimName.MACS_RATIO, 8 * 256, 8 * 1024),
    ],
)
def test_a_network_that_is_too_large_fails(
    tmp_path: Path, name: ClaimName, few: int, many: int
) -> None:
    ratio = few / many
    for limit, verdict in ((ratio, Verdict.PASS), (ratio - 0.001, Verdict.FAIL)):
        judgement, reference = judged(tmp_path, name, limit)
        assert judgement.verdict is verdict
        assert reference == many
        assert f"{few:,}" in judgement.reason


def test_what_cannot_be_counted_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(Absent, match=r"pruned\.onnx\) is no \.tflite, and MACs are counted"):
        judged(tmp_path, ClaimName.MACS_RATIO, 1.0, ".onnx")


def test_a_reference_without_layers_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = SimpleNamespace(parameters=0, macs=0)
    monkeypatch.setattr("edgeassay.claims.artifact.read_graph", lambda *_: nothing)
    with pytest.raises(NoEvidence, match="has no layer with weights to count"):
        judged(tmp_path, ClaimName.MACS_RATIO, 1.0)
