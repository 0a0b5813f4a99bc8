"""The worker's loop: one request, one reply, until the host closes the stream.

Requests: `hello`, `load`, `run`, `time`, `phases`, `memory`, `waiting`, `sees`, `cpus`, `pin`, and
on another machine than the host's `has`, `put`, `end`. A reply has "ok"; where it is false,
"message" says why and "kind" is "refused" (the artifact), "unrepeatable" (its outputs don't follow
from its inputs alone), "unavailable" (what it shall run on), "absent" (the runtime isn't here),
"broken" (it is, and can't be used), "files" (what was sent can't be kept) or "request" (the host
asked for what can't be done).
"""

from __future__ import annotations

import faulthandler
import os
import platform
import sys
import time
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

import numpy as np

from .costs import cpu_times, forget_peak, least_busy, memory
from .engine import Broken, Engine, Misused, Refused, Unavailable, Unrepeatable
from .engines import NoAdapter, describe, make
from .files import BadFile, Files, digest_of
from .protocol import VERSION, Frame, Header, read_frame, write_frame
from .repeating import check_repeatable

Reply = Tuple[Header, List["np.ndarray[Any, Any]"]]

MOST_MAPPED = 8
GRACE_S = 10.0


class BadRequest(Exception):
    """The host asked for something this worker can't do."""


# The kind of failure that the host is told of an exception.
SAID_OF: Dict[Type[Exception], str] = {
    Refused: "refused",
    Unrepeatable: "unrepeatable",
    Unavailable: "unavailable",
    NoAdapter: "absent",
    Broken: "broken",
}


