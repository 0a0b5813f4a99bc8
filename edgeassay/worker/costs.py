"""What the system says of this process (its memory, how long it waited for a CPU) and of CPUs."""

from __future__ import annotations

import os
import sys
import time
from typing import Dict, List, Optional, Tuple


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


def least_busy(seconds: float) -> List[int]:
    """The CPUs that this process may use, the one that idled most during `seconds` first; of cores
    of several kinds only the largest. Empty where the system doesn't tell, or can't pin to them.
    """
    try:
        usable = os.sched_getaffinity(0)
        before = _idle_ticks()
        time.sleep(seconds)
        after = _idle_ticks()
        sizes = {cpu: _capacity(cpu) for cpu in usable}
        idle = {cpu: after[cpu] - before[cpu] for cpu in usable}
    except (AttributeError, OSError, ValueError, KeyError):
        return []
    largest = [cpu for cpu in usable if sizes[cpu] == max(sizes.values())]
    return sorted(largest, key=lambda cpu: (-idle[cpu], cpu))


def _idle_ticks() -> Dict[int, int]:
    """How long each CPU has idled, in the kernel's ticks."""
    with open("/proc/stat") as file:
        rows = [line.split() for line in file]
    return {
        int(row[0][3:]): int(row[4]) + int(row[5])
        for row in rows
        if row and row[0].startswith("cpu") and row[0] != "cpu"
    }


def _capacity(cpu: int) -> int:
    """How much a CPU can do beside the others of an ARM machine; 0 where all are alike."""
    try:
        with open("/sys/devices/system/cpu/cpu%d/cpu_capacity" % cpu) as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
