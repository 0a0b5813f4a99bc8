"""The weights of a .tflite's layers, as numbers: what is quantized is dequantized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import ArtifactError
from edgeassay.tflite_file import LAYERS, codes_of, kept_as, parsed

# Which input of an operator its weights are: of all kinds of layers the second.
WEIGHTS_INPUT: Final = 1
STORED: Final = {"FLOAT32": np.float32, "FLOAT16": np.float16, "INT8": np.int8, "INT16": np.int16}


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """A layer's weights without its bias, and the name of the type that they are kept as."""

    values: npt.NDArray[np.float64]
    type: str


def read_weights(path: Path, layers: Sequence[int]) -> tuple[Weights, ...]:
    """The weights of some layers, by their places among the file's operators with weights.

    ArtifactError where the file can't be read, or keeps weights in a type that isn't known.
    """
    from ai_edge_litert import schema_py_generated as schema

    with parsed(path) as (model, data):
        types = {code: name for name, code in vars(schema.TensorType).items() if name.isupper()}
        kinds = {getattr(schema.BuiltinOperator, kind) for kind in LAYERS}
        kept, subgraph = kept_as(model, schema), model.subgraphs[0]
        codes = codes_of(model)
        inputs = [o.inputs for o in subgraph.operators if codes[o.opcodeIndex] in kinds]
        found = []
        for place in layers:
            tensor = subgraph.tensors[kept.get(i := int(inputs[place][WEIGHTS_INPUT]), i)]
            stored = types[tensor.type]
            if stored not in STORED and stored != "INT4":
                raise ArtifactError(f"{path} keeps weights as {stored}, which can't be read here")
            numbers = _numbers(_bytes_of(model.buffers[tensor.buffer], data), stored)
            count = int(np.prod(tensor.shape))
            found.append(Weights(values=_real(numbers[:count], tensor), type=stored))
        return tuple(found)


def _bytes_of(buffer: Any, data: bytes) -> bytes:
    """What a buffer holds, which may lie behind the flatbuffer."""
    if buffer.data is not None:
        return bytes(buffer.data)
    return data[buffer.offset : buffer.offset + buffer.size]


def _numbers(stored: bytes, kind: str) -> npt.NDArray[np.float64]:
    """Of 4 bits, two lie in a byte, the lower half first."""
    if kind != "INT4":
        return np.frombuffer(stored, STORED[kind]).astype(np.float64)
    pairs = np.frombuffer(stored, np.int8)
    low = np.left_shift(pairs, 4) >> 4  # shifted back, the sign comes along
    return np.stack([low, pairs >> 4], axis=1).ravel().astype(np.float64)


def _real(numbers: npt.NDArray[np.float64], tensor: Any) -> npt.NDArray[np.float64]:
    """Numbers in the tensor's shape, by its scales: one for all, or one for each channel."""
    shaped = numbers.reshape([int(side) for side in tensor.shape])
    kept = tensor.quantization
    if kept is None or kept.scale is None or not len(kept.scale):
        return shaped
    scale = np.asarray(kept.scale, np.float64)
    zero = np.zeros_like(scale) if kept.zeroPoint is None else np.asarray(kept.zeroPoint, float)
    if len(scale) > 1:
        along = [1] * shaped.ndim
        along[kept.quantizedDimension] = -1
        scale, zero = scale.reshape(along), zero.reshape(along)
    real: npt.NDArray[np.float64] = (shaped - zero) * scale
    return real
