"""What the system says of this process: its memory, and how long it waited for a CPU."""

from __future__ import annotations

import os
import sys
from typing import Dict, Optional, Tuple


def _status() -> Dict[str, int]:
    """The sizes in /proc/self/status in bytes; empty elsewhere than on Linux."""
    try:
        with open("/proc/self/status") as file:
            lines = [line.split() for line in file]
    except OSError:
        return {}
    return {w[0][:-1]: int(w[1]) * 1024 for w in lines if len(w) == 3 and w[2] == "kB"}


def memory() -> Tuple[int, int]:
    """Bytes that are resident now (0 where that isn't told), and at most since `forget_peak`.

    ru_maxrss is the second choice: on Linux it is inherited from whoever started this process, and
    nowhere can it be reset.
    """
    sizes = _status()
    if "VmHWM" in sizes and "VmRSS" in sizes:
        return sizes["VmRSS"], max(sizes["VmRSS"], sizes["VmHWM"])
    try:
        import resource
    except ImportError:  # not on Windows
        return 0, 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0, peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Let the peak begin anew where the system can (Linux 4.0)."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def cpu_times() -> Optional[Tuple[int, int]]:
    """How long all threads ran, and how long they were ready and waited for a CPU, in ns; None
    where the system doesn't tell.
    """
    ran = waited = 0
    try:
        for thread in os.listdir("/proc/self/task"):
            with open("/proc/self/task/%s/schedstat" % thread) as file:
                words = file.read().split()
            ran, waited = ran + int(words[0]), waited + int(words[1])
    except (OSError, ValueError, IndexError):
        return None
    return ran, waited
