"""Commands as users type them, each in a process of its own.

A fresh process spends seconds on imports before it reads its arguments. So a command is forked from
a process that has imported everything (`suites.meta.warm`), unless something about it needs a fresh
one: then, or with `EDGEASSAY_TESTS_START=afresh`, it is started as users start it. One such process
serves all of these tests' processes, and a second one has imported TensorFlow as well.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final, Self

import pytest
from filelock import FileLock

from edgeassay.converter import CONVERTER_MODULE

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = str(ROOT)  # the only PYTHONPATH that changes nothing about what is imported

START: Final = "EDGEASSAY_TESTS_START"
# Read by Python itself or by a library while it is imported: what has imported them is too late.
# What matters is whether a command's environment differs in them from these tests' own.
READ_AT_IMPORT: Final = (
    *("PYTHON", "LC_", "LANG", "TZ", "TF_", "OMP_", "OPENBLAS_", "MKL_"),
    *("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_"),
)
HARMLESS: Final = ("PYTHONDONTWRITEBYTECODE",)
# Libraries would start threads for their sums, and a process with threads can't be forked.
THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# As the converter process has it before it imports TensorFlow.
CONVERTING: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def run(
    module: str,
    *arguments: str,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 120.0,
    together: bool = False,
    converting: bool = False,
    afresh: bool = False,
) -> subprocess.CompletedProcess[str]:
    """What `python -m MODULE ARGUMENTS` does in a folder: its exit code and what it showed.

    MODULE may be `-c`, with code for the first argument. With `together`, stderr is part of stdout.
    A command that is `converting` needs TensorFlow. TimeoutExpired if it hasn't ended in time; it
    is killed then. The environment is the usual one if none is given.
    """
    seen = dict(environment or surroundings())
    words = [sys.executable, *(["-m"] if module != "-c" else []), module, *arguments]
    if afresh or needs_fresh(seen) or any(word.startswith("-n") for word in arguments):
        return subprocess.run(
            words,
            cwd=folder,
            env=seen,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        Path(os.devnull).open("rb") as nothing,
    ):
        streams = [nothing.fileno(), out.fileno(), (out if together else err).fileno()]
        forked = Forked([module, *arguments], folder, seen, streams, converting=converting)
        try:
            in_time = forked.wait(timeout_s) is not None
        finally:
            forked.kill()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8"))
        if not in_time:
            late = subprocess.TimeoutExpired(words, timeout_s, *texts)
            late.add_note(f"it had shown:\n{''.join(texts)[-3000:]}")
            raise late
    return subprocess.CompletedProcess(
        words, forked.returncode or 0, texts[0], None if together else texts[1]
    )


def surroundings(**changed: str) -> dict[str, str]:
    """The environment of these tests, without what pytest tells its own processes."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | changed


def needs_fresh(environment: Mapping[str, str]) -> bool:
    """Whether only a fresh process can see what this environment says, or the system can't fork."""
    if os.environ.get(START) == "afresh" or sys.platform != "linux":
        return True
    names = {*environment, *os.environ}
    read = {n for n in names if n.startswith(READ_AT_IMPORT) and n not in HARMLESS}
    different = {n for n in read if environment.get(n) != os.environ.get(n)}
    return not different <= {"PYTHONPATH"} or environment.get("PYTHONPATH", HERE) != HERE