class Session:
    """The artifacts that this worker holds, by the host's handles."""

    def __init__(self) -> None:
        self._engines: Dict[str, Engine] = {}
        self._before = (0, 0)
        self._mapped: Dict[str, "np.ndarray[Any, Any]"] = {}
        self._wide: Dict[Tuple[str, int], Optional[Engine]] = {}
        self._repeat: Dict[str, Optional[Unrepeatable]] = {}
        self._files = Files()

    def hello(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Who and where this worker is, and which version of the runtime it has, if it is to have
        one: who only brings files needs none.
        """
        return dict(
            describe(header["engine"]) if header["engine"] is not None else {},
            protocol=VERSION,
            pid=os.getpid(),
            hostname=platform.node(),
            cpus=_cpus(),
            python=platform.python_version(),
            numpy=np.__version__,
            architecture=platform.machine(),
            system=platform.platform(),
        ), []

    def load(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Load an artifact; the reply has the digest of the bytes that were loaded, as evidence,
        and how long it took to make it ready to run.
        """
        digest = digest_of(header["path"])
        forget_peak()
        self._before = memory()
        started = time.perf_counter_ns()
        engine = make(header["engine"], header["path"], header["options"])
        init_ns = time.perf_counter_ns() - started
        self._engines[header["handle"]] = engine
        self._wide.clear()
        self._repeat.pop(header["handle"], None)
        self._mapped.clear()  # another file may have come to bear the same name
        return {
            "sha256": digest,
            "init_ns": init_ns,
            "inputs": engine.inputs,
            "outputs": engine.outputs,
            "facts": engine.facts,
        }, []

    def run(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Run every row of the input tensors (first axis: rows); the reply stacks the outputs. Each
        row is run as if it were the first; whether that is so is tried once, unless the host says
        that it doesn't need to be `repeatable`.
        """
        engine, batch = self._engine(header), int(header["batch"])
        tensors = tensors or [self._placed(where) for where in header["placed"]]
        if header["repeatable"]:
            self._check_repeatable(header["handle"], engine, tensors)
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

    def has(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Where a file of the host's is; "" where it isn't here."""
        return {"path": self._files.find(header["folder"], header["name"])}, []

    def put(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """Take a part of a file."""
        self._files.take(header["folder"], header["name"], header["offset"], tensors[0])
        return {}, []

    def end(self, header: Header, tensors: List["np.ndarray[Any, Any]"]) -> Reply:
        """A file has come as a whole; where it is."""
        return {"path": self._files.finish(header["folder"], header["name"])}, []

    def _check_repeatable(
        self, handle: str, engine: Engine, tensors: List["np.ndarray[Any, Any]"]
    ) -> None:
        if handle not in self._repeat:
            self._repeat[handle] = None
            rows = [[t[k] for t in tensors] for k in range(len(tensors[0]))]
            try:
                check_repeatable(lambda row: _outputs_of(engine, row), rows)
            except Unrepeatable as error:
                self._repeat[handle] = error
        found = self._repeat[handle]
        if found is not None:
            raise found

    def _placed(self, where: Dict[str, Any]) -> "np.ndarray[Any, Any]":
        """A tensor that the host has put into a file in memory, without a copy."""
        if where["file"] not in self._mapped:
            if len(self._mapped) >= MOST_MAPPED:
                self._mapped.clear()
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


def _waiting(before: Optional[Tuple[int, int]], after: Optional[Tuple[int, int]]) -> Header:
    """How long this process ran and waited for a CPU between two looks, in ns; None if unknown: a
    thread that ended meanwhile takes its account along.
    """
    if before is None or after is None or after[0] < before[0] or after[1] < before[1]:
        return {"ran_ns": None, "waited_ns": None}
    return {"ran_ns": after[0] - before[0], "waited_ns": after[1] - before[1]}


def _outputs_of(engine: Engine, row: List["np.ndarray[Any, Any]"]) -> List["np.ndarray[Any, Any]"]:
    """The outputs of one row, whatever was run before."""
    engine.reset()
    engine.set_inputs(row)
    _invoke(engine)
    return engine.get_outputs()


def _run_rows(
    engine: Engine, tensors: List["np.ndarray[Any, Any]"]
) -> List["np.ndarray[Any, Any]"]:
    """One row after another; the outputs stacked."""
    rows = [_outputs_of(engine, [t[i] for t in tensors]) for i in range(len(tensors[0]))]
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
        outputs = _outputs_of(engine, [r.reshape((batch, *r.shape[2:])) for r in rows])
        parts.append([o[:, np.newaxis] for o in outputs])
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
        "end": session.end,
        "has": session.has,
        "hello": session.hello,
        "load": session.load,
        "memory": session.memory,
        "phases": session.phases,
        "pin": session.pin,
        "put": session.put,
        "run": session.run,
        "sees": session.sees,
        "time": session.time,
        "waiting": session.waiting,
    }
    kind = "files" if header.get("op") in ("has", "put", "end") else "request"
    try:
        reply, outputs = operations[header["op"]](header, tensors)
    except tuple(SAID_OF) as error:
        return {"ok": False, "kind": SAID_OF[type(error)], "message": str(error)}, []
    except (BadFile, BadRequest, Misused) as error:
        message = str(error)
    except KeyError as error:
        message = "the request lacks %s" % error
    except OSError as error:
        message = "%s: %s" % (error.filename, error.strerror) if error.filename else str(error)
    else:
        return dict(reply, ok=True), outputs
    return {"ok": False, "kind": kind, "message": message}, []


def _cpus() -> int:
    """How many CPUs this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def main() -> None:
    """Serve stdin and stdout; whatever a runtime prints goes to stderr instead.

    Who asks says for how long he waits. A worker that hangs ends itself after that: what ends its
    command over there, or takes the connection away, doesn't reach it.
    """
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: Any = sys.stdin.buffer
    session = Session()
    while True:
        frame = read_frame(requests)
        if frame is None:
            return
        if "most_s" in frame[0]:
            faulthandler.dump_traceback_later(float(frame[0]["most_s"]) + GRACE_S, exit=True)
        header, tensors = answer(session, frame)
        write_frame(replies, header, tensors)
        faulthandler.cancel_dump_traceback_later()
