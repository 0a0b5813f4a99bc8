"""What stands in a .tflite: its tensors with their quantization, and its operators in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

Array = npt.NDArray[np.float64]

DTYPES: Final[Mapping[int, np.dtype[Any]]] = {
    schema.TensorType.FLOAT32: np.dtype(np.float32),
    schema.TensorType.FLOAT16: np.dtype(np.float16),
    schema.TensorType.INT32: np.dtype(np.int32),
    schema.TensorType.INT64: np.dtype(np.int64),
    schema.TensorType.INT8: np.dtype(np.int8),
}
OPERATORS: Final = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
# Operators between two ways to hold the same numbers: an artifact may have more of them than the
# float network that it was made from, and has the same others.
CASTS: Final = frozenset({"QUANTIZE", "DEQUANTIZE"})


@dataclass(frozen=True, kw_only=True)
class GraphTensor:
    """A tensor; `scales` is empty where it isn't quantized, and `data` None where it is computed.

    With several scales, `axis` is the one of their channels.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scales: Array
    zeros: Array
    axis: int
    data: npt.NDArray[Any] | None

    @property
    def quantized(self) -> bool:
        return self.scales.size > 0

    def along(self, values: Array) -> Array:
        """One number a channel (or one for all) in a shape that broadcasts over the tensor."""
        if values.size == 1:
            return values.reshape(())
        shape = [1] * len(self.shape)
        shape[self.axis] = -1
        return values.reshape(shape)

    def real(self, values: npt.NDArray[Any]) -> Array:
        """The real numbers that the tensor's values stand for."""
        if not self.quantized:
            return values.astype(np.float64)
        return (values.astype(np.float64) - self.along(self.zeros)) * self.along(self.scales)

    @property
    def step(self) -> float:
        """The scale of a tensor that has one."""
        return float(self.scales[0])

    @property
    def ends(self) -> tuple[float, float]:
        """The real numbers that its smallest and its largest integer stand for."""
        bounds = np.iinfo(self.dtype)
        low, high = (self.step * (end - float(self.zeros[0])) for end in (bounds.min, bounds.max))
        return low, high


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator: its name, the tensors that it takes and makes, and its settings."""

    name: str
    takes: tuple[int, ...]
    makes: int
    options: Any


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The only subgraph of a .tflite; tensors by index, operators in the order they run."""

    tensors: tuple[GraphTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def computed(self) -> tuple[int, ...]:
        """What the operators make of the input, without the sums over shapes."""
        made = (operator.makes for operator in self.operators)
        return tuple(
            k for k in made if self.tensors[k].dtype.kind == "f" or self.tensors[k].quantized
        )

    @property
    def essential(self) -> tuple[Operator, ...]:
        """The operators that aren't casts."""
        return tuple(operator for operator in self.operators if operator.name not in CASTS)


def read_model(data: bytes) -> Any:
    """A .tflite's bytes as the schema's objects."""
    return schema.ModelT.InitFromPackedBuf(data, 0)


def read_graph(data: bytes) -> Graph:
    """The graph of a .tflite's bytes."""
    return graph_of(read_model(data))


def graph_of(model: Any) -> Graph:
    """The graph of a .tflite."""
    (subgraph,) = model.subgraphs
    codes = [OPERATORS[max(c.builtinCode, c.deprecatedBuiltinCode)] for c in model.operatorCodes]
    operators = [
        Operator(
            name=codes[found.opcodeIndex],
            takes=tuple(int(k) for k in found.inputs),
            makes=int(found.outputs[0]),
            options=found.builtinOptions,
        )
        for found in subgraph.operators or ()
    ]
    tensors = tuple(_tensor(found, model.buffers) for found in subgraph.tensors)
    return Graph(
        tensors=tensors,
        operators=tuple(_without_stored(operators, tensors)),
        inputs=tuple(int(k) for k in subgraph.inputs),
        outputs=tuple(int(k) for k in subgraph.outputs),
    )


def _without_stored(
    operators: Sequence[Operator], tensors: Sequence[GraphTensor]
) -> list[Operator]:
    """The operators, where those that expand stored weights are left out: whoever takes what they
    make takes the weights as they are stored.
    """
    stored = {
        operator.makes: operator.takes[0]
        for operator in operators
        if operator.name == "DEQUANTIZE" and tensors[operator.takes[0]].data is not None
    }
    return [
        replace(operator, takes=tuple(stored.get(k, k) for k in operator.takes))
        for operator in operators
        if operator.makes not in stored
    ]


def _tensor(found: Any, buffers: Sequence[Any]) -> GraphTensor:
    quantization, raw = found.quantization, buffers[found.buffer].data
    has_scales = quantization is not None and quantization.scale is not None
    scales = np.array(quantization.scale if has_scales else (), np.float64)
    zeros = np.zeros(scales.shape)
    if has_scales and quantization.zeroPoint is not None:
        zeros = np.array(quantization.zeroPoint, np.float64)
    shape = tuple(int(side) for side in found.shape) if found.shape is not None else ()
    dtype = DTYPES[found.type]
    data = None
    if raw is not None and len(raw):
        data = np.frombuffer(np.asarray(raw, np.uint8).tobytes(), dtype).reshape(shape)
    return GraphTensor(
        name=found.name.decode(),
        shape=shape,
        dtype=dtype,
        scales=scales,
        zeros=zeros,
        axis=int(quantization.quantizedDimension) if has_scales else 0,
        data=data,
    )


def expose(model: Any, graph: Graph) -> None:
    """Make everything that a network computes an output, in `computed`'s order."""
    model.subgraphs[0].outputs = list(graph.computed)
    model.signatureDefs = None  # they name the outputs that it had


def packed(model: Any) -> bytes:
    """The bytes of a .tflite."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
