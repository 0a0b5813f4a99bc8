"""A .tflite with all its constants inside the flatbuffer.

ai-edge-quantizer puts those of a file of more than 256 KiB behind it, by their offsets. A runtime
that doesn't know of offsets sees tensors without data there: tflite-micro takes them for
activations, loads the file, and computes with whatever lies in its arena.
"""

from __future__ import annotations

from typing import Any, Final

import flatbuffers
import numpy as np

# What the schema of .tflite wants of the bytes of a buffer (force_align).
ALIGNMENT: Final = 16


class _Builder(flatbuffers.Builder):  # type: ignore[misc]  # it has no types
    """Puts bytes where the schema wants them, of which the generated code knows nothing."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        wanted = ALIGNMENT if elemSize == 1 else alignment
        return super().StartVector(elemSize, numElems, wanted)


def in_one_piece(data: bytes) -> bytes:
    """The same network with its constants inside."""
    from ai_edge_litert.tools import flatbuffer_utils

    builder = _Builder(len(data))
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    for buffer in model.buffers:
        if buffer.data is not None:  # anything but an array is written byte by byte
            buffer.data = np.frombuffer(buffer.data, np.uint8)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
