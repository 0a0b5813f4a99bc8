"""What others did to the machine while something was timed: load, stolen time, throttling, swap.

What the model and this program do to it is no excuse, and is taken out: their CPU time, their part
of what a control group's quota cut off, and swapping where they wanted more memory than was free.
"""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from edgeassay.spec import Tolerance

GROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Counters at a moment, in seconds of CPU time and bytes; None where the system doesn't tell.

    `busy_s` and `stolen_s` are of the `cpus` that this process may use, by whomever; `own_s` is of
    this process and of all it started, ended ones too; `group_s` and `throttled_s` are of its
    control group.
    """

    wall_s: float
    cpus: int
    busy_s: float
    stolen_s: float | None
    own_s: float
    group_s: float | None
    throttled_s: float | None
    swapped_bytes: int | None
    free_bytes: int
    mhz: float | None
    celsius: float | None


@dataclass(frozen=True, kw_only=True)
class Health:
    """What others did to the machine during `seconds`; None where that isn't known, which
    `unknown` tells.

    `waited_share` is the time that the worker was ready to run and had to wait for a CPU, by the
    time that it was ready; `throttled_share` is CPU time that a quota cut off, by wall time. `mhz`
    and `celsius` are before and after, for the record: a model that heats the board isn't excused.
    """

    seconds: float
    cpus: int
    waited_share: float | None = None
    foreign_cpus: float | None = None
    steal_share: float | None = None
    throttled_share: float | None = None
    swapped_mb: float | None = None
    mhz: tuple[float | None, float | None] = (None, None)
    celsius: tuple[float | None, float | None] = (None, None)
    unknown: str | None = None


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What the workers said of themselves: how long they ran and waited for a CPU during the timed
    rounds, None where their system doesn't tell, and what the memory of one grew to at most.
    """

    ran_s: float | None = None
    waited_s: float | None = None
    memory_bytes: int = 0

    def waited_share(self, excused_s: float = 0.0) -> float | None:
        """Of the time that they were ready to run, the share that they waited."""
        if self.ran_s is None or self.waited_s is None:
            return None
        waited = max(0.0, self.waited_s - excused_s)
        return waited / max(self.ran_s + waited, 1e-9)


def between(before: Snapshot, after: Snapshot, worked: Worked) -> Health:
    """What others did between two snapshots.

    Each counter less the part that is this program's: a quota's throttling in proportion to the
    group's CPU time that isn't ours; swapping not at all where the worker asked for more memory
    than was free, and else all of it.
    """
    seconds = max(after.wall_s - before.wall_s, 1e-9)
    busy, own = after.busy_s - before.busy_s, after.own_s - before.own_s
    steal = throttled = swapped = None
    own_throttled_s = 0.0
    if before.stolen_s is not None and after.stolen_s is not None:
        stolen = after.stolen_s - before.stolen_s
        steal = stolen / max(busy + stolen, 1e-9)
    if None not in (before.throttled_s, after.throttled_s, before.group_s, after.group_s):
        group = (after.group_s or 0.0) - (before.group_s or 0.0)
        others = max(0.0, 1.0 - own / group) if group > 0.0 else 0.0
        cut_off_s = (after.throttled_s or 0.0) - (before.throttled_s or 0.0)
        throttled, own_throttled_s = cut_off_s * others / seconds, cut_off_s * (1.0 - others)
    if before.swapped_bytes is not None and after.swapped_bytes is not None:
        ours = worked.memory_bytes > before.free_bytes
        swapped = 0.0 if ours else (after.swapped_bytes - before.swapped_bytes) / 1e6
    waited = worked.waited_share(own_throttled_s)
    lacking = {
        "waiting": waited,
        "stolen time": steal,
        "a quota's throttling": throttled,
        "swapping": swapped,
    }
    missing = ", ".join(name for name, value in lacking.items() if value is None)
    return Health(
        seconds=seconds,
        cpus=after.cpus,
        waited_share=waited,
        foreign_cpus=max(0.0, busy - own) / seconds,
        steal_share=steal,
        throttled_share=throttled,
        swapped_mb=swapped,
        mhz=(before.mhz, after.mhz),
        celsius=(before.celsius, after.celsius),
        unknown=f"this system doesn't tell: {missing}" if missing else None,
    )


