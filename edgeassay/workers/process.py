"""A started command with deadlines on its pipes; what it says on stderr is kept within bounds."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO, Final

from edgeassay.errors import last_words

PIPE_BYTES: Final = 1 << 20
KEPT_BYTES: Final = 1 << 16
QUOTED: Final = 400
ENDING_S: Final = 2.0
LISTENING_S: Final = 0.5


def _enlarge(stream: IO[bytes]) -> None:
    """A large pipe lets both ends take fewer turns."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


class Log:
    """What a process says on stderr: read whenever it is waited for, and only its end is kept.

    So a process that floods it costs neither disk nor memory, and nobody needs a thread.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        os.set_blocking(stream.fileno(), False)
        _enlarge(stream)
        self.stream = stream
        self.ended = False
        self.count = 0
        self._end = bytearray()

    def read_some(self) -> bool:
        """Read what is there; whether there was anything."""
        try:
            data = os.read(self.stream.fileno(), PIPE_BYTES)
        except BlockingIOError:
            return False
        self.count += len(data)
        self.ended = not data
        self._end += data
        del self._end[:-KEPT_BYTES]
        return bool(data)

    def words(self) -> str:
        """The last that was said, in printable characters, on one line."""
        until = time.monotonic() + LISTENING_S
        while not self.ended and self.read_some() and time.monotonic() < until:
            pass  # who floods it still is cut off
        return printable(last_words(self._end.decode("utf-8", "replace")))[-QUOTED:]


def printable(text: str) -> str:
    """A text without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


class Pipe:
    """One end of a pipe to a process, with a deadline: past it, TimeoutError. While it waits it
    reads the log, so that none of them waits for the other.
    """

    def __init__(self, stream: IO[bytes], log: Log) -> None:
        self._stream = stream
        self._log = log
        self._selector = selectors.DefaultSelector()
        os.set_blocking(stream.fileno(), False)
        _enlarge(stream)
        wanted = selectors.EVENT_WRITE if stream.writable() else selectors.EVENT_READ
        self._selector.register(stream.fileno(), wanted)
        self._selector.register(log.stream.fileno(), selectors.EVENT_READ)
        self._listening = True
        self.deadline = 0.0

    def _wait(self) -> int:
        while True:
            if self._listening and self._log.ended:
                self._selector.unregister(self._log.stream.fileno())
                self._listening = False
            ready = self._selector.select(max(0.0, self.deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            files = [key.fd for key, _ in ready]
            if self._listening and self._log.stream.fileno() in files:
                self._log.read_some()
            if self._stream.fileno() in files:
                return self._stream.fileno()
            if time.monotonic() >= self.deadline:  # it talks on, and doesn't come to the point
                raise TimeoutError

    def readinto(self, buffer: memoryview | bytearray) -> int:
        """As a raw stream's: what is there by now, 0 at the end."""
        return os.readv(self._wait(), [buffer])

    def write(self, data: bytes | memoryview) -> None:
        """Write all of it."""
        view = memoryview(data)
        while view:
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._wait(), view[:PIPE_BYTES]) :]

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Close it, so that the process sees its end."""
        self._selector.close()
        with contextlib.suppress(OSError):
            self._stream.close()


class Process:
    """A command, running in a session of its own: Ctrl-C is the host's to handle, and whatever the
    command starts ends with it. OSError where it can't be started.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._killed = False
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.log = Log(process.stderr)
        self.requests = Pipe(process.stdin, self.log)
        self.replies = Pipe(process.stdout, self.log)

    def allow(self, seconds: float) -> None:
        """What is read and written from now on may take so long in all."""
        self.requests.deadline = self.replies.deadline = time.monotonic() + seconds

    @property
    def runs(self) -> bool:
        """Whether it hasn't ended."""
        return self._process.poll() is None

    def await_end(self) -> int | None:
        """Its status if it ends about now, which is minus a signal's number; else None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=ENDING_S)
        return self._process.returncode

    def kill(self) -> None:
        """End it with all that it has started."""
        if not self._killed:  # once: later its number may be another's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._killed = True
        self._process.wait()

    def close(self) -> None:
        """Close its pipes, once nobody reads them any more."""
        self.requests.close()
        self.replies.close()
        self.log.stream.close()
