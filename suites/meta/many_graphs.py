"""Files of several graphs: each multiplies a row of numbers by a factor of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from suites.meta.tinymodels import Graph, operator

WIDTH = 4


def write_graphs(
    path: Path,
    factors: Sequence[float],
    signatures: Mapping[str, int],
    *,
    calls: Mapping[int, Any] | None = None,
    open_sizes: bool = False,
    custom: str | None = None,
) -> Path:
    """Write a graph for each factor, and a signature for each name, by its graph's place. `calls`
    has the options of an operator that calls other graphs, by the place of the graph that it stands
    in; such a file is only read. With `open_sizes` the row's length is left open. `custom` names a
    custom operator that each graph has instead.
    """
    graph = Graph()
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [], []
    kinds = [schema.BuiltinOperator.MUL if custom is None else schema.BuiltinOperator.CUSTOM]
    ends: list[tuple[int, int]] = []
    for place, factor in enumerate(factors):
        graph.tensors = []
        shape = [1, 1] if open_sizes else [1, WIDTH]
        row = graph.tensor(f"row{place}", shape, schema.TensorType.FLOAT32)
        by = graph.tensor("by", [1], schema.TensorType.FLOAT32, np.array([factor], np.float32))
        made = graph.tensor(f"made{place}", shape, schema.TensorType.FLOAT32)
        for end in (row, made) if open_sizes else ():
            graph.tensors[end].shapeSignature = [1, -1]
        subgraph = schema.SubGraphT()
        subgraph.name = f"graph{place}".encode()
        subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [row], [made]
        times = operator(0, [row, by], [made], dense=False)
        if custom is None:
            times.builtinOptionsType = schema.BuiltinOptions.MulOptions
            times.builtinOptions = schema.MulOptionsT()
        subgraph.operators = [times]
        if (calls or {}).get(place) is not None:
            subgraph.operators.append(_calling((calls or {})[place], row, made))
        model.subgraphs.append(subgraph)
        ends.append((row, made))
    for kind in kinds:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.customCode = None if custom is None else custom.encode()
        code.version = 1
        model.operatorCodes.append(code)
    model.buffers = graph.buffers
    model.signatureDefs = [_signature(name, k, ends[k]) for name, k in signatures.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, model)
    return path


def repeat_graph(path: Path, signature: str) -> None:
    """Give a file of one graph that graph once more, by the name of a signature."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.subgraphs = [*model.subgraphs, *model.subgraphs]
    ends = model.subgraphs[0].inputs[0], model.subgraphs[0].outputs[0]
    model.signatureDefs = [_signature(signature, 1, ends)]
    write_file(path, model)


def write_file(path: Path, model: Any) -> None:
    """Write the schema's object of a file."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def _calling(options: Any, row: int, made: int) -> Any:
    """An operator with these options; what it is called makes no difference to who reads it."""
    calling = operator(0, [row], [made], dense=False)
    name = type(options).__name__.removesuffix("T")
    second = hasattr(schema.BuiltinOptions2, name)
    kinds = schema.BuiltinOptions2 if second else schema.BuiltinOptions
    part = "builtinOptions2" if second else "builtinOptions"
    setattr(calling, f"{part}Type", getattr(kinds, name))
    setattr(calling, part, options)
    return calling


def _signature(name: str, place: int, ends: tuple[int, int]) -> Any:
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = name.encode(), place
    maps = (schema.TensorMapT(), schema.TensorMapT())
    for one, argument, tensor in zip(maps, (b"x", b"y"), ends, strict=True):
        one.name, one.tensorIndex = argument, tensor
    made.inputs, made.outputs = [maps[0]], [maps[1]]
    return made
