"""Commands in forks of this process, which has imported all that they need, with limits and an eye
on what they leave: for Linux.

A fork costs milliseconds where a fresh Python costs a second. The process that forks must have no
threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pytest

from edgeassay import cli, converter
from suites.meta import warm
from suites.meta.project import ROOT, Project

PR_SET_CHILD_SUBREAPER: Final = 36
# How long what a command started may take to notice that the command is gone.
GRACE_S: Final = 10.0
# What a command may take beyond what this process has.
MEMORY_BYTES: Final = 3 << 30


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended: its exit code, or minus the number of a signal. `late` if it was ended
    because it took too long; `orphans` are the processes that it started and that outlived it.
    """

    code: int
    out: str
    err: str
    seconds: float
    late: bool
    orphans: tuple[str, ...]


def adopt_orphans() -> None:
    """Make every process whose parent has ended below this one a child of this one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "orphans can't be adopted")


def edgeassay(*words: str) -> Callable[[], None]:
    """The command line with these words."""

    def run() -> None:
        sys.argv = ["edgeassay", *words]
        cli.main()

    return run


def suite(folder: Path, *options: str) -> Callable[[], None]:
    """The suite on the project in a folder."""
    project = Project(folder)
    words = [word for word in project.command(*options)[3:] if "junit" not in word]

    def run() -> None:
        os.environ.update(project.surroundings, TMPDIR=str(folder / "tmp"))
        os.chdir(ROOT)
        sys.argv = ["pytest", *words]
        sys.exit(int(pytest.main([*words, "-W", "ignore"])))

    return run


def in_fork(
    work: Callable[[], object],
    folder: Path,
    *,
    limit_s: float,
    kill_after_s: float | None = None,
) -> Ended:
    """What becomes of `work` in a fork that has `folder` as its working directory, and the folder
    `tmp` in it for temporary files. With `kill_after_s` it is killed then.
    """
    if warm.threads() != 1:
        raise RuntimeError("this process has threads: it can't be forked")
    (folder / "tmp").mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if process == 0:
            _child(work, folder, out, err)
        watched = os.pidfd_open(process)
        wait_s = limit_s if kill_after_s is None else kill_after_s
        ended, _, _ = select.select([watched], [], [], wait_s)
        os.close(watched)
        if not ended:
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        seconds = time.monotonic() - began
        orphans = _orphans()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Ended(
        code=os.waitstatus_to_exitcode(status),
        out=texts[0],
        err=texts[1],
        seconds=seconds,
        late=not ended and kill_after_s is None,
        orphans=orphans,
    )


def _child(work: Callable[[], object], folder: Path, out: IO[bytes], err: IO[bytes]) -> None:
    """Run `work` as a program of its own. Does not return."""
    code: Any = 1
    try:
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        most = MEMORY_BYTES + _own_bytes()
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(folder)
        os.environ["TMPDIR"] = str(folder / "tmp")
        tempfile.tempdir = str(folder / "tmp")
        converter.start_converter = Converter  # type: ignore[assignment]
        work()
        code = None
    except SystemExit as left:
        code = left.code
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(BaseException):
            warm.end(code)
        os._exit(1)


def _own_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


class Converter:
    """The converter process, forked: as `converter.start_converter` gives it."""

    def __init__(self, request: Path, log: IO[bytes]) -> None:
        theirs, mine = os.pipe()
        made, out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(mine)
            os.close(made)
            self._convert(request, theirs, out, log)
        os.close(theirs)
        os.close(out)
        self.stdin, self.stdout = os.fdopen(mine, "w"), os.fdopen(made, "r")
        self.returncode: int | None = None

    def _convert(self, request: Path, theirs: int, out: int, log: IO[bytes]) -> None:
        from edgeassay.variants import convert

        code: Any = 1
        try:
            for source, target in ((theirs, 0), (out, 1), (log.fileno(), 2)):
                os.dup2(source, target)
            convert.main(str(request))
            code = None
        except SystemExit as left:
            code = left.code
        except BaseException:  # noqa: BLE001 - as the interpreter does
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(BaseException):
                warm.end(code)
            os._exit(1)

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stdin.close()
        status = os.waitpid(self.pid, 0)[1]
        self.returncode = os.waitstatus_to_exitcode(status)


def children() -> list[int]:
    """The processes whose parent is this one."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def _orphans() -> tuple[str, ...]:
    """Wait until all that a command started has ended; what hasn't by then is named and killed."""
    until = time.monotonic() + GRACE_S
    while (left := children()) and time.monotonic() < until:
        for process in left:
            with suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)
        time.sleep(0.002)
    names = []
    for process in left:
        with suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ")
            names.append(words.decode("utf-8", "replace").strip())
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    return tuple(names)


def quietly(words: Sequence[str], folder: Path) -> None:
    """Run a program that prepares something; CalledProcessError if it fails."""
    subprocess.run(words, cwd=folder, capture_output=True, check=True)
