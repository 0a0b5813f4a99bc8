"""What an .onnx says of itself, as far as it is needed before a runtime opens it.

The format is ProtoBuf (onnx/onnx.proto): fields one after another, each with a number and, where it
is itself a message, a length. Only the fields that may lead to weights are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from edgeassay.protobuf import messages

# Of each kind of message, the fields that are messages too, by number.
FIELDS: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
DEEPEST: Final = 64  # graphs within graphs


def kept_elsewhere(data: bytes) -> str | None:
    """The name of a file that weights are kept in beside this one; None where all are here, or the
    bytes are no .onnx: that is the runtime's to say.
    """
    try:
        return next(_locations(memoryview(data), "model", 0), None)
    except (ValueError, IndexError):
        return None


def in_one_file(other: str) -> str:
    """What to do about weights that are kept in another file, in words."""
    return (
        f"it keeps weights in another file, {other!r}, which its digest and size don't cover; save"
        " both as one (torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(FILE),"
        " NEW_FILE))"
    )


def _locations(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    """The places of external data in a message."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    for number, inner in messages(message):
        below = FIELDS[kind].get(number)
        if below == "entry":
            words = {n: bytes(text) for n, text in messages(inner)}
            if words.get(1) == b"location":
                yield words.get(2, b"").decode("utf-8", "replace")
        elif below is not None:
            yield from _locations(inner, below, depth + 1)
