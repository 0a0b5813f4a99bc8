"""Small real .tflite files, written with the runtime's own flatbuffer schema: no TensorFlow.

The classifier is a dense layer over all pixels and a logistic function, one score a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

SIDE = 8

INPUT_SCALE, INPUT_ZERO = 1.0 / 255.0, -128
OUTPUT_SCALE, OUTPUT_ZERO = 1.0 / 256.0, -128


class Graph:
    """Tensors, buffers and operators of one subgraph, as the schema's objects."""

    def __init__(self) -> None:
        self.buffers = [schema.BufferT()]
        self.tensors: list[Any] = []

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        kind: int,
        data: npt.NDArray[Any] | None = None,
        quantized: tuple[float, int] | None = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name.encode(), list(shape), kind
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        if quantized is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [quantized[0]]
            tensor.quantization.zeroPoint = [quantized[1]]
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def operator(index: int, inputs: list[int], outputs: list[int], *, dense: bool = True) -> Any:
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = index, inputs, outputs
    if dense and index == 0:
        made.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        made.builtinOptions = schema.FullyConnectedOptionsT()
    return made


def write_classifier(
    path: Path,
    weights: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    *,
    int8: bool = False,
    padding_bytes: int = 0,
    dynamic_batch: bool = False,
) -> None:
    """Write the network; `weights` is (classes, SIDE * SIDE). `padding_bytes` makes it larger."""
    graph, classes, kinds = Graph(), len(bias), schema.TensorType
    shape = [1, SIDE, SIDE, 1]
    if int8:
        scale = float(np.abs(weights).max()) / 127.0
        step = INPUT_SCALE * scale
        ends = (
            graph.tensor("image", shape, kinds.INT8, quantized=(INPUT_SCALE, INPUT_ZERO)),
            graph.tensor(
                "weights",
                weights.shape,
                kinds.INT8,
                np.rint(weights / scale).astype(np.int8),
                (scale, 0),
            ),
            graph.tensor(
                "bias", bias.shape, kinds.INT32, np.rint(bias / step).astype(np.int32), (step, 0)
            ),
            graph.tensor("logits", [1, classes], kinds.INT8, quantized=(16.0 / 255.0, 0)),
            graph.tensor("scores", [1, classes], kinds.INT8, quantized=(OUTPUT_SCALE, OUTPUT_ZERO)),
        )
    else:
        ends = (
            graph.tensor("image", shape, kinds.FLOAT32),
            graph.tensor("weights", weights.shape, kinds.FLOAT32, weights.astype(np.float32)),
            graph.tensor("bias", bias.shape, kinds.FLOAT32, bias.astype(np.float32)),
            graph.tensor("logits", [1, classes], kinds.FLOAT32),
            graph.tensor("scores", [1, classes], kinds.FLOAT32),
        )
    if padding_bytes:
        graph.tensor("padding", [padding_bytes], kinds.UINT8, np.zeros(padding_bytes, np.uint8))
    image, weight, offset, logits, scores = ends
    for end in (image, logits, scores) if dynamic_batch else ():
        graph.tensors[end].shapeSignature = [-1, *graph.tensors[end].shape[1:]]
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [scores]
    subgraph.operators = [
        operator(0, [image, weight, offset], [logits]),
        operator(1, [logits], [scores]),
    ]
    codes = (
        (schema.BuiltinOperator.FULLY_CONNECTED, 4 if int8 else 1),
        (schema.BuiltinOperator.LOGISTIC, 2 if int8 else 1),
    )
    write_model(path, graph, subgraph, codes)


def write_several(path: Path, *, int8: bool = False, pixels: bool = False) -> None:
    """Two inputs, an image and whole numbers, each with an output of its own: the logistic function
    and the same numbers as floats. With `pixels`, the whole numbers are an image of raw bytes.
    """
    graph, kinds = Graph(), schema.TensorType
    shape, ids = [1, SIDE, SIDE, 3], [1, SIDE, SIDE, 3] if pixels else [1, 4]
    ends = (
        graph.tensor("image", shape, kinds.INT8, quantized=(INPUT_SCALE, INPUT_ZERO))
        if int8
        else graph.tensor("image", shape, kinds.FLOAT32),
        graph.tensor("ids", ids, kinds.UINT8 if pixels else kinds.INT32),
        graph.tensor("scores", shape, kinds.INT8, quantized=(OUTPUT_SCALE, OUTPUT_ZERO))
        if int8
        else graph.tensor("scores", shape, kinds.FLOAT32),
        graph.tensor("same", ids, kinds.FLOAT32),
    )
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:2], ends[2:]
    subgraph.operators = [operator(k, [ends[k]], [ends[2 + k]], dense=False) for k in (0, 1)]
    codes = (
        (schema.BuiltinOperator.LOGISTIC, 2 if int8 else 1),
        (schema.BuiltinOperator.CAST, 1),
    )
    write_model(path, graph, subgraph, codes)


