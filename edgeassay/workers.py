"""The host's side of the worker: start it by a command, talk, time out, bury."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import numpy as np
import numpy.typing as npt

from edgeassay.errors import Absent, ArtifactError, Broken, WorkerError, last_words, why
from edgeassay.slots import Placed, Slot
from edgeassay.spec import RuntimeSpec
from edgeassay.worker import protocol

PIPE_BYTES: Final = 1 << 20
CLOSING_S: Final = 5.0
WORKER_FOLDER: Final = Path(__file__).parent / "worker"

Tensor = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An input or output of a loaded artifact; scale 0 means that it isn't quantized."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    @property
    def holds(self) -> str:
        """What it holds, for people: the name of a number's type, or "text"."""
        return self.dtype.name if self.dtype.kind in "biufc" else "text"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An artifact in a worker: its handle there, its tensors, the digest of what was loaded, and
    how long it took to make it ready to run, where it was loaded just now. `facts` is what else its
    runtime says of it.
    """

    handle: str
    label: str
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    init_ns: int | None = field(default=None, compare=False)
    facts: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class TimedRounds:
    """Durations of `invoke()` in ns, int64 (artifacts, rounds), and for how long the worker ran
    meanwhile and waited for a CPU, where its system tells.
    """

    durations: npt.NDArray[np.int64]
    ran_ns: int | None
    waited_ns: int | None


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Durations in ns, int64 (rounds): inputs written, the network run, outputs read.

    An accelerator may compute on after it was told to, and reading the outputs then waits for it:
    of one phase alone nothing follows there, only of their sum.
    """

    upload: npt.NDArray[np.int64]
    compute: npt.NDArray[np.int64]
    read_back: npt.NDArray[np.int64]

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """All of it: what a product waits for."""
        return self.upload + self.compute + self.read_back


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A worker's memory in bytes: what was resident before it loaded its last artifact (0 where
    that isn't told), its peak before and its peak since, or by now where a peak can't begin anew.
    """

    resident_before: int
    peak_before: int
    peak: int


class _Pipe:
    """One end of a pipe to the worker, with a deadline: past it, TimeoutError."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._selector = selectors.DefaultSelector()
        os.set_blocking(stream.fileno(), False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # a large pipe lets host and worker take fewer turns
            with contextlib.suppress(OSError):
                fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._selector.register(
            stream.fileno(),
            selectors.EVENT_WRITE if stream.writable() else selectors.EVENT_READ,
        )
        self.deadline = 0.0

    def _wait(self) -> int:
        if not self._selector.select(max(0.0, self.deadline - time.monotonic())):
            raise TimeoutError
        return self._stream.fileno()

    def readinto(self, buffer: memoryview | bytearray) -> int:
        return os.readv(self._wait(), [buffer])

    def write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._wait(), view[:PIPE_BYTES]) :]

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self._selector.close()
        with contextlib.suppress(OSError):
            self._stream.close()


