"""Small networks whose outputs don't follow from their inputs alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from suites.meta.tinymodels import SIDE, Graph, operator, write_model

PIXELS = SIDE * SIDE


def write_stateful(path: Path) -> None:
    """An SVDF over the whole image: each output is half of this image's brightness and half of the
    image's before it, which it keeps in a variable tensor.
    """
    graph, kinds = Graph(), schema.TensorType
    image = graph.tensor("image", [1, SIDE, SIDE, 1], kinds.FLOAT32)
    flat_shape = graph.tensor("shape", [2], kinds.INT32, np.array([1, PIXELS], np.int32))
    flat = graph.tensor("flat", [1, PIXELS], kinds.FLOAT32)
    mean = np.full((1, PIXELS), 1.0 / PIXELS, np.float32)
    features = graph.tensor("features", [1, PIXELS], kinds.FLOAT32, mean)
    times = graph.tensor("times", [1, 2], kinds.FLOAT32, np.array([[0.5, 0.5]], np.float32))
    state = graph.tensor("state", [1, 2], kinds.FLOAT32)
    graph.tensors[state].isVariable = True
    score = graph.tensor("score", [1, 1], kinds.FLOAT32)
    reshape, filtered = (
        operator(0, [image, flat_shape], [flat], dense=False),
        operator(1, [flat, features, times, -1, state], [score], dense=False),
    )
    filtered.builtinOptionsType = schema.BuiltinOptions.SVDFOptions
    filtered.builtinOptions = schema.SVDFOptionsT()
    filtered.builtinOptions.rank = 1
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [score]
    subgraph.operators = [reshape, filtered]
    codes = ((schema.BuiltinOperator.RESHAPE, 1), (schema.BuiltinOperator.SVDF, 1))
    write_model(path, graph, subgraph, codes)


def write_random(path: Path) -> None:
    """Random numbers are its score, whatever the image: a dropout that was left on does the same to
    a smaller part.
    """
    graph, kinds = Graph(), schema.TensorType
    image = graph.tensor("image", [1, SIDE, SIDE, 1], kinds.FLOAT32)
    axes = graph.tensor("axes", [3], kinds.INT32, np.array([1, 2, 3], np.int32))
    mean = graph.tensor("mean", [1], kinds.FLOAT32)
    shape = graph.tensor("shape", [1], kinds.INT32, np.array([1], np.int32))
    noise = graph.tensor("noise", [1], kinds.FLOAT32)
    score = graph.tensor("score", [1], kinds.FLOAT32)
    drawn = operator(1, [shape], [noise], dense=False)
    drawn.builtinOptionsType = schema.BuiltinOptions.RandomOptions
    drawn.builtinOptions = schema.RandomOptionsT()
    drawn.builtinOptions.seed, drawn.builtinOptions.seed2 = 1, 2
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [score]
    subgraph.operators = [
        operator(0, [image, axes], [mean], dense=False),
        drawn,
        operator(2, [mean, noise], [score], dense=False),
    ]
    codes = (
        (schema.BuiltinOperator.MEAN, 1),
        (schema.BuiltinOperator.RANDOM_UNIFORM, 1),
        (schema.BuiltinOperator.ADD, 1),
    )
    write_model(path, graph, subgraph, codes)


def write_open(path: Path) -> None:
    """The brightness of an image of any size."""
    graph, kinds = Graph(), schema.TensorType
    image = graph.tensor("image", [1, 1, 1, 1], kinds.FLOAT32)
    graph.tensors[image].shapeSignature = [-1, -1, -1, 1]
    axes = graph.tensor("axes", [2], kinds.INT32, np.array([1, 2], np.int32))
    score = graph.tensor("score", [1, 1], kinds.FLOAT32)
    graph.tensors[score].shapeSignature = [-1, 1]
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [score]
    subgraph.operators = [operator(0, [image, axes], [score], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.MEAN, 1),))


def write_open_output(path: Path) -> None:
    """The places of what isn't zero, as many as there are: an output whose size nobody knows."""
    graph, kinds = Graph(), schema.TensorType
    flags = graph.tensor("flags", [1, 4], kinds.BOOL)
    places = graph.tensor("places", [1, 2], kinds.INT64)
    graph.tensors[places].shapeSignature = [-1, 2]
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [flags], [places]
    subgraph.operators = [operator(0, [flags], [places], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.WHERE, 1),))


def write_unranked(path: Path) -> None:
    """A network of whose image the file doesn't say how many sides it has."""
    graph, kinds = Graph(), schema.TensorType
    image, score = (graph.tensor(name, [], kinds.FLOAT32) for name in ("image", "score"))
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [score]
    subgraph.operators = [operator(0, [image], [score], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.LOGISTIC, 1),))
