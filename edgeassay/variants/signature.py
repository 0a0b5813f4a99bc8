"""A signature for a .tflite that has none: calibration calls a network by it."""

from __future__ import annotations

from typing import Any, Final

KEY: Final = "serving_default"


def with_signature(data: bytes) -> bytes:
    """The bytes of a .tflite whose inputs and outputs can be called by name; its own where they can
    be already.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    if model.signatureDefs:
        return data
    graph = model.subgraphs[0]
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = KEY.encode(), 0
    made.inputs = [_named(graph, index, schema) for index in graph.inputs]
    made.outputs = [_named(graph, index, schema) for index in graph.outputs]
    model.signatureDefs = [made]
    builder = flatbuffers.Builder(len(data) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _named(graph: Any, index: int, schema: Any) -> Any:
    """A tensor by its own name, and by its number where it has none."""
    named = schema.TensorMapT()
    named.name, named.tensorIndex = graph.tensors[index].name or f"tensor_{index}".encode(), index
    return named
