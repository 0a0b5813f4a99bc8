"""The worker's loop: one request, one reply, until the host closes the stream.

Requests: `hello`, `load`, `run`, `time`, `phases`, `memory`, `waiting`, `sees`, `cpus`, `pin`. A
reply has "ok"; where it is false, "message" says why and "kind" is "refused" (the artifact),
"unavailable" (what it shall run on), "absent" (the runtime isn't here), "broken" (it is, and can't
be used) or "request" (the host asked for what can't be done).
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from .costs import cpu_times, forget_peak, least_busy, memory
from .engine import Broken, Engine, Refused, Unavailable
from .engines import NoAdapter, describe, make
from .protocol import VERSION, Frame, Header, read_frame, write_frame

Reply = Tuple[Header, List["np.ndarray[Any, Any]"]]


class BadRequest(Exception):
    """The host asked for something this worker can't do."""


class Session:
    """The artifacts that this worker holds, by the host's handles."""

    def __init__(self) -> None:
        self._engines: Dict[str, Engine] = {}
        self._before = (0, 0)
        self._mapped: Dict[str, "np.ndarray[Any, Any]"] = {}
        self._wide: Dict[Tuple[str, int], Optional[Engine]] = {}

    def hello(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Who and where this worker is, and which version of the runtime it has."""
        return dict(
            describe(header["engine"]),
            protocol=VERSION,
            pid=os.getpid(),
            python=platform.python_version(),
            numpy=np.__version__,
            architecture=platform.machine(),
            system=platform.platform(),
        ), []

    def load(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Load an artifact; the reply has the digest of the bytes that were loaded, as evidence,
        and how long it took to make it ready to run.
        """
        digest = _digest(header["path"])
        forget_peak()
        self._before = memory()
        started = time.perf_counter_ns()
        engine = make(header["engine"], header["path"], header["options"])
        init_ns = time.perf_counter_ns() - started
        self._engines[header["handle"]] = engine
        self._wide.clear()
        self._mapped.clear()  # another file may have come to bear the same name
        return {
            "sha256": digest,
            "init_ns": init_ns,
            "inputs": engine.inputs,
            "outputs": engine.outputs,
            "facts": engine.facts,
        }, []

    def run(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Run every row of the input tensors (first axis: rows); the reply stacks the outputs."""
        engine, batch = self._engine(header), int(header["batch"])
        tensors = tensors or [self._placed(where) for where in header["placed"]]
        if batch > 1 and len(tensors[0]) > batch:
            wide = self._batched(header["handle"], engine, batch, tensors)
            if wide is not None:
                return {}, _run_batches(wide, batch, tensors)
        return {}, _run_rows(engine, tensors)

    def time(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Time the handles in turn; their inputs follow one another, handle by handle. Without any
        those that were given before serve again.

        Every round invokes each handle once, in an order that turns from round to round, so that
        none always runs in another's wake. Durations in ns: int64 of shape (handles, rounds). The
        reply says how long this process ran meanwhile, and how long it waited for a CPU.
        """
        engines = [self._engine({"handle": handle}) for handle in header["handles"]]
        for engine in engines if tensors else ():
            engine.set_inputs(tensors[: len(engine.inputs)])
            del tensors[: len(engine.inputs)]
        rounds, warmup = int(header["rounds"]), int(header["warmup_rounds"])
        durations = np.zeros((len(engines), rounds), np.int64)
        order = list(range(len(engines)))
        clock = time.perf_counter_ns
        before = None
        for number in range(-warmup, rounds):
            if number == 0:
                before = cpu_times()
            for k in order:
                started = clock()
                _invoke(engines[k])
                elapsed = clock() - started
                if number >= 0:
                    durations[k, number] = elapsed
            order.append(order.pop(0))
        return _waiting(before, cpu_times()), [durations]

    def phases(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Time whole inferences of one handle, from its inputs here to its outputs here: int64 ns
        of shape (3, rounds), upload, compute and read-back.

        Where an accelerator computes, `compute` ends when it was told to, and `read-back` waits for
        it: their sum is what a product waits.
        """
        engine, clock = self._engine(header), time.perf_counter_ns
        launch = getattr(engine, "launch", engine.invoke)
        rounds, warmup = int(header["rounds"]), int(header["warmup_rounds"])
        durations = np.zeros((3, rounds), np.int64)
        before = None
        for number in range(-warmup, rounds):
            if number == 0:
                before = cpu_times()
            times = [clock()]
            engine.set_inputs(tensors)
            times.append(clock())
            _run(launch)
            times.append(clock())
            engine.get_outputs()
            times.append(clock())
            if number >= 0:
                durations[:, number] = np.diff(times)
        return _waiting(before, cpu_times()), [durations]

    def memory(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """The process's memory in bytes: when the last artifact was loaded, and its peak since."""
        resident, peak = self._before
        return {"resident_before": resident, "peak_before": peak, "peak": memory()[1]}, []

    def waiting(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """How long this process ran and waited for a CPU since it began."""
        return _waiting((0, 0), cpu_times()), []

    def sees(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """The first bytes of a file in memory, by which the host knows that both see the same."""
        try:
            with open(header["file"], "rb") as file:
                return {"bytes": file.read(16).hex()}, []
        except OSError:
            return {"bytes": ""}, []

    def cpus(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """The CPUs that this process may use, least busy first; none where that isn't told."""
        return {"cpus": least_busy(float(header["seconds"]))}, []

    def pin(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Stay on these CPUs from now on, with all threads that are yet to come."""
        os.sched_setaffinity(0, [int(cpu) for cpu in header["cpus"]])
        return {}, []

    def _placed(self, where: Dict[str, Any]) -> "np.ndarray[Any, Any]":
        """A tensor that the host has put into a file in memory, without a copy."""
        if where["file"] not in self._mapped:
            self._mapped[where["file"]] = np.memmap(where["file"], np.uint8, "r")
        dtype, shape = np.dtype(where["dtype"]), tuple(where["shape"])
        count = dtype.itemsize * int(np.prod(shape))
        tensor: "np.ndarray[Any, Any]" = self._mapped[where["file"]][:count].view(dtype)
        return tensor.reshape(shape)

    def _batched(
        self, handle: str, engine: Engine, batch: int, tensors: List["np.ndarray[Any, Any]"]
    ) -> Optional[Engine]:
        """The engine for `batch` rows at once, if it gives the same bytes as one row after another:
        tried once, on the first rows that come.
        """
        if (handle, batch) not in self._wide:
            self._wide[handle, batch] = None
            try:
                wide = engine.batched(batch)
                if wide is not None:
                    first = [t[:batch] for t in tensors]
                    together, alone = _run_batches(wide, batch, first), _run_rows(engine, first)
                    same = [
                        a.shape == b.shape and a.tobytes() == b.tobytes()
                        for a, b in zip(together, alone)
                    ]
                    self._wide[handle, batch] = wide if all(same) else None
            except (Refused, ValueError):
                pass  # one row after another then
        return self._wide[handle, batch]

    def _engine(self, header: Header) -> Engine:
        handle = header["handle"]
        if handle not in self._engines:
            raise BadRequest("no artifact is loaded as %r" % handle)
        return self._engines[handle]


def _digest(path: str) -> str:
    """The SHA-256 of a file, a little of which is in memory at a time."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 18), b""):
            digest.update(block)
    return digest.hexdigest()


def _waiting(before: Optional[Tuple[int, int]], after: Optional[Tuple[int, int]]) -> Header:
    """How long this process ran and waited for a CPU between two looks, in ns; None if unknown."""
    if before is None or after is None:
        return {"ran_ns": None, "waited_ns": None}
    return {"ran_ns": after[0] - before[0], "waited_ns": after[1] - before[1]}


def _run_rows(
    engine: Engine, tensors: List["np.ndarray[Any, Any]"]
) -> List["np.ndarray[Any, Any]"]:
    """One row after another; the outputs stacked."""
    rows = []
    for i in range(len(tensors[0])):
        engine.set_inputs([t[i] for t in tensors])
        _invoke(engine)
        rows.append(engine.get_outputs())
    try:
        return [np.stack(column) for column in zip(*rows)]
    except ValueError:
        raise Refused("an output changes its shape with the input") from None


def _run_batches(
    engine: Engine, batch: int, tensors: List["np.ndarray[Any, Any]"]
) -> List["np.ndarray[Any, Any]"]:
    """The same with rows of shape (1, ...) taken `batch` at once; the last ones are filled up."""
    count = len(tensors[0])
    parts = []
    for start in range(0, count, batch):
        rows = [t[start : start + batch] for t in tensors]
        missing = batch - len(rows[0])
        if missing:
            rows = [np.concatenate([r, np.repeat(r[-1:], missing, axis=0)]) for r in rows]
        engine.set_inputs([r.reshape((batch, *r.shape[2:])) for r in rows])
        _invoke(engine)
        parts.append([o[:, np.newaxis] for o in engine.get_outputs()])
    return [np.concatenate(column)[:count] for column in zip(*parts)]


def _invoke(engine: Engine) -> None:
    _run(engine.invoke)


def _run(step: Callable[[], None]) -> None:
    try:
        step()
    except (RuntimeError, ValueError) as error:
        raise Refused(" ".join(str(error).split())) from None


def answer(session: Session, frame: Frame) -> Reply:
    """The reply to one request."""
    header, tensors = frame
    operations: Dict[str, Callable[[Header, List["np.ndarray[Any, Any]"]], Reply]] = {
        "cpus": session.cpus,
        "hello": session.hello,
        "load": session.load,
        "memory": session.memory,
        "phases": session.phases,
        "pin": session.pin,
        "run": session.run,
        "sees": session.sees,
        "time": session.time,
        "waiting": session.waiting,
    }
    try:
        reply, outputs = operations[header["op"]](header, tensors)
    except Refused as error:
        return {"ok": False, "kind": "refused", "message": str(error)}, []
    except Unavailable as error:
        return {"ok": False, "kind": "unavailable", "message": str(error)}, []
    except NoAdapter as error:
        return {"ok": False, "kind": "absent", "message": str(error)}, []
    except Broken as error:
        return {"ok": False, "kind": "broken", "message": str(error)}, []
    except BadRequest as error:
        message = str(error)
    except KeyError as error:
        message = "the request lacks %s" % error
    except OSError as error:
        message = "%s: %s" % (error.filename, error.strerror) if error.filename else str(error)
    else:
        return dict(reply, ok=True), outputs
    return {"ok": False, "kind": "request", "message": message}, []


def main() -> None:
    """Serve stdin and stdout; whatever a runtime prints goes to stderr instead."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: Any = sys.stdin.buffer
    session = Session()
    while True:
        frame = read_frame(requests)
        if frame is None:
            return
        header, tensors = answer(session, frame)
        write_frame(replies, header, tensors)