def elsewhere(before: Snapshot, after: Snapshot, worked: Worked) -> Health:
    """Where the worker isn't on this machine, whose counters then say nothing."""
    return Health(
        seconds=after.wall_s - before.wall_s,
        cpus=after.cpus,
        waited_share=worked.waited_share(),
        unknown="the worker is on another machine, whose counters aren't read",
    )


def excess(health: Health, tolerance: Tolerance, *, threads: int, file: str) -> str | None:
    """What others did beyond a device profile's tolerance, as a sentence; None where it's within.

    `threads` is how many the runtime was given: with more than there are CPUs, they wait for each
    other. `file` is the profile.
    """
    found = []
    wanted = tolerance.free_cpus * min(threads, health.cpus)
    if health.foreign_cpus is not None and health.cpus - health.foreign_cpus < wanted:
        found.append(
            f"others used {health.foreign_cpus:.2f} of {health.cpus} CPUs, and"
            f" tolerance.free_cpus wants {wanted:g} left for it"
        )
    for words, value, key in (
        ("the worker waited {:.1%} of the time for a CPU", health.waited_share, "waited_share"),
        ("the hypervisor took {:.1%} of the CPU time wanted", health.steal_share, "steal_share"),
        ("a quota that others used up cut off {:.1%}", health.throttled_share, "throttled_share"),
        ("{:.1f} MB were swapped", health.swapped_mb, "swapped_mb"),
    ):
        allowed = getattr(tolerance, key)
        if key == "waited_share" and threads > health.cpus:
            continue
        if value is not None and value > allowed:
            found.append(f"{words.format(value)}, and tolerance.{key} allows {allowed:g}")
    return f"while it was timed, {'; '.join(found)} ({file})" if found else None


def snapshot() -> Snapshot:
    """The counters now."""
    times = psutil.cpu_times(percpu=True)
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    mine = [times[k] for k in usable if k < len(times)] if usable else times
    idle = ("idle", "iowait", "steal", "guest", "guest_nice")  # guests are in user and nice
    group = _group_counters()
    return Snapshot(
        wall_s=time.monotonic(),
        cpus=len(mine),
        busy_s=sum(v for t in mine for k, v in t._asdict().items() if k not in idle),
        stolen_s=sum(t.steal for t in mine) if hasattr(mine[0], "steal") else None,
        own_s=_own_seconds(),
        group_s=group.get("usage_usec"),
        throttled_s=group.get("throttled_usec"),
        swapped_bytes=_swapped_bytes(),
        free_bytes=psutil.virtual_memory().available,
        mhz=_mhz(),
        celsius=_celsius(),
    )


def _own_seconds() -> float:
    """CPU time of this process, of its descendants that live, and of those that it has buried."""
    this = psutil.Process()
    total = sum(this.cpu_times()[:4])
    for child in this.children(recursive=True):
        try:
            total += sum(child.cpu_times()[:4])
        except psutil.Error:
            continue  # it ended meanwhile, and is counted among the buried next time
    return float(total)


def group_folder(text: str) -> str | None:
    """The control group (version 2) below its root, from /proc/self/cgroup; None without one."""
    for line in text.splitlines():
        if line.startswith("0::/"):
            return line.removeprefix("0::/")
    return None


def group_counters(text: str) -> dict[str, float]:
    """The counters of a cpu.stat file that are times, in seconds."""
    pairs = (line.split() for line in text.splitlines())
    return {p[0]: int(p[1]) / 1e6 for p in pairs if len(p) == 2 and p[0].endswith("_usec")}


def _group_counters() -> dict[str, float]:
    try:
        folder = group_folder(Path("/proc/self/cgroup").read_text(encoding="utf-8"))
        if folder is None:
            return {}
        counters = group_counters((GROUPS / folder / "cpu.stat").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {"throttled_usec": 0.0, **counters}  # a group that can't be throttled doesn't count it


def _swapped_bytes() -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # psutil's, where it isn't told
            memory = psutil.swap_memory()
    except (OSError, RuntimeError, RuntimeWarning):
        return None
    return int(memory.sin + memory.sout)


def _mhz() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError, NotImplementedError, AttributeError):
        return None
    return None if frequency is None or not frequency.current else float(frequency.current)


def _celsius() -> float | None:
    try:
        sensors = psutil.sensors_temperatures()
    except (OSError, RuntimeError, AttributeError):
        return None
    return max((float(s.current) for group in sensors.values() for s in group), default=None)