class Forked:
    """A command that is forked from a warm process, which listens in a folder of sockets.

    `returncode` is None until `wait` has seen the end.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[int],
        *,
        converting: bool,
        sockets: Path | None = None,
    ) -> None:
        request = {
            "module": words[0],
            "arguments": list(words[1:]),
            "folder": str(folder),
            "environment": dict(environment),
            "umask": _umask(),
        }
        text = json.dumps(request).encode()
        self.returncode: int | None = None
        try:
            self._ask(warm(converting, sockets), text, streams)
        except OSError:  # that process has ended: once more, with a new one
            warm.cache_clear()
            self._ask(warm(converting, sockets), text, streams)

    def _ask(self, path: Path, text: bytes, streams: Sequence[int]) -> None:
        self._connection = connected(path)
        try:
            socket.send_fds(self._connection, [text], list(streams))
            process = self._number(None)
            if process is None:
                raise ConnectionResetError("the process that commands are forked from has ended")
        except OSError:
            self._connection.close()
            raise
        self.pid = process

    def wait(self, timeout_s: float | None = None) -> int | None:
        """How it ended; None if it goes on after this time."""
        if self.returncode is None:
            self.returncode = self._number(timeout_s)
            if self.returncode is not None:
                self._connection.close()
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def _number(self, timeout_s: float | None) -> int | None:
        """The next number that is sent; None if none comes in this time."""
        self._connection.settimeout(timeout_s)
        try:
            data = self._connection.recv(4)
        except TimeoutError:
            return None
        return struct.unpack("i", data)[0] if data else None


def python(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What Python code that needs TensorFlow writes on stdout; the test fails if it raises."""
    done = run("-c", code, *arguments, environment=environment, timeout_s=600.0, converting=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def needs(module: str, *, reason: str) -> None:
    """Skip the module of tests that calls this if a library isn't installed, without importing it.

    TensorFlow would cost seconds in each process that collects tests.
    """
    if find_spec(module) is None:
        pytest.skip(reason, allow_module_level=True)


class Piped(Forked):
    """A command that converts, with pipes for its stdin and stdout. Its words go into a log."""

    def __init__(self, words: Sequence[str], log: IO[bytes], sockets: Path | None = None) -> None:
        theirs, mine = os.pipe()
        self.stdin = os.fdopen(mine, "w")
        mine, out = os.pipe()
        self.stdout = os.fdopen(mine, "r")
        streams = [theirs, out, log.fileno()]
        super().__init__(words, Path.cwd(), os.environ, streams, converting=True, sockets=sockets)
        os.close(theirs)
        os.close(out)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stdin.close()
        self.wait()


def forked_converter(request: Path, log: IO[bytes], *, sockets: Path | None = None) -> Piped:
    """The converter process, as `edgeassay.converter` starts it."""
    return Piped([CONVERTER_MODULE, str(request)], log, sockets)


def connected(path: Path) -> socket.socket:
    """A connection to a process that listens at a path, which may have just been started."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


@cache
def warm(converting: bool, folder: Path | None = None) -> Path:
    """Where the process listens from which commands are forked; it is started if it isn't there.

    It ends a while after the last process that asked for it here.
    """
    path = (folder or shared_folder()) / ("converting" if converting else "usual")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        try:
            connection = connected(path)
        except (FileNotFoundError, ConnectionRefusedError):  # not yet there, or just gone
            path.unlink(missing_ok=True)
            _start(path, CONVERTING if converting else {})
            connection = connected(path)
        connection.detach()  # open for as long as this process lives, so that it is served
    return path


# In a forked command: the environment of the process that it was forked from.
own: Final[dict[str, str]] = {}


def _start(path: Path, environment: Mapping[str, str]) -> None:
    """Start a process that listens at a path; the one that is waited for leaves it behind.

    It has nothing of the command that needs it first: neither its streams nor its environment.
    """
    threads = dict.fromkeys(THREADS, "1")
    subprocess.run(
        [sys.executable, "-m", "suites.meta.warm", str(path)],
        cwd=ROOT,
        env={**(own or os.environ), **threads, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


@cache
def shared_folder() -> Path:
    """The folder of the sockets, which pytest-xdist's workers share."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if session is None:
        return Path(tempfile.mkdtemp(prefix="edgeassay-warm-"))
    folder = Path(tempfile.gettempdir()) / f"edgeassay-warm-{session}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _umask() -> int:
    before = os.umask(0o077)
    os.umask(before)
    return before
