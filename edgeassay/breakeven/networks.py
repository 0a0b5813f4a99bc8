"""Convolution networks of any size, written with the runtime's own flatbuffer schema.

All of a ladder take the same image and have the same number of nodes, so that what is moved and
launched is the same for all, and only the arithmetic grows. The weights are seeded noise: no kernel
that is timed here looks at them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.atomic import write_bytes

CHANNELS: Final = 3
KERNEL: Final = 3
IDENTIFIER: Final = b"TFL3"
SCHEMA_VERSION: Final = 3


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network's file, how many nodes it has and how much it computes."""

    name: str
    path: Path
    nodes: int
    mmacs: float


@dataclass
class _Graph:
    """Tensors, buffers and operators of a network, as the schema's objects."""

    schema: Any
    buffers: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def tensor(self, shape: Sequence[int], data: npt.NDArray[Any] | None = None) -> int:
        """A further tensor of floats, or of the numbers that it always holds."""
        tensor, kinds = self.schema.TensorT(), self.schema.TensorType
        tensor.name, tensor.shape = f"t{len(self.tensors)}".encode(), list(shape)
        tensor.type = kinds.FLOAT32 if data is None or data.dtype.kind == "f" else kinds.INT32
        if data is not None:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add(self, builtin: int, inputs: list[int], output: int, kind: int, options: Any) -> int:
        """A further operator; its output."""
        if builtin not in self.codes:
            self.codes.append(builtin)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = self.codes.index(builtin)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self.operators.append(operator)
        return output


def write_convolutions(path: Path, *, side: int, width: int, layers: int, seed: int) -> Network:
    """An image of `side` x `side`, a convolution of stride 2, `layers` more, and their mean."""
    graph, rng, half = _start(), np.random.default_rng(seed), side // 2
    image = last = graph.tensor([1, side, side, CHANNELS])
    depth, macs = CHANNELS, 0
    for number in range(layers + 1):
        last = _convolve(graph, last, (half, depth, width), 2 if number == 0 else 1, rng)
        macs += half * half * KERNEL * KERNEL * depth * width
        depth = width
    _write(path, graph, image, _mean(graph, last, width))
    name = f"{layers + 1} convolutions of {width}"
    return Network(name=name, path=path, nodes=len(graph.operators), mmacs=macs / 1e6)


def write_floor(path: Path, *, side: int) -> Network:
    """The same image, and one node with hardly any work: its mean."""
    graph = _start()
    image = graph.tensor([1, side, side, CHANNELS])
    _write(path, graph, image, _mean(graph, image, CHANNELS))
    return Network(name="almost empty", path=path, nodes=1, mmacs=side * side * CHANNELS / 1e6)


def _start() -> _Graph:
    from ai_edge_litert import schema_py_generated as schema

    return _Graph(schema, buffers=[schema.BufferT()])


def _convolve(
    graph: _Graph, last: int, shape: tuple[int, int, int], stride: int, rng: np.random.Generator
) -> int:
    """A convolution with ReLU; `shape` is the side of what comes of it, and both depths."""
    schema, (side, before, after) = graph.schema, shape
    spread = np.sqrt(2.0 / (KERNEL * KERNEL * before))  # He et al. 2015: outputs keep their size
    weights = rng.normal(0.0, spread, (after, KERNEL, KERNEL, before)).astype(np.float32)
    options = schema.Conv2DOptionsT()
    options.padding = schema.Padding.SAME
    options.strideW = options.strideH = stride
    options.dilationWFactor = options.dilationHFactor = 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    return graph.add(
        schema.BuiltinOperator.CONV_2D,
        [
            last,
            graph.tensor(weights.shape, weights),
            graph.tensor([after], np.zeros(after, np.float32)),
        ],
        graph.tensor([1, side, side, after]),
        schema.BuiltinOptions.Conv2DOptions,
        options,
    )


def _mean(graph: _Graph, last: int, depth: int) -> int:
    schema = graph.schema
    return graph.add(
        schema.BuiltinOperator.MEAN,
        [last, graph.tensor([2], np.array([1, 2], np.int32))],
        graph.tensor([1, depth]),
        schema.BuiltinOptions.ReducerOptions,
        schema.ReducerOptionsT(),
    )


def _write(path: Path, graph: _Graph, image: int, output: int) -> None:
    import flatbuffers

    schema = graph.schema
    subgraph, model = schema.SubGraphT(), schema.ModelT()
    subgraph.tensors, subgraph.operators = graph.tensors, graph.operators
    subgraph.inputs, subgraph.outputs = [image], [output]
    model.version, model.subgraphs, model.buffers = SCHEMA_VERSION, [subgraph], graph.buffers
    model.operatorCodes = []
    for builtin in graph.codes:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = 1
        model.operatorCodes.append(code)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    write_bytes(path, bytes(builder.Output()))
