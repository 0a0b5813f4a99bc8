"""Opens a .tflite as the objects of its schema, and checks that nothing points nowhere."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgeassay.errors import ArtifactError, why
from edgeassay.plain_files import read_plain

# Operators that multiply activations by weights, and which axis of the weights has the outputs.
LAYERS: Final = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "CONV_3D")
# Which inputs of an operator are its weights and its bias: the second and third. A transposed
# convolution has the shape of its output first, and third what it is applied to.
WEIGHTS_AND_BIAS: Final = (1, 2)
OF_KIND: Final = {"TRANSPOSE_CONV": (1, 3)}
TRANSPOSED_INPUT: Final = 2
IDENTIFIER: Final = b"TFL3"
MOST_SIDES: Final = 32
# The bytes of a number. Text has no such size, and of smaller numbers several share a byte.
BYTES: Final = {
    **dict.fromkeys(("BOOL", "INT8", "UINT8"), 1),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 2),
    **dict.fromkeys(("FLOAT32", "INT32", "UINT32"), 4),
    **dict.fromkeys(("FLOAT64", "INT64", "UINT64", "COMPLEX64"), 8),
    "COMPLEX128": 16,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """The schema's objects of a file, and its bytes. `kinds` names the operators of the file's
    table of operators, and `types` the types of tensors by their codes. `place` is that of
    the subgraph that is meant.
    """

    model: Any
    data: bytes
    kinds: Sequence[str]
    types: Mapping[int, str]
    place: int = 0

    @property
    def graph(self) -> Any:
        """The subgraph that is meant, in which a list that isn't there is an empty one."""
        return self.model.subgraphs[self.place]

    def constant(self, tensor: Any) -> bytes:
        """The bytes that the file keeps of a tensor; none of one that is computed."""
        buffer = self.model.buffers[tensor.buffer]
        if buffer.data is not None:
            return bytes(buffer.data)
        # ai-edge-quantizer writes them behind the tables.
        return self.data[buffer.offset : buffer.offset + buffer.size]

    def size(self, tensor: Any) -> int:
        """The number of these bytes."""
        buffer = self.model.buffers[tensor.buffer]
        return int(buffer.size) if buffer.data is None else len(buffer.data)

    def kind(self, operator: Any) -> str:
        """TensorFlow Lite's name of an operator."""
        return self.kinds[int(operator.opcodeIndex)]


