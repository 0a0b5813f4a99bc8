"""What a .tflite file says of itself: its operators, their weights, the types of its tensors."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgeassay.tflite_schema import (
    LAYERS,
    OF_KIND,
    TRANSPOSED_INPUT,
    WEIGHTS_AND_BIAS,
    Opened,
    count,
    open_tflite,
)

# What a quantizer puts between operators. They don't count where operators are named, so that a
# layer has one name in every form of a network.
BETWEEN: Final = ("QUANTIZE", "DEQUANTIZE")
MOST_NAME: Final = 60
# What an operator has by itself.
OWN: Final = ("kind", "outputs", "weights", "weight_type", "activation_type", "macs")


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator of a graph, in the order of execution.

    `kind` is TensorFlow Lite's name of it, `name` what people call it, unlike any other's of the
    file; `outputs` are the names of its output tensors. `weights` is what it has as constants,
    `weight_type` the type of the largest of them, `activation_type` that of what it gives, `macs`
    its multiply-accumulates for one input.
    `follows` is the index of the layer whose precision it takes: its own where it has weights, or
    that of the latest layer before it, or of the first.
    """

    index: int
    kind: str
    name: str
    outputs: tuple[str, ...]
    weights: int
    weight_type: str | None
    activation_type: str | None = None
    macs: int
    follows: int

    @property
    def is_layer(self) -> bool:
        """Whether it multiplies by weights."""
        return self.kind in LAYERS


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A subgraph of a .tflite. `types` counts, by the type's name, the tensors, and
    `constant_bytes` the bytes that constants of a type take; `ends` are the types of its inputs
    and outputs.
    """

    operators: tuple[Operator, ...]
    ends: tuple[str, ...] = ()
    types: dict[str, int]
    constant_bytes: dict[str, int]

    @property
    def layers(self) -> tuple[Operator, ...]:
        """The operators with weights, in order."""
        return tuple(op for op in self.operators if op.is_layer)

    @property
    def weight_types(self) -> dict[str, int]:
        """How many layers have weights of a type."""
        return dict(Counter(layer.weight_type or "none" for layer in self.layers))

    @property
    def activation_types(self) -> dict[str, int]:
        """How many layers give numbers of a type."""
        return dict(Counter(layer.activation_type or "none" for layer in self.layers))

    @property
    def parameters(self) -> int:
        """The number of weights of all layers, biases included."""
        return sum(layer.weights for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all layers for one input."""
        return sum(layer.macs for layer in self.layers)


def read_graph(path: Path, signature: str | None = None) -> Graph:
    """The graph of a .tflite that a signature names, or its first. ArtifactError if it can't be
    read, isn't one, is damaged, or has no such signature.
    """
    return _graph(open_tflite(path, signature))


def _graph(opened: Opened) -> Graph:
    subgraph, types = opened.graph, opened.types
    tensors = subgraph.tensors
    constant = [opened.size(t) for t in tensors]
    names = [t.name.decode("utf-8", "replace") for t in tensors]
    kept = kept_as(opened)
    found: list[dict[str, Any]] = []
    batch = _batch(tensors[subgraph.inputs[0]]) if len(subgraph.inputs) else 1
    for operator in subgraph.operators:
        kind = opened.kind(operator)
        places = OF_KIND.get(kind, WEIGHTS_AND_BIAS)
        taken = [operator.inputs[k] for k in places if k < len(operator.inputs)]
        constants = [i for i in (kept.get(j, j) for j in taken) if i >= 0 and constant[i]]
        is_layer = kind in LAYERS
        largest = max(constants, key=lambda i: count(tensors[i]), default=None)
        found.append(
            {
                "kind": kind,
                "inputs": [int(i) for i in operator.inputs if i >= 0],
                "outs": [int(i) for i in operator.outputs],
                "outputs": tuple(names[i] for i in operator.outputs),
                "weights": sum(count(tensors[i]) for i in constants) if is_layer else 0,
                "weight_type": types[tensors[largest].type]
                if is_layer and largest is not None
                else None,
                "activation_type": next((types[tensors[i].type] for i in operator.outputs), None),
                "macs": _macs(kind, operator, tensors, batch) if is_layer else 0,
            }
        )
    short = _names(found)
    follows = _follows(found)
    operators = tuple(
        Operator(
            index=i,
            name=short[i],
            follows=follows[i],
            **{key: op[key] for key in OWN},
        )
        for i, op in enumerate(found)
    )
    sizes: Counter[str] = Counter()
    for tensor, size in zip(tensors, constant, strict=True):
        sizes[types[tensor.type]] += size
    return Graph(
        operators=operators,
        ends=tuple(types[tensors[i].type] for i in (*subgraph.inputs, *subgraph.outputs)),
        types=dict(Counter(types[t.type] for t in tensors)),
        constant_bytes={name: size for name, size in sizes.items() if size},
    )


