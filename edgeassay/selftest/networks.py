"""Networks that are small enough to be made here, without TensorFlow: written with the schema that
comes with the runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.atomic import write_bytes

SIDE: Final = 8
WIDTH: Final = 256
STEEPNESS: Final = 12.0

Weights = npt.NDArray[np.float32]


class _Graph:
    """Tensors and operators of one subgraph, as the schema's objects."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema: Any = schema
        self.buffers: list[Any] = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.kinds: list[int] = []

    def tensor(self, name: str, shape: Sequence[int], data: npt.NDArray[Any] | None = None) -> int:
        """A tensor's number; of floats, or of the bytes that it is given."""
        made = self.schema.TensorT()
        made.name, made.shape, made.type = (
            name.encode(),
            list(shape),
            self.schema.TensorType.FLOAT32,
        )
        if data is not None:
            if data.dtype == np.uint8:
                made.type = self.schema.TensorType.UINT8
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.buffers.append(buffer)
            made.buffer = len(self.buffers) - 1
        self.tensors.append(made)
        return len(self.tensors) - 1

    def add(self, kind: int, taken: Sequence[int], given: int) -> None:
        """An operator; a dense layer has options of its own."""
        if kind not in self.kinds:
            self.kinds.append(kind)
        made = self.schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = self.kinds.index(kind), list(taken), [given]
        if kind == self.schema.BuiltinOperator.FULLY_CONNECTED:
            made.builtinOptionsType = self.schema.BuiltinOptions.FullyConnectedOptions
            made.builtinOptions = self.schema.FullyConnectedOptionsT()
        self.operators.append(made)

    def write(self, path: Path, taken: int, given: int) -> None:
        """The file."""
        import flatbuffers

        subgraph, model = self.schema.SubGraphT(), self.schema.ModelT()
        subgraph.tensors, subgraph.operators = self.tensors, self.operators
        subgraph.inputs, subgraph.outputs = [taken], [given]
        model.version, model.subgraphs, model.buffers = 3, [subgraph], self.buffers
        model.operatorCodes = []
        for kind in self.kinds:
            code = self.schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = kind
            code.version = 1
            model.operatorCodes.append(code)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        write_bytes(path, bytes(builder.Output()))


def brightness() -> tuple[Weights, Weights]:
    """Weights and bias that score an image by how much brighter than middle grey it is."""
    each = STEEPNESS / (SIDE * SIDE)
    return np.full((1, SIDE * SIDE), each, np.float32), np.full(1, -STEEPNESS / 2, np.float32)


def checkered() -> tuple[Weights, Weights]:
    """Weights of both signs, of the same size: an image's brightness cancels out."""
    weights, bias = brightness()
    signs = np.where(np.arange(SIDE * SIDE) % 2, 1.0, -1.0).astype(np.float32)
    return weights * signs, np.zeros_like(bias)


def write_classifier(
    path: Path, weights: Weights, bias: Weights, *, padding_bytes: int = 0
) -> None:
    """A dense layer over all pixels and a logistic function; `padding_bytes` makes it larger."""
    graph = _Graph()
    kinds = graph.schema.BuiltinOperator
    image = graph.tensor("image", [1, SIDE, SIDE, 1])
    layer = graph.tensor("weights", weights.shape, weights), graph.tensor("bias", bias.shape, bias)
    logits, scores = graph.tensor("logits", [1, len(bias)]), graph.tensor("scores", [1, len(bias)])
    if padding_bytes:
        graph.tensor("padding", [padding_bytes], np.zeros(padding_bytes, np.uint8))
    graph.add(kinds.FULLY_CONNECTED, [image, *layer], logits)
    graph.add(kinds.LOGISTIC, [logits], scores)
    graph.write(path, image, scores)


def write_layers(path: Path, count: int) -> None:
    """A chain of equal dense layers, which takes time in proportion to their number."""
    graph = _Graph()
    weights = np.full((WIDTH, WIDTH), 1.0 / WIDTH, np.float32)
    layer = (
        graph.tensor("weights", weights.shape, weights),
        graph.tensor("bias", [WIDTH], np.zeros(WIDTH, np.float32)),
    )
    ends = [graph.tensor(f"t{k}", [1, WIDTH]) for k in range(count + 1)]
    for taken, given in pairwise(ends):
        graph.add(graph.schema.BuiltinOperator.FULLY_CONNECTED, [taken, *layer], given)
    graph.write(path, ends[0], ends[-1])
