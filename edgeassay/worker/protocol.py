"""Frames between host and worker: a JSON header, then the bytes of its tensors.

    4 bytes   b"EAW1"
    4 bytes   length of the header, unsigned, big endian
    header    JSON object in UTF-8; its "tensors" list gives dtype and shape of what follows
    tensors   C-ordered bytes, little endian, one after the other

Loading a frame executes nothing, and what it may allocate is bounded.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, List, Optional, Protocol, Sequence, Tuple

import numpy as np

VERSION = 7
MAGIC = b"EAW1"
MAX_HEADER_BYTES = 1 << 20
MAX_TENSOR_BYTES = 1 << 30

Header = Dict[str, Any]
Frame = Tuple[Header, List["np.ndarray[Any, Any]"]]


class ProtocolError(Exception):
    """The other side sent something that is no frame."""


class StreamEnded(ProtocolError):
    """The other side is gone, in the middle of what it sent."""


class NoFrame(ProtocolError):
    """What came isn't of this protocol at all; `start` is how it begins."""

    def __init__(self, start: bytes) -> None:
        super().__init__("not a frame: it begins with %r" % start[:4])
        self.start = start


class Readable(Protocol):
    """Where frames come from."""

    def readinto(self, buffer: Any, /) -> Any: ...


class Writable(Protocol):
    """Where frames go to."""

    def write(self, data: "bytes | memoryview", /) -> Any: ...

    def flush(self) -> None: ...


def write_frame(
    stream: Writable, header: Header, tensors: Sequence["np.ndarray[Any, Any]"] = ()
) -> None:
    """Send one frame and flush."""
    arrays = [np.ascontiguousarray(t) for t in tensors]
    arrays = [a.astype(a.dtype.newbyteorder("<"), copy=False) for a in arrays]
    described = [{"dtype": a.dtype.str, "shape": list(t.shape)} for a, t in zip(arrays, tensors)]
    text = json.dumps(dict(header, tensors=described)).encode("utf-8")
    stream.write(MAGIC + struct.pack(">I", len(text)) + text)
    for array in arrays:
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def _fill(stream: Readable, buffer: Any) -> None:
    """Fill the buffer from the stream, without a copy on the way."""
    left = memoryview(buffer)
    while left:
        count = stream.readinto(left)
        if not count:
            raise StreamEnded("the stream ended inside a frame")
        left = left[count:]


def _read_exactly(stream: Readable, count: int) -> bytes:
    data = bytearray(count)
    _fill(stream, data)
    return bytes(data)


def read_frame(stream: Readable, most_bytes: Optional[int] = None) -> Optional[Frame]:
    """The next frame; None when the stream ends between frames. ProtocolError where it is none, or
    its tensors take more than `most_bytes`.
    """
    first = bytearray(1)
    if not stream.readinto(first):
        return None
    start = bytes(first) + _read_exactly(stream, 7)
    if start[:4] != MAGIC:
        raise NoFrame(start)
    (length,) = struct.unpack(">I", start[4:])
    if length > MAX_HEADER_BYTES:
        raise ProtocolError("a header of %d bytes is over the limit" % length)
    try:
        header = json.loads(_read_exactly(stream, length).decode("utf-8"))
        described = [_described(t) for t in header.pop("tensors")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError("the header can't be read: %s" % error) from None
    total = sum(size for _, _, size in described)
    if most_bytes is not None and total > most_bytes:
        raise ProtocolError("it announces tensors of %d bytes, and %d fit" % (total, most_bytes))
    tensors = []
    for dtype, shape, size in described:
        data = np.empty(size, np.uint8)
        _fill(stream, data)
        try:
            tensors.append(data.view(dtype).reshape(shape))
        except ValueError as error:
            raise ProtocolError("a tensor can't be read: %s" % error) from None
    return header, tensors


def _described(tensor: Any) -> Tuple["np.dtype[Any]", Tuple[int, ...], int]:
    """Type, shape and bytes of a tensor that a header announces."""
    dtype, shape = np.dtype(tensor["dtype"]), tuple(tensor["shape"])
    if any(type(side) is not int or side < 0 for side in shape) or dtype.hasobject:
        raise ProtocolError("a tensor %s of shape %s is not allowed" % (dtype, shape))
    size = dtype.itemsize
    for side in shape:
        size *= side
    if size > MAX_TENSOR_BYTES or any(side > MAX_TENSOR_BYTES for side in shape):
        raise ProtocolError("a tensor %s of shape %s is not allowed" % (dtype, shape))
    return dtype, shape, size
