"""Talk with a worker's process: requests and replies, and what is said of one that fails."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from edgeassay.errors import (
    Absent,
    ArtifactError,
    Broken,
    EdgeassayError,
    Incomparable,
    Unreached,
    WorkerError,
    why,
)
from edgeassay.worker import protocol
from edgeassay.workers.endings import how_it_ended, is_unreachable, must_not_wait, what_to_do
from edgeassay.workers.process import Process, printable
from edgeassay.workers.remote import WORKER_FOLDER, Elsewhere, NotThere
from edgeassay.workers.replies import Reader, Reply, Tensor, count, read_answer, read_greeting

CLOSING_S: Final = 5.0
BEGUN_S: Final = 0.2

T = TypeVar("T")


class Conversation:
    """A worker's process that has greeted. Use it as a context manager: leaving it ends it."""

    def __init__(
        self,
        command: Sequence[str],
        engine: str | None,
        *,
        label: str,
        timeout_s: float,
        elsewhere: Elsewhere | None = None,
        remedy: str | None = None,
    ) -> None:
        """Start `command` with the worker's folder appended, to serve what `label` names; greet it.

        `{python}` in the command is this Python. Without an engine it only keeps files. Absent
        where the machine or the runtime isn't there, Broken where command or runtime can't be used,
        with the `remedy`; NotThere where only the worker's copy is missing; WorkerError where the
        process dies or is silent for `timeout_s`.
        """
        self._remedy = "" if remedy is None else f"; {remedy}"
        self._engine = engine
        self._timeout_s = timeout_s
        self._elsewhere = elsewhere
        self._asking = threading.RLock()
        self._closed = False
        self._serve(label)
        self._command = [word.replace("{python}", sys.executable) for word in command]
        folder = str(WORKER_FOLDER) if elsewhere is None else elsewhere.worker
        try:
            self._process = Process([*self._command, folder])
        except OSError as error:
            raise Broken(
                f"the worker{self._of_runtime} can't be started: {self._command[0]}: {why(error)}"
                f"{self._remedy}"
            ) from None
        self.facts = self._greet()

    def _serve(self, label: str) -> None:
        self._serving = label if self._engine is None else f"{label} on runtime {self._engine}"

    @property
    def _of_runtime(self) -> str:
        return "" if self._engine is None else f" of runtime {self._engine}"

    def _greet(self) -> Reply:
        """What the worker says of itself; Absent where its Python can't even start it, or the
        machine isn't reached.
        """

        def read(reply: Reply, _: list[Tensor]) -> Reply:
            spoken = count(reply, "protocol")
            if spoken != protocol.VERSION:
                raise Absent(
                    f"the worker{self._of_runtime} speaks version {spoken} of the protocol, and"
                    f" this edgeassay {protocol.VERSION}; {self._renewal}"
                )
            return read_greeting(reply, of_runtime=self._engine is not None)

        try:
            return self._ask({"op": "hello", "engine": self._engine}, read=read)
        except Absent:
            self.close()
            raise

    @property
    def _renewal(self) -> str:
        """How the worker's files get to where it runs."""
        if self._elsewhere is not None:
            return f"`edgeassay push {self._elsewhere.device}` copies it there"
        return (
            "its command must start the folder that is appended to it: on another machine give the"
            " worker a `folder`, and `edgeassay push` copies it there"
        )

    def _ask(
        self,
        header: dict[str, Any],
        tensors: Sequence[Tensor] = (),
        *,
        read: Reader[T],
        most: int | None = 0,
    ) -> T:
        """The reply to a request, as `read` understands it; its tensors take `most` bytes."""
        with self._asking:
            if self._closed:
                raise WorkerError(f"the worker that served {self._serving} was ended")
            op = header["op"]
            self._process.allow(self._timeout_s)
            try:
                request = header | {"most_s": self._timeout_s}
                protocol.write_frame(self._process.requests, request, tensors)
                frame = protocol.read_frame(self._process.replies, most)
                if frame is None:
                    raise self._died(op)
                failure = read_answer(frame[0])
                if failure is None:
                    return read(*frame)
            except TimeoutError:
                raise self._silent(op) from None
            except protocol.NoFrame as error:
                raise self._babbled(error.start, op) from None
            except (protocol.StreamEnded, BrokenPipeError):
                raise self._died(op) from None
            except protocol.ProtocolError as error:
                self.close()
                raise WorkerError(
                    f"the worker that served {self._serving} broke the protocol (its reply to"
                    f" {op!r}: {error}) and was ended; {self._renewal}"
                ) from None
            raise self._refused(*failure)

    def _refused(self, kind: str, message: str) -> EdgeassayError:
        """What the worker didn't serve, and says why."""
        message = printable(message)
        of_artifact = self._of_artifact(kind, message)
        if of_artifact is not None:
            return of_artifact
        self.close()
        if kind == "absent":
            return Absent(f"runtime {self._engine} isn't installed there ({message}){self._remedy}")
        if kind == "broken":
            return Broken(
                f"the environment of runtime {self._engine} is broken: {message}{self._remedy}"
            )
        if kind == "files" and self._elsewhere is not None:
            return WorkerError(
                f"{self._serving} can't be copied to {self._elsewhere.device}: {message}; make room"
                f" below {self._elsewhere.folder} there, or choose another `folder`"
            )
        return WorkerError(f"the worker could not serve {self._serving}: {message}")

    def _of_artifact(self, kind: str, message: str) -> EdgeassayError | None:
        """What is said of the artifact, after which the worker can serve another; None where it is
        about the worker itself.
        """
        if kind == "refused":
            return ArtifactError(
                f"{self._serving}: the runtime refuses it ({message}); copy it again, or"
                " export it anew (fixed shapes, built-in operators), or leave this runtime out of"
                " the model's [runtimes]",
                words=message,
            )
        if kind == "unrepeatable":
            return Incomparable(
                f"{self._serving}: {message}, so no score of it is a fact about an image; export it"
                " for inference: without active dropout, random operators, and a state that one"
                " input leaves to the next"
            )
        return Absent(f"{self._serving}: {message}") if kind == "unavailable" else None

    def _silent(self, op: str) -> EdgeassayError:
        """A worker that didn't reply in time, and is ended."""
        count, words = self._process.log.count, self._process.log.words()
        self.close()
        told = f"the worker that served {self._serving} was silent for {self._timeout_s:g} s"
        told += f" but for {count:,} bytes on stderr ({words})" if words else ""
        if op == "hello" and self._elsewhere is not None:
            return Unreached(
                f"{told} before it greeted and was ended; {must_not_wait(self._command)}"
            )
        return WorkerError(
            f"{told} and was ended; a slower device needs a larger timing.timeout_s in its profile"
        )

    def _babbled(self, start: bytes, op: str) -> EdgeassayError:
        """A worker whose output isn't of the protocol at all, and which is ended."""
        more = bytearray(200)
        self._process.allow(BEGUN_S)
        try:
            size = self._process.replies.readinto(more)
        except TimeoutError:
            size = 0
        begun = printable((start + more[:size]).decode("utf-8", "replace"))[:80]
        symptom = f"broke the protocol (its reply to {op!r} began with {begun!r}) and was ended"
        self.close()
        return WorkerError(
            f"the worker that served {self._serving} {symptom}; whatever logs in there, or wraps"
            " its command, must write nothing on stdout"
        )

    def _died(self, op: str) -> EdgeassayError:
        """A worker that is gone, or has closed its output."""
        status, words = self._process.await_end(), self._process.log.words()
        self.close()
        if status is None:
            how, remedy = "closed its output and was ended", self._renewal
        else:
            how, remedy = how_it_ended(status, self._command), what_to_do(status, self._command)
        said = f"; it said: {words}" if words else ""
        told = f"the worker that served {self._serving} {how}{said}; {remedy}"
        if op == "hello" and is_unreachable(self._command, status):
            return Unreached(
                f"the worker{self._of_runtime} isn't reached: ssh has no connection{said}; {remedy}"
            )
        if op == "hello" and status is not None and status > 0:
            kind = Broken if self._elsewhere is None else NotThere
            return kind(f"the environment{self._of_runtime} is broken: {told}{self._remedy}")
        return WorkerError(told)

    @property
    def lives(self) -> bool:
        """Whether its process is there still."""
        return not self._closed and self._process.runs

    def close(self) -> None:
        """End the process; safe to call twice, and from another thread than the one that asks."""
        if self._closed:
            return
        self._process.kill()
        # A thread that waits for a reply is woken by the process's end. Closed under its hands,
        # the pipe would never wake it.
        if self._asking.acquire(timeout=CLOSING_S):
            try:
                self._closed = True
                self._process.close()
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
