"""The weights of a .tflite's layers, as numbers: what is quantized is dequantized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import ArtifactError
from edgeassay.tflite_file import kept_as
from edgeassay.tflite_schema import LAYERS, count, open_tflite

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

    ArtifactError if the file can't be read, is damaged, has fewer layers, or keeps their weights in
    a type that isn't known.
    """
    opened = open_tflite(path)
    tensors, kept = opened.graph.tensors, kept_as(opened)
    weights = [
        int(operator.inputs[WEIGHTS_INPUT])
        for operator in opened.graph.operators
        if opened.kind(operator) in LAYERS
    ]
    found = []
    for place in layers:
        if place >= len(weights):
            raise ArtifactError(
                f"{path} has {len(weights)} layers with weights, and layer {place + 1} was looked"
                " for; build it again"
            )
        tensor = tensors[kept.get(weights[place], weights[place])]
        stored = opened.types[tensor.type]
        if stored not in STORED and stored != "INT4":
            raise ArtifactError(f"{path} keeps weights as {stored}, which can't be read here")
        numbers = _numbers(opened.constant(tensor), stored)[: count(tensor)]
        if len(numbers) < count(tensor):
            raise ArtifactError(
                f"{path} doesn't hold all weights of its layer {place + 1}, as in a file that is"
                " damaged or computes them; copy it again, or export it anew"
            )
        found.append(Weights(values=_real(numbers, tensor), type=stored))
    return tuple(found)


def _numbers(stored: bytes, kind: str) -> npt.NDArray[np.float64]:
    """Of 4 bits, two lie in a byte, the lower half first."""
    if kind != "INT4":
        whole = len(stored) // np.dtype(STORED[kind]).itemsize
        with np.errstate(invalid="ignore"):  # a damaged weight may be any pattern of bits
            return np.frombuffer(stored, STORED[kind], whole).astype(np.float64)
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
    told = kept.zeroPoint is not None and len(kept.zeroPoint)
    zero = np.asarray(kept.zeroPoint, np.float64) if told else np.zeros_like(scale)
    if len(scale) > 1:
        along = [1] * shaped.ndim
        along[kept.quantizedDimension] = -1
        scale, zero = scale.reshape(along), zero.reshape(along)
    real: npt.NDArray[np.float64] = (shaped - zero) * scale
    return real