def kept_as(opened: Opened) -> dict[int, int]:
    """The constants of which a DEQUANTIZE makes tensors, by these tensors: weights that alone are
    quantized are kept so.
    """
    tensors, found = opened.graph.tensors, {}
    for operator in opened.graph.operators:
        if opened.kind(operator) != "DEQUANTIZE" or not len(operator.outputs):
            continue
        made_of = operator.inputs[0] if len(operator.inputs) else -1
        if made_of >= 0 and opened.size(tensors[made_of]):
            found[int(operator.outputs[0])] = int(made_of)
    return found


def _batch(tensor: Any) -> int:
    """How many inputs a graph is for; one if any number may come."""
    return max(1, int(tensor.shape[0])) if len(tensor.shape) else 1


def _macs(kind: str, operator: Any, tensors: Sequence[Any], batch: int) -> int:
    """Of one input, however many there are in a batch: the weights that make a position, each once
    for every position. A dilated convolution may come as one whose positions lie in the batch.
    """
    weights = count(tensors[operator.inputs[1]])
    if kind == "TRANSPOSE_CONV":  # every position of its input is multiplied by all weights
        positions = tensors[operator.inputs[TRANSPOSED_INPUT]].shape[:-1]
    else:
        positions = tensors[operator.outputs[0]].shape[:-1]
    return math.prod(map(int, positions)) * weights // batch


def _follows(found: Sequence[dict[str, Any]]) -> list[int]:
    """Of every operator, the layer whose precision it takes."""
    layers = [i for i, op in enumerate(found) if op["kind"] in LAYERS]
    of_tensor: dict[int, int] = {}
    follows = []
    for i, op in enumerate(found):
        before = [of_tensor[t] for t in op["inputs"] if t in of_tensor]
        taken = i if op["kind"] in LAYERS else max(before, default=-1)
        follows.append(taken)
        of_tensor |= dict.fromkeys(op["outs"], taken) if taken >= 0 else {}
    first = layers[0] if layers else 0
    return [first if taken < 0 else taken for taken in follows]


def _names(found: Sequence[dict[str, Any]]) -> list[str]:
    """The names of operators; those of a quantizer's own are numbered."""
    told = [op["outputs"][0] if op["outputs"] else op["kind"] for op in found]
    named = [i for i, op in enumerate(found) if op["kind"] not in BETWEEN]
    short = dict(zip(named, short_names([told[i] for i in named]), strict=True))
    return [short.get(i) or f"{op['kind']}#{i}" for i, op in enumerate(found)]


def short_names(names: Sequence[str]) -> list[str]:
    """What people call operators, by the names of their outputs: without the scope that all share,
    the operator's own kind, and the numbers that a converter adds; each unlike the others.

    A converter joins the names of what it merged by ';'. The first tells the layer.
    """
    parts = [name.split(";")[0].split("/") for name in names]
    scopes = Counter(p[0] for p in parts if len(p) > 1)
    shared = {scope for scope, times in scopes.items() if times > len(names) / 2}
    found = []
    for words in parts:
        inner = words[1:] if words[0] in shared else words
        found.append(inner[:-1] if len(inner) > 1 else inner)
    whole = ["/".join(words) for words in found]
    plain = ["/".join(re.sub(r"_\d+$|:\d+$", "", word) for word in words) for words in found]
    choices = [(names, Counter(names)) for names in (plain, whole)]
    return [_unlike(i, choices)[:MOST_NAME] for i in range(len(found))]


def _unlike(i: int, choices: Sequence[tuple[Sequence[str], Counter[str]]]) -> str:
    """The first of an operator's names that no other has, or one with its number."""
    for names, times in choices:
        if times[names[i]] == 1:
            return names[i]
    return f"{choices[0][0][i]}#{i}"
