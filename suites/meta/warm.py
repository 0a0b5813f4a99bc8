"""The process behind `suites.meta.commands`: it has imported all, and forks once per command.

Run as `python -m suites.meta.warm PATH`, where PATH is the socket to listen at. Each request names
a module to run as `python -m` would, its arguments, its folder, its environment and its streams.
The forked child takes all of these over, leaves the loop and ends as Python ends any program.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from filelock import FileLock

from edgeassay import converter
from suites.meta import commands

# What a command of the project may import from elsewhere, whenever it imports it.
LIBRARIES: Final = (
    *("numpy", "numpy.testing", "scipy.stats", "scipy.ndimage", "scipy.optimize"),
    *("sklearn.metrics", "sklearn.linear_model", "PIL.Image", "PIL.ImageOps", "PIL.PngImagePlugin"),
    *("pydantic", "psutil", "pooch", "ruptures", "jinja2", "yaml", "jsonschema", "optuna"),
    *("rich.table", "rich.console", "rich.progress", "rich.traceback", "rich.markdown"),
    *("typer", "typer.rich_utils", "filelock", "packaging.requirements", "vl_convert"),
    *("cyclonedx.model.bom", "cyclonedx.output.json", "cyclonedx.validation.json"),
    *("_pytest.config", "_pytest.assertion.rewrite", "_pytest.junitxml", "_pytest.fixtures"),
    *("pytest_benchmark.plugin", "pytest_benchmark.utils", "xdist.plugin"),
    *("ai_edge_litert.interpreter",),
)
# Their import costs seconds: only for commands that convert or train.
CONVERTING: Final = ("tensorflow", "keras", "tf_keras", "ai_edge_quantizer")
# Modules that run something, and those of a worker's own Python.
NOT_IMPORTED: Final = ("edgeassay.__main__", "edgeassay.worker")
MESSAGE: Final = 1 << 20
IDLE_S: Final = 10.0  # how long it waits for somebody to come back


class Request(NamedTuple):
    """A command: what `python -m MODULE ARGUMENTS` is run with."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    umask: int
    streams: list[int]


def import_everything(converting: bool) -> None:
    """Import what commands need, as far as it is installed."""
    import edgeassay

    names = [m.name for m in pkgutil.walk_packages(edgeassay.__path__, "edgeassay.")]
    wanted = [n for n in names if n not in NOT_IMPORTED and not n.startswith("edgeassay.worker.")]
    for name in (*LIBRARIES, *wanted, *(CONVERTING if converting else ())):
        with warnings.catch_warnings(), suppress(ImportError):  # a command that needs it says so
            warnings.simplefilter("ignore")
            importlib.import_module(name)


def threads() -> int:
    """How many threads this process has; 1 if the system doesn't say."""
    return len(list(Path("/proc/self/task").glob("*"))) or 1


class Server:
    """Forks for each request that comes to a socket, until nobody has been there for a while."""

    def __init__(self, path: Path, listening: socket.socket) -> None:
        self._path, self._listening = path, listening
        self._connections: set[socket.socket] = set()
        self._answers: dict[int, socket.socket] = {}
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def serve(self) -> Request | None:
        """Returns the request in a forked child, and None at the end."""
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._accept()
        while True:
            wanted = [self._listening, self._woken, *self._connections]
            ready, _, _ = select.select(wanted, [], [], None if self._connections else IDLE_S)
            if not ready and self._closed():
                return None
            if self._woken in ready:
                self._woken.recv(4096)
                self._report_ended()
            if self._listening in ready:
                self._accept()
            for connection in self._connections.intersection(ready):
                try:
                    text, streams, _, _ = socket.recv_fds(connection, MESSAGE, 3)
                except ConnectionError:  # who asked was killed
                    text, streams = b"", []
                if not text:
                    self._connections.remove(connection)
                    connection.close()
                elif self._forked(connection, streams):
                    return Request(**json.loads(text), streams=streams)

    def _closed(self) -> bool:
        """Stop listening, unless somebody has come meanwhile. Others start a new process."""
        with FileLock(self._path.with_suffix(".lock")):
            if select.select([self._listening], [], [], 0)[0]:
                return False
            tidy(self._path)
        return True

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        self._connections.add(connection)

    def _forked(self, connection: socket.socket, streams: list[int]) -> bool:
        """Fork; whether this is the child."""
        if threads() != 1:
            raise RuntimeError("an import has started a thread: it can't be forked")
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._listening, self._woken, self._wake, *self._connections):
                each.close()
            return True
        with suppress(OSError):  # who asked was killed
            connection.sendall(struct.pack("i", process))
        self._answers[process] = connection
        for stream in streams:
            os.close(stream)
        return False

    def _report_ended(self) -> None:
        """Tell who asked how each command that has ended did end."""
        for process, connection in list(self._answers.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                with suppress(OSError):  # nobody waits any more
                    connection.sendall(struct.pack("i", os.waitstatus_to_exitcode(status)))
                del self._answers[process]


def become(request: Request) -> None:
    """Take over what a fresh process would have been started with."""
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.umask(request.umask)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.argv = ["", *request.arguments]
    sys.path[0] = request.folder
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed()
    for module in list(sys.modules.values()):  # pytest warns of what it can't rewrite any more
        if "." not in getattr(module, "__name__", "."):
            module.__doc__ = f"{module.__doc__ or ''} PYTEST_DONT_REWRITE"


def run(request: Request) -> None:
    """Run what was asked for, as `python -m` or `python -c` does."""
    if request.module == "-c":
        code, *arguments = request.arguments
        sys.argv = ["-c", *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    else:
        runpy.run_module(request.module, run_name="__main__", alter_sys=True)


def end(code: object) -> NoReturn:
    """End as Python ends a program with this exit code, without taking apart what was imported."""
    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def tidy(path: Path) -> None:
    """Remove the socket, and its folder unless another process listens there too."""
    for each in (path, path.with_suffix(".lock")):
        each.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def main(path: Path) -> None:
    """Listen, import everything, and serve; in a forked child, run what was asked for."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(str(path))
    listening.listen(64)
    if os.fork():
        os._exit(0)  # who started it waits no longer than until it listens
    import_everything(converting=path.name == "converting")
    gc.collect()
    gc.freeze()
    try:
        request = Server(path, listening).serve()
    except BaseException:
        tidy(path)
        raise
    if request is None:
        return
    commands.own.update(os.environ)
    become(request)
    in_this_way = partial(commands.forked_converter, sockets=path.parent)
    converter.start_converter = in_this_way  # type: ignore[assignment]
    try:
        run(request)
    except SystemExit as left:
        end(left.code)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        end(1)
    end(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
