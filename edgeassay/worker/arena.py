"""How much memory a model needs: the smallest arena that it works in, each size tried in a process
of its own, since too small a one may end the process.
"""

from __future__ import annotations

import os
import signal
import tempfile
from typing import Callable, NamedTuple

STEP_BYTES = 16  # to which the runtime aligns
MOST_BYTES = 1 << 28  # more than any microcontroller has; pages that nothing touches cost nothing
TRIAL_S = 50  # less than a host waits for its worker
REFUSED = 3  # a trial's exit status where the runtime said no
SHOWN = 600  # characters of what it said


class Trial(NamedTuple):
    """Whether it worked, and what was said."""

    works: bool
    words: str


def tried(attempt: Callable[[], object]) -> Trial:
    """Run an attempt in a child of this process, with all that it prints."""
    with tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            _run(attempt, log.fileno())
        status = os.waitpid(child, 0)[1]
        log.seek(0)
        words = log.read().decode("utf-8", "replace")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGALRM:
            words += "\nit didn't end within %g s" % TRIAL_S
        else:
            words += "\nits process was killed by %s" % signal.Signals(number).name
    return Trial(status == 0, words)


def _run(attempt: Callable[[], object], log: int) -> None:
    """The child: it never returns, nor runs what its parent has left to do."""
    status = REFUSED
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.setitimer(signal.ITIMER_REAL, TRIAL_S)
        attempt()
        status = 0
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent tells it
        os.write(2, ("%s\n" % (error or type(error).__name__)).encode("utf-8", "replace"))
    finally:
        os._exit(status)


def said(words: str) -> str:
    """What a runtime printed, as one sentence."""
    lines = [" ".join(line.split()).rstrip(".") for line in words.splitlines()]
    return "; ".join(dict.fromkeys(line for line in lines if line))[:SHOWN]


def smallest(works: Callable[[int], bool], start: int, most: int = MOST_BYTES) -> int:
    """The size in whole steps that works, of which the next smaller one doesn't; `most` is known to
    work. Looks around `start` first, in strides that double.
    """
    low, high = 0, most // STEP_BYTES  # in steps: too few, enough
    near, stride = min(max(-(-start // STEP_BYTES), 1), high), 1
    if near == high or works(near * STEP_BYTES):
        high = near
        while high - stride > low and works((high - stride) * STEP_BYTES):
            high, stride = high - stride, 2 * stride
        low = max(low, high - stride)
    else:
        low = near
        while low + stride < high and not works((low + stride) * STEP_BYTES):
            low, stride = low + stride, 2 * stride
        high = min(high, low + stride)
    while high - low > 1:
        middle = (low + high) // 2
        if works(middle * STEP_BYTES):
            high = middle
        else:
            low = middle
    return high * STEP_BYTES