def write_layers(path: Path, count: int, *, width: int = 256, padding_bytes: int = 0) -> None:
    """A chain of equal dense layers, which takes time in proportion to their number."""
    graph, kinds = Graph(), schema.TensorType
    weights = np.full((width, width), 1.0 / width, np.float32)
    shared = graph.tensor("weights", weights.shape, kinds.FLOAT32, weights)
    bias = graph.tensor("bias", [width], kinds.FLOAT32, np.zeros(width, np.float32))
    ends = [graph.tensor(f"t{k}", [1, width], kinds.FLOAT32) for k in range(count + 1)]
    if padding_bytes:
        graph.tensor("padding", [padding_bytes], kinds.UINT8, np.zeros(padding_bytes, np.uint8))
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:1], ends[-1:]
    subgraph.operators = [operator(0, [ends[k], shared, bias], [ends[k + 1]]) for k in range(count)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.FULLY_CONNECTED, 1),))


def write_text(path: Path, *, taken: bool = True) -> None:
    """A network that takes and gives text and does nothing, or takes a number and gives text."""
    graph, kinds = Graph(), schema.TensorType
    one_empty_string = np.array([1, 12, 12], np.int32)
    words = graph.tensor("words", [1], kinds.STRING, None if taken else one_empty_string)
    given = words if taken else graph.tensor("number", [1], kinds.FLOAT32)
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [given], [words]
    subgraph.operators = []
    write_model(path, graph, subgraph, ())


def write_indices(path: Path) -> None:
    """A network that gives the places of what isn't zero: as many rows as there are."""
    graph, kinds = Graph(), schema.TensorType
    flags = graph.tensor("flags", [1, 4], kinds.BOOL)
    places = graph.tensor("places", [0, 2], kinds.INT64)
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [flags], [places]
    subgraph.operators = [operator(0, [flags], [places], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.WHERE, 1),))


def write_overrun(path: Path) -> None:
    """A network that loads and can't run: it looks past the end of what it is given."""
    graph, kinds = Graph(), schema.TensorType
    table = graph.tensor("table", [2], kinds.FLOAT32)
    place = graph.tensor("place", [1], kinds.INT32, np.array([5], np.int32))
    found = graph.tensor("found", [1], kinds.FLOAT32)
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [table], [found]
    subgraph.operators = [operator(0, [table, place], [found], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.GATHER, 1),))


def write_crash(path: Path) -> None:
    """A network that LiteRT can't survive: it doesn't say into how many parts it splits."""
    graph, kinds = Graph(), schema.TensorType
    axis = graph.tensor("axis", [], kinds.INT32, np.array(0, np.int32))
    row = graph.tensor("row", [4], kinds.FLOAT32)
    part = graph.tensor("part", [4], kinds.FLOAT32)
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [row], [part]
    subgraph.operators = [operator(0, [axis, row], [part], dense=False)]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.SPLIT, 1),))


def write_model(
    path: Path,
    graph: Graph,
    subgraph: Any,
    codes: Sequence[tuple[int, int]],
    signature: tuple[int, int] | None = None,
) -> None:
    """Write a network of one subgraph; `codes` are its operators with their versions, `signature`
    its input and its output where it shall have one, which calibrating needs.
    """
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers = 3, [subgraph], graph.buffers
    model.operatorCodes = []
    for builtin, version in codes:
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, 127)
        code.version = version
        model.operatorCodes.append(code)
    if signature is not None:
        model.signatureDefs = [_signature(*signature)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(builder.Output()))


def _signature(taken: int, given: int) -> Any:
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = b"serving_default", 0
    ends = (schema.TensorMapT(), schema.TensorMapT())
    for end, name, tensor in zip(ends, (b"image", b"score"), (taken, given), strict=True):
        end.name, end.tensorIndex = name, tensor
    made.inputs, made.outputs = [ends[0]], [ends[1]]
    return made


def brightness(classes: int = 1) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights and bias that score an image by how much brighter than middle grey it is."""
    weights = np.full((classes, SIDE * SIDE), 12.0 / (SIDE * SIDE), np.float32)
    return weights, np.full(classes, -6.0, np.float32)
