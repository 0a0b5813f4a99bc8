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

VERSION = 4
MAGIC = b"EAW1"
MAX_HEADER_BYTES = 1 << 20
MAX_TENSOR_BYTES = 1 << 30

Header = Dict[str, Any]
Frame = Tuple[Header, List["np.ndarray[Any, Any]"]]


class ProtocolError(Exception):
    """The other side sent something that is no frame."""


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
            raise ProtocolError("the stream ended inside a frame")
        left = left[count:]


def _read_exactly(stream: Readable, count: int) -> bytes:
    data = bytearray(count)
    _fill(stream, data)
    return bytes(data)


def read_frame(stream: Readable) -> Optional[Frame]:
    """The next frame; None when the stream ends between frames."""
    first = bytearray(1)
    if not stream.readinto(first):
        return None
    start = bytes(first) + _read_exactly(stream, 7)
    if start[:4] != MAGIC:
        raise ProtocolError("not a frame: it begins with %r" % start[:4])
    (length,) = struct.unpack(">I", start[4:])
    if length > MAX_HEADER_BYTES:
        raise ProtocolError("a header of %d bytes is over the limit" % length)
    try:
        header = json.loads(_read_exactly(stream, length).decode("utf-8"))
        described = [(np.dtype(t["dtype"]), tuple(t["shape"])) for t in header.pop("tensors")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError("the header can't be read: %s" % error) from None
    tensors = []
    for dtype, shape in described:
        count = 1
        for side in shape:
            count *= side
        size = count * dtype.itemsize
        if dtype.hasobject or min(shape, default=0) < 0 or size > MAX_TENSOR_BYTES:
            raise ProtocolError("a tensor %s of shape %s is not allowed" % (dtype, shape))
        data = np.empty(size, np.uint8)
        _fill(stream, data)
        tensors.append(data.view(dtype).reshape(shape))
    return header, tensors