def open_tflite(path: Path, signature: str | None = None) -> Opened:
    """The parts of a .tflite, with the subgraph that a signature names, or the first. ArtifactError
    if it can't be read, isn't one, is damaged, or has no such signature.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        data = read_plain(path)
    except OSError as error:
        raise ArtifactError(f"{path} can't be read: {why(error)}; build or copy it again") from None
    try:
        return _opened(data, schema, signature)
    except ValueError as error:
        raise ArtifactError(
            f"{path} is no .tflite, or a damaged one ({error}); copy it again, or export it anew"
        ) from None


def count(tensor: Any) -> int:
    """How many numbers a tensor has."""
    return math.prod(map(int, tensor.shape))


def _opened(data: bytes, schema: Any, signature: str | None) -> Opened:
    """ValueError, with what is wrong, if the bytes are no whole .tflite."""
    if data[4:8] != IDENTIFIER:
        raise ValueError(f"it doesn't begin with {IDENTIFIER.decode()}")
    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
    # What the generated code raises when it follows an offset or a length out of the file.
    except (struct.error, ValueError, TypeError, IndexError, AttributeError, OverflowError):
        raise ValueError("its tables point outside of it, as in a file that was cut off") from None
    if not model.subgraphs:
        raise ValueError("it has no graph")
    opened = Opened(
        model=model,
        data=data,
        kinds=_kinds(model, schema),
        types={code: name for name, code in vars(schema.TensorType).items() if name.isupper()},
        place=_place(model, signature),
    )
    model.buffers = model.buffers or []
    _fill_in(opened.graph)
    for place, tensor in enumerate(opened.graph.tensors):
        _check_tensor(opened, tensor, f"tensor {place}")
    for place, operator in enumerate(opened.graph.operators):
        _check_operator(opened, operator, f"operator {place}")
    ends = (*opened.graph.inputs, *opened.graph.outputs)
    _check_places(ends, 0, len(opened.graph.tensors), "the graph")
    return opened


def _place(model: Any, signature: str | None) -> int:
    """The place of the subgraph that a signature names, or of the first."""
    if signature is None:
        return 0
    places = {one.signatureKey: one.subgraphIndex for one in model.signatureDefs or ()}
    place = places.get(signature.encode("utf-8"))
    if place is None or place >= len(model.subgraphs):
        raise ValueError(f"it has no graph of the signature {signature!r}")
    return int(place)


def _kinds(model: Any, schema: Any) -> tuple[str, ...]:
    """The names of the operators in a file's table. The first kinds of operators stand in a field
    of one byte, and later ones in another field.
    """
    known = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    codes = [
        max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes or ()
    ]
    for code in codes:
        if code not in known:
            raise ValueError(f"its operator code {code} is unknown")
    return tuple(known[code] for code in codes)


def _fill_in(graph: Any) -> None:
    """Make empty lists of those that aren't there, and leave out outputs that aren't made."""
    for key in ("tensors", "operators", "inputs", "outputs"):
        if getattr(graph, key) is None:
            setattr(graph, key, [])
    for tensor in graph.tensors:
        tensor.name = b"" if tensor.name is None else tensor.name
        tensor.shape = [] if tensor.shape is None else tensor.shape
    for operator in graph.operators:
        operator.inputs = [] if operator.inputs is None else operator.inputs
        given = [] if operator.outputs is None else operator.outputs
        operator.outputs = [place for place in given if place != -1]


def _check_tensor(opened: Opened, tensor: Any, where: str) -> None:
    kind = opened.types.get(tensor.type)
    if kind is None:
        raise ValueError(f"{where} has the unknown type {tensor.type}")
    if len(tensor.shape) > MOST_SIDES or any(side < 0 for side in tensor.shape):
        raise ValueError(f"{where} has the impossible shape {_sides(tensor)}")
    if tensor.buffer >= len(opened.model.buffers):
        raise ValueError(f"{where} is kept in buffer {tensor.buffer}, which isn't there")
    size = opened.size(tensor)
    if len(opened.constant(tensor)) != size:
        raise ValueError(f"the numbers of {where} lie outside of the file")
    if size and kind in BYTES and not tensor.sparsity and size != BYTES[kind] * count(tensor):
        raise ValueError(f"{where} has {size:,} bytes, and not {_sides(tensor)} numbers of {kind}")
    if tensor.quantization is not None:
        _check_scales(tensor.quantization, tensor.shape, where)


def _sides(tensor: Any) -> str:
    return "x".join(map(str, tensor.shape[:MOST_SIDES])) or "1"


def _check_scales(kept: Any, shape: Any, where: str) -> None:
    """One scale for all numbers of a tensor, or one for each channel; as many zero points."""
    scales = 0 if kept.scale is None else len(kept.scale)
    zeros = 0 if kept.zeroPoint is None else len(kept.zeroPoint)
    axis = kept.quantizedDimension
    if scales > 1 and not (0 <= axis < len(shape) and scales == shape[axis]):
        raise ValueError(f"{where} has {scales:,} scales, and not as many channels")
    if scales and zeros not in (0, scales):
        raise ValueError(f"{where} has {scales:,} scales and {zeros:,} zero points")


def _check_operator(opened: Opened, operator: Any, where: str) -> None:
    if operator.opcodeIndex >= len(opened.kinds):
        raise ValueError(f"{where} is of a kind that isn't in its table")
    tensors = len(opened.graph.tensors)
    _check_places(operator.inputs, -1, tensors, where)  # -1 is an input that is left out
    _check_places(operator.outputs, 0, tensors, where)
    kind = opened.kind(operator)
    needed = TRANSPOSED_INPUT if kind == "TRANSPOSE_CONV" else WEIGHTS_AND_BIAS[0]
    if kind in LAYERS and (
        len(operator.inputs) <= needed
        or not len(operator.outputs)
        or min(operator.inputs[1 : needed + 1]) < 0
    ):
        raise ValueError(f"{where}, a {kind}, has no weights, input or output")


def _check_places(places: Any, first: int, tensors: int, where: str) -> None:
    for place in places:
        if not first <= place < tensors:
            raise ValueError(f"{where} names tensor {place}, which isn't there")
