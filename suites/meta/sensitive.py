"""A small float network one of whose layers is fragile on purpose, and numbers of layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from suites.meta.tinymodels import SIDE, Graph, write_model

UNITS = 8
# The layers of `write_fragile`, in order.
FILTER, PLAIN, FRAGILE, LAST = "filter", "plain", "fragile", "last"


def write_fragile(path: Path) -> None:
    """Scores how bright an image is, by a depthwise filter and three dense layers.

    Every row of the third layer has a weight that is a thousand times the others, of a unit that is
    always zero: the float network doesn't see it, and steps that reach so far leave nothing of the
    others.
    """
    graph, kinds = Graph(), schema.TensorType
    rng = np.random.default_rng(3)

    def constant(name: str, values: Any) -> int:
        array = np.asarray(values, np.float32)
        return graph.tensor(name, array.shape, kinds.FLOAT32, array)

    plain = np.full((UNITS, SIDE * SIDE), 1.0 / SIDE**2) * rng.uniform(0.9, 1.1, (UNITS, SIDE**2))
    plain[-1] = 0.0  # the unit that is always zero
    fragile = np.eye(UNITS) + rng.uniform(0.0, 0.1, (UNITS, UNITS))
    fragile[:, -1] = 1000.0
    last = np.full((1, UNITS), 1.5)
    zeros = np.zeros(UNITS)
    shape = [1, SIDE, SIDE, 1]
    names = ("image", f"n/{FILTER}/a", f"n/{PLAIN}/a", f"n/{FRAGILE}/a", f"n/{LAST}/a", "n/score/a")
    shapes = (shape, shape, [1, UNITS], [1, UNITS], [1, 1], [1, 1])
    ends = [graph.tensor(n, s, kinds.FLOAT32) for n, s in zip(names, shapes, strict=True)]
    filtered = np.zeros((1, 3, 3, 1))
    filtered[0, :, :, 0] = [[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]]
    weights = (
        (constant("filter", filtered), constant("filter_b", [0.0])),
        (constant("plain", plain), constant("plain_b", zeros)),
        (constant("fragile", fragile), constant("fragile_b", zeros)),
        (constant("last", last), constant("last_b", [-7.0])),
    )
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:1], ends[-1:]
    subgraph.operators = [
        _operator(min(k, 1), [ends[k], *pair], [ends[k + 1]]) for k, pair in enumerate(weights)
    ] + [_operator(2, [ends[-2]], [ends[-1]])]
    builtin = schema.BuiltinOperator
    codes = ((builtin.DEPTHWISE_CONV_2D, 1), (builtin.FULLY_CONNECTED, 1), (builtin.LOGISTIC, 1))
    write_model(path, graph, subgraph, codes, signature=(ends[0], ends[-1]))


def _operator(index: int, inputs: list[int], outputs: list[int]) -> Any:
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = index, inputs, outputs
    if index == 0:
        made.builtinOptionsType = schema.BuiltinOptions.DepthwiseConv2DOptions
        options = made.builtinOptions = schema.DepthwiseConv2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.SAME, 1, 1
        options.depthMultiplier = options.dilationHFactor = options.dilationWFactor = 1
    if index == 1:
        made.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        made.builtinOptions = schema.FullyConnectedOptionsT()
    return made