class Worker:
    """A running worker process. Use it as a context manager: leaving it ends the process."""

    def __init__(
        self,
        command: Sequence[str],
        engine: str,
        *,
        label: str,
        timeout_s: float,
        remedy: str | None = None,
    ) -> None:
        """Start `command` with the worker's folder appended, to serve what `label` names; greet it.

        `{python}` in the command is this Python. Absent where the runtime isn't there, Broken
        where it can't be used, with the `remedy`; WorkerError where the process dies or is silent
        for `timeout_s`.
        """
        self._remedy = "" if remedy is None else f"; {remedy}"
        self._engine = engine
        self._timeout_s = timeout_s
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        self._serving = f"{label} on runtime {engine}"
        self._asking = threading.RLock()
        self._closed = False
        words = [word.replace("{python}", sys.executable) for word in command]
        try:
            self._process = subprocess.Popen(
                [*words, str(WORKER_FOLDER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C is the host's to handle
            )
        except OSError as error:
            self._log.close()
            raise Broken(
                f"the worker of runtime {engine} can't be started: {words[0]}: {why(error)}"
                f"{self._remedy}"
            ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = _Pipe(self._process.stdin)
        self._replies = _Pipe(self._process.stdout)
        self.facts = self._greet()

    def _greet(self) -> dict[str, Any]:
        """What the worker says of itself; Broken where its Python can't even start it."""
        try:
            facts = self._ask({"op": "hello", "engine": self._engine})[0]
        except WorkerError as error:
            if (self._process.returncode or 0) > 0:
                raise Broken(
                    f"the environment of runtime {self._engine} is broken: {error}{self._remedy}"
                ) from None
            raise
        if facts["protocol"] != protocol.VERSION:
            self.close()
            raise Absent(
                f"the worker of runtime {self._engine} speaks version {facts['protocol']} of the"
                f" protocol, and this edgeassay {protocol.VERSION}; copy the folder"
                " edgeassay/worker to the device again"
            )
        return facts

    def load(self, path: Path, runtime: RuntimeSpec, handle: str, label: str) -> Loaded:
        """Load the artifact at `path`; ArtifactError with the runtime's words where it refuses."""
        self._serving = f"{label} on runtime {self._engine}"
        options = asdict(runtime)
        reply, _ = self._ask(
            {
                "op": "load",
                "engine": options.pop("engine"),
                "path": str(path),
                "handle": handle,
                "options": options,
            }
        )
        return read_loaded(reply, label, handle)

    def run(
        self, loaded: Loaded, inputs: Sequence[Tensor | Placed], batch: int = 1
    ) -> list[Tensor]:
        """Run each row of the inputs (first axis) through the artifact; outputs stacked alike.

        With `batch` the worker runs so many rows at once where the artifact allows it and gives the
        same bytes that way. An input may lie in a slot that the worker `sees`.
        """
        self._serving = f"{loaded.label} on runtime {self._engine}"
        request = {"op": "run", "handle": loaded.handle, "batch": batch}
        placed = [asdict(item) for item in inputs if isinstance(item, Placed)]
        if placed:
            assert len(placed) == len(inputs), "all inputs travel in one way"
            return self._ask(request | {"placed": placed})[1]
        return self._ask(request, [t for t in inputs if not isinstance(t, Placed)])[1]

    def sees(self, slot: Slot) -> bool:
        """Whether the worker may read the slot's file on this same machine."""
        token = slot.sign()
        return bool(self._ask({"op": "sees", "file": slot.path})[0]["bytes"] == token)

    def time(
        self,
        loaded: Sequence[Loaded],
        inputs: Sequence[Sequence[Tensor]],
        rounds: int,
        warmup_rounds: int,
    ) -> TimedRounds:
        """Durations of `invoke()` by the worker's clock, interleaved; without inputs, on those that
        were given last.
        """
        self._serving = f"{' and '.join(item.label for item in loaded)} on runtime {self._engine}"
        request = {
            "op": "time",
            "handles": [item.handle for item in loaded],
            "rounds": rounds,
            "warmup_rounds": warmup_rounds,
        }
        reply, (durations,) = self._ask(request, [t for row in inputs for t in row])
        return TimedRounds(
            durations=durations, ran_ns=reply["ran_ns"], waited_ns=reply["waited_ns"]
        )

    def phases(
        self, loaded: Loaded, inputs: Sequence[Tensor], rounds: int, warmup_rounds: int
    ) -> Phases:
        """Durations of whole inferences by the worker's clock, from the worker's inputs to its
        outputs.
        """
        self._serving = f"{loaded.label} on runtime {self._engine}"
        request = {
            "op": "phases",
            "handle": loaded.handle,
            "rounds": rounds,
            "warmup_rounds": warmup_rounds,
        }
        _, (durations,) = self._ask(request, inputs)
        return Phases(upload=durations[0], compute=durations[1], read_back=durations[2])

    def cpus(self, seconds: float) -> list[int]:
        """The CPUs that the worker may use, the one that idled most during `seconds` first; none
        where its system doesn't tell, or can't keep it there.
        """
        return [int(cpu) for cpu in self._ask({"op": "cpus", "seconds": seconds})[0]["cpus"]]

    def pin(self, cpus: Sequence[int]) -> None:
        """Keep the worker on these CPUs, with what it loads from now on."""
        self._ask({"op": "pin", "cpus": list(cpus)})

    def waiting(self) -> tuple[int | None, int | None]:
        """How long the worker ran and waited for a CPU since it began, in ns; None if unknown."""
        reply, _ = self._ask({"op": "waiting"})
        return reply["ran_ns"], reply["waited_ns"]

    def memory(self) -> Memory:
        """The worker's memory since it loaded its last artifact."""
        reply, _ = self._ask({"op": "memory"})
        return Memory(**{k: reply[k] for k in ("resident_before", "peak_before", "peak")})

    def _ask(
        self, header: dict[str, Any], tensors: Sequence[Tensor] = ()
    ) -> tuple[dict[str, Any], list[Tensor]]:
        with self._asking:
            return self._ask_alone(header, tensors)

    def _ask_alone(
        self, header: dict[str, Any], tensors: Sequence[Tensor]
    ) -> tuple[dict[str, Any], list[Tensor]]:
        if self._closed:
            raise WorkerError(f"the worker that served {self._serving} was ended")
        deadline = time.monotonic() + self._timeout_s
        self._requests.deadline = self._replies.deadline = deadline
        try:
            protocol.write_frame(self._requests, header, tensors)
            frame = protocol.read_frame(self._replies)
        except TimeoutError:
            self.close()
            raise WorkerError(
                f"the worker that served {self._serving} was silent for {self._timeout_s:g} s and"
                " was ended; a slower device needs a larger timing.timeout_s in its profile"
            ) from None
        except (protocol.ProtocolError, BrokenPipeError) as error:
            raise self._died(str(error)) from None
        if frame is None:
            raise self._died("it closed its output")
        reply, outputs = frame
        if reply["ok"]:
            return reply, outputs
        if reply["kind"] == "refused":
            raise ArtifactError(
                f"{self._serving}: the runtime refuses it ({reply['message']}); copy it again, or"
                " export it anew (fixed shapes, built-in operators), or leave this runtime out of"
                " the model's [runtimes]",
                words=reply["message"],
            )
        if reply["kind"] == "unavailable":
            raise Absent(f"{self._serving}: {reply['message']}")
        self.close()
        if reply["kind"] == "absent":
            raise Absent(
                f"runtime {self._engine} isn't installed there ({reply['message']}){self._remedy}"
            )
        if reply["kind"] == "broken":
            raise Broken(
                f"the environment of runtime {self._engine} is broken: {reply['message']}"
                f"{self._remedy}"
            )
        raise WorkerError(f"the worker could not serve {self._serving}: {reply['message']}")

    def _died(self, symptom: str) -> WorkerError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2.0)
        status = self._process.poll()
        self._log.seek(0)
        words = last_words(self._log.read().decode("utf-8", "replace"))
        self.close()
        if status is None:
            how = f"broke the protocol ({symptom}) and was ended"
        elif status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        else:
            how = f"ended with status {status}"
        return WorkerError(
            f"the worker that served {self._serving} {how}"
            + (f"; it said: {words[-400:]}" if words else "")
        )

    def close(self) -> None:
        """End the process; safe to call twice, and from another thread than the one that asks."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        # A thread that waits for a reply is woken by the process's end. Closed under its hands,
        # the pipe would never wake it.
        if self._asking.acquire(timeout=CLOSING_S):
            try:
                self._closed = True
                self._requests.close()
                self._replies.close()
                self._log.close()
            finally:
                self._asking.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_loaded(facts: dict[str, Any], label: str, handle: str = "") -> Loaded:
    """What a worker says of an artifact that it loaded."""
    return Loaded(
        handle=handle,
        label=label,
        sha256=facts["sha256"],
        inputs=tuple(_tensor(t) for t in facts["inputs"]),
        outputs=tuple(_tensor(t) for t in facts["outputs"]),
        init_ns=facts.get("init_ns"),
        facts=facts.get("facts", {}),
    )


def describe_loaded(loaded: Loaded) -> dict[str, Any]:
    """The same for a JSON file, as `read_loaded` reads it."""
    ends = {"inputs": loaded.inputs, "outputs": loaded.outputs}
    tensors = {k: [asdict(t) | {"dtype": t.dtype.name} for t in ts] for k, ts in ends.items()}
    return {"sha256": loaded.sha256, "facts": loaded.facts, **tensors}


def _tensor(facts: dict[str, Any]) -> TensorSpec:
    return TensorSpec(
        name=facts["name"],
        shape=tuple(facts["shape"]),
        dtype=np.dtype(facts["dtype"]),
        scale=facts["scale"],
        zero_point=facts["zero_point"],
    )
