"""How a command ended, in words, and what to do about it."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

UNREACHABLE: Final = 255  # ssh's own status, where it isn't that of what it started
NOT_RUN: Final = (126, 127)  # a shell's, where the command over there can't be started
CRASHES: Final = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


def is_ssh(command: Sequence[str]) -> bool:
    """Whether a command goes to another machine by ssh."""
    return PurePath(command[0]).name == "ssh"


def is_unreachable(command: Sequence[str], status: int | None) -> bool:
    """Whether ssh says that it has no connection, or no more."""
    return is_ssh(command) and status == UNREACHABLE


def how_it_ended(status: int, command: Sequence[str]) -> str:
    """A status in words that go on after "the worker"."""
    if is_unreachable(command, status):
        return "was lost: ssh has no connection any more"
    if status < 0:
        return f"was killed by {name_of(-status)}"
    return f"ended with status {status}"


def name_of(number: int) -> str:
    """A signal's name; real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def must_work(command: Sequence[str]) -> str:
    """The remedy for a command that doesn't get where it should."""
    asking = " without asking for anything" if is_ssh(command) else ""
    return f"by hand, its command with -V after it must tell a Python's version{asking}"


def must_not_wait(command: Sequence[str]) -> str:
    """The remedy for a command that waits for something."""
    hint = " (`-o BatchMode=yes -o ConnectTimeout=10`)" if is_ssh(command) else ""
    return must_work(command) + hint


def what_to_do(status: int, command: Sequence[str]) -> str:
    """The remedy for a command that ended."""
    remedy = f"what it said tells why; {must_work(command)}, with numpy and the runtime"
    if is_unreachable(command, status) or status in NOT_RUN:
        remedy = must_work(command)
    elif status == 0:
        remedy = "its command must start a Python that stays until its input ends"
    elif status == -signal.SIGKILL:
        remedy = "the system may have run out of memory (its log tells): make room, or run again"
    elif -status in CRASHES:
        remedy = (
            "the runtime crashes on it: export it anew, take another version of the runtime, or"
            " leave it out of the model's [runtimes]"
        )
    elif status < 0:
        remedy = "something there ended it: run again"
    return remedy
