"""What an .onnx says of itself, as far as it is needed before a runtime opens it.

The format is ProtoBuf (onnx/onnx.proto): fields one after another, each with a number and, where it
is itself a message, a length. Only the fields that may lead to weights are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

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

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5


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
    for number, inner in _messages(message):
        below = FIELDS[kind].get(number)
        if below == "entry":
            words = {n: bytes(text) for n, text in _messages(inner)}
            if words.get(1) == b"location":
                yield words.get(2, b"").decode("utf-8", "replace")
        elif below is not None:
            yield from _locations(inner, below, depth + 1)


def _messages(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message that have a length, each with its number."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == BYTES:
            length, place = _varint(message, place)
            if place + length > len(message):
                raise ValueError("cut off")
            yield number, message[place : place + length]
            place += length
        elif wire == VARINT:
            _, place = _varint(message, place)
        elif wire in (FIXED_64, FIXED_32):
            place += 8 if wire == FIXED_64 else 4
        else:
            raise ValueError("no ProtoBuf")


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("no number")
