"""A worker that lies: it speaks the protocol with nothing but Python, and does one thing wrong.

Its first argument is JSON: {operation: what is wrong}. `reply` changes keys of the right reply,
those in `without` are left out, `tensors` are announced, `data` zero bytes follow them, `raw` is
sent instead of a frame (hexadecimal), `stderr` bytes are said first, and `end` is a status, minus a
signal, or "hang". Its second argument is the version of the protocol that it claims to speak.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from typing import Any

VERSION = int(sys.argv[2])
SHA256 = "0" * 64
TENSOR = {"name": "a", "shape": [1, 2], "dtype": "float32", "scale": 0.0, "zero_point": 0}
RIGHT: dict[str, dict[str, Any]] = {
    "hello": {
        "protocol": VERSION,
        "runtime": "lies",
        "runtime_version": "1",
        "python": "3",
        "numpy": "2",
        "architecture": "abacus",
        "system": "wood",
        "hostname": "board",
        "cpus": 1,
        "pid": os.getpid(),
    },
    "load": {
        "sha256": SHA256,
        "init_ns": 1,
        "inputs": [TENSOR],
        "outputs": [TENSOR],
        "facts": {},
    },
    "run": {},
    "time": {"ran_ns": 1, "waited_ns": None},
    "memory": {"resident_before": 0, "peak_before": 1, "peak": 2},
    "waiting": {"ran_ns": None, "waited_ns": None},
    "cpus": {"cpus": [0]},
    "sees": {"bytes": ""},
    "pin": {},
    "has": {"path": ""},
    "put": {},
    "end": {"path": "/there"},
}
SENT: dict[str, tuple[list[Any], int]] = {
    "run": ([{"dtype": "<f4", "shape": [3, 1, 2]}], 24),
    "time": ([{"dtype": "<i8", "shape": [1, 4]}], 32),
}


SIZES = {"<f4": 4, "<i8": 8, "|u1": 1}


def read(count: int) -> bytes:
    """So many bytes of what is asked; it ends with its input."""
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def asked() -> str:
    """The operation that the next request is for."""
    (length,) = struct.unpack(">I", read(8)[4:])
    header: dict[str, Any] = json.loads(read(length))
    for tensor in header["tensors"]:
        size = SIZES[tensor["dtype"]]
        for side in tensor["shape"]:
            size *= side
        read(size)
    return str(header["op"])


def end(how: str | int) -> None:
    """Hang, or end with a status or by a signal."""
    if isinstance(how, str):
        time.sleep(60)
    elif how < 0:
        os.kill(os.getpid(), -how)
    else:
        os._exit(how)


def answer(op: str, lie: dict[str, Any]) -> bytes:
    """The reply, with what is wrong in it."""
    if "raw" in lie:
        return bytes.fromhex(lie["raw"])
    tensors, data = SENT.get(op, ([], 0))
    reply = RIGHT[op] | {"ok": True} | lie.get("reply", {})
    reply = {key: said for key, said in reply.items() if key not in lie.get("without", [])}
    text = json.dumps(reply | {"tensors": lie.get("tensors", tensors)}).encode()
    return b"EAW1" + struct.pack(">I", len(text)) + text + bytes(lie.get("data", data))


def main() -> None:
    wrong: dict[str, dict[str, Any]] = json.loads(sys.argv[1])
    while True:
        op = asked()
        lie = wrong.get(op, {})
        for _ in range(lie.get("stderr", 0) >> 16):
            sys.stderr.write("lies " * 13107 + "\n")
        sys.stderr.flush()
        if "end" in lie:
            end(lie["end"])
        sys.stdout.buffer.write(answer(op, lie))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
