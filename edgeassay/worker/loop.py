"""The worker's loop: one request, one reply, until the host closes the stream.

Requests: `hello`, `load`, `run`, `time`. A reply has "ok"; where it is false, "message" says why
and "kind" is "refused" (the artifact) or "request" (the host asked for what can't be done).
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from .engine import Engine, Refused
from .protocol import VERSION, Frame, Header, read_frame, write_frame

Reply = Tuple[Header, List["np.ndarray[Any, Any]"]]


class BadRequest(Exception):
    """The host asked for something this worker can't do."""


class Session:
    """The artifacts that this worker holds, by the host's handles."""

    def __init__(self) -> None:
        self._engines: Dict[str, Engine] = {}

    def hello(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Who and where this worker is, and which version of the runtime it has."""
        return dict(
            _describe(header["engine"]),
            protocol=VERSION,
            pid=os.getpid(),
            python=platform.python_version(),
            numpy=np.__version__,
            architecture=platform.machine(),
            system=platform.platform(),
        ), []

    def load(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Load an artifact; the reply has the digest of the bytes that were loaded, as evidence."""
        with open(header["path"], "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        engine = _make(header["engine"], header["path"], header["options"])
        self._engines[header["handle"]] = engine
        return {
            "sha256": digest,
            "inputs": engine.inputs,
            "outputs": engine.outputs,
            "facts": engine.facts,
        }, []

    def run(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Run every row of the input tensors (first axis: rows); the reply stacks the outputs."""
        engine = self._engine(header)
        rows = []
        for i in range(len(tensors[0])):
            engine.set_inputs([t[i] for t in tensors])
            _invoke(engine)
            rows.append(engine.get_outputs())
        return {}, [np.stack(column) for column in zip(*rows)]

    def time(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Time the handles in turn; the inputs follow one another, handle by handle.

        Every round invokes each handle once, in an order that turns from round to round, so that
        none always runs in another's wake. Durations in ns: int64 of shape (handles, rounds).
        """
        engines = [self._engine({"handle": handle}) for handle in header["handles"]]
        for engine in engines:
            engine.set_inputs(tensors[: len(engine.inputs)])
            del tensors[: len(engine.inputs)]
        rounds, warmup = int(header["rounds"]), int(header["warmup_rounds"])
        durations = np.zeros((len(engines), rounds), np.int64)
        order = list(range(len(engines)))
        clock = time.perf_counter_ns
        for number in range(-warmup, rounds):
            for k in order:
                started = clock()
                _invoke(engines[k])
                elapsed = clock() - started
                if number >= 0:
                    durations[k, number] = elapsed
            order.append(order.pop(0))
        return {}, [durations]

    def _engine(self, header: Header) -> Engine:
        handle = header["handle"]
        if handle not in self._engines:
            raise BadRequest("no artifact is loaded as %r" % handle)
        return self._engines[handle]


def _invoke(engine: Engine) -> None:
    try:
        engine.invoke()
    except (RuntimeError, ValueError) as error:
        raise Refused(" ".join(str(error).split())) from None


def _describe(engine: str) -> Dict[str, Any]:
    if engine == "litert":
        from .litert import describe

        try:
            return describe()
        except ImportError as error:
            raise BadRequest("the runtime can't be imported: %s" % error) from None
    raise BadRequest("this worker has no adapter for %r" % engine)


def _make(engine: str, path: str, options: Dict[str, Any]) -> Engine:
    if engine == "litert":
        from .litert import LitertEngine

        return LitertEngine(path, options["threads"], options["kernels"])
    raise BadRequest("this worker has no adapter for %r" % engine)


def answer(session: Session, frame: Frame) -> Reply:
    """The reply to one request."""
    header, tensors = frame
    operations: Dict[str, Callable[[Header, List["np.ndarray[Any, Any]"]], Reply]] = {
        "hello": session.hello,
        "load": session.load,
        "run": session.run,
        "time": session.time,
    }
    try:
        reply, outputs = operations[header["op"]](header, tensors)
    except Refused as error:
        return {"ok": False, "kind": "refused", "message": str(error)}, []
    except (BadRequest, KeyError, OSError) as error:
        message = "%s: %s" % (type(error).__name__, error)
        return {"ok": False, "kind": "request", "message": message}, []
    return dict(reply, ok=True), outputs


def main() -> None:
    """Serve stdin and stdout; whatever a runtime prints goes to stderr instead."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    session = Session()
    while True:
        frame = read_frame(requests)
        if frame is None:
            return
        header, tensors = answer(session, frame)
        write_frame(replies, header, tensors)
