"""Mistakes about workers on another machine, and workers that aren't ours."""

from __future__ import annotations

from suites.mistakes.breaking import DEVICE, changed
from suites.mistakes.mistake import Mistake

PUSH = ("edgeassay", "push", "bench", "--devices-dir", "devices")
LOADS = ("pytest", "--require-measured", "suites/artifact", "-k", "loads")
WORKER = 'litert = ["{python}"]'


def worker(*command: str, folder: str | None = None) -> str:
    """A worker's entry in a profile."""
    words = ", ".join(f'"{word}"' for word in command)
    place = "" if folder is None else f', folder = "{folder}"'
    return f"litert = {{ command = [{words}]{place} }}"


MISTAKES = (
    Mistake(
        id="profile-folder-for-a-shell",
        broken=changed(DEVICE, WORKER, worker("{python}", folder="~/my files")),
        code=4,
        what="workers.litert.folder = '~/my files' must be a path there",
        where="devices/bench.toml",
        remedy="such as .cache/edgeassay",
    ),
    Mistake(
        id="push-unknown-device",
        command=("edgeassay", "push", "bnch", "--devices-dir", "devices"),
        code=2,
        what="unknown device",
        where="DEVICE bnch",
        remedy="did you mean 'bench'?",
    ),
    Mistake(
        id="push-nothing-to-copy",
        command=PUSH,
        code=2,
        what="no worker has a `folder`",
        where="devices/bench.toml",
        remedy="give one to a worker on another machine",
    ),
    Mistake(
        id="push-no-artifacts",
        broken=changed(DEVICE, WORKER, worker("{python}", folder="there")),
        command=(*PUSH, "--artifacts", "devices"),
        code=2,
        what="it holds none of tiny",
        where="--artifacts devices",
        remedy="`edgeassay build --out DIR` makes them",
    ),
    Mistake(
        id="push-command-missing",
        broken=changed(DEVICE, WORKER, worker("/nowhere/ssh", "board", folder="there")),
        command=PUSH,
        code=4,
        what="the worker can't be copied to bench",
        where="/nowhere/ssh: No such file or directory",
        remedy="correct its command",
    ),
    Mistake(
        id="push-no-python",
        broken=changed(DEVICE, WORKER, worker("false", folder="there")),
        command=PUSH,
        code=4,
        what="the worker can't be copied to bench",
        where="its command ended with status 1",
        remedy="its command with -V after it must tell a Python's version",
    ),
    Mistake(
        id="worker-that-greets-people",
        broken=changed(DEVICE, WORKER, worker("{python}", "-c", "print('Welcome to board 7')")),
        command=LOADS,
        code=1,
        what="broke the protocol (its reply to 'hello' began with 'Welcome to board 7')",
        where="tiny/fp32 on runtime litert",
        remedy="must write nothing on stdout",
        said=99,
        verdict="fail",
    ),
    Mistake(
        id="worker-that-ends-at-once",
        broken=changed(DEVICE, WORKER, worker("true")),
        command=LOADS,
        code=1,
        what="ended with status 0",
        where="tiny/fp32 on runtime litert",
        remedy="its command must start a Python that stays until its input ends",
        said=99,
        verdict="fail",
    ),
    Mistake(
        id="worker-killed-by-its-own-crash",
        broken=changed(
            DEVICE, WORKER, worker("{python}", "-c", "import os; os.kill(os.getpid(), 11)")
        ),
        command=LOADS,
        code=1,
        what="was killed by SIGSEGV",
        where="tiny/fp32 on runtime litert",
        remedy="the runtime crashes on it: export it anew",
        said=99,
        verdict="fail",
    ),
)
