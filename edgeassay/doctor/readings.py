"""What the system tells of itself now: sensors, settings and space."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import psutil

from edgeassay.health import Health, Worked, between, snapshot
from edgeassay.machine import Machine
from edgeassay.worker.costs import cpu_times

CPUS: Final = "sys/devices/system/cpu"
CLOCK_READINGS: Final = 100_000  # a few milliseconds of a good clock, and an end to a still one


@dataclass(frozen=True, kw_only=True)
class Heat:
    """The sensor nearest to its critical temperature, which is None where none names one; how often
    CPUs were slowed down by heat while the machine was watched; a Raspberry Pi's own word for
    what slows it down.
    """

    celsius: float | None = None
    critical_celsius: float | None = None
    slowed: int | None = None
    board_flags: int | None = None


@dataclass(frozen=True, kw_only=True)
class Space:
    """What a folder's disk has free, None where the folder can't be written to."""

    folder: Path
    free_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Ticking:
    """The smallest step of the clock that durations are taken with, None where it stands still;
    whether it ever ran backwards; what the kernel takes the time from.
    """

    step_ns: int | None
    backwards: bool
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Readings:
    """A machine's state; None is what the system doesn't tell.

    `governors` has each of the usable CPUs' once. `clock_cap` is the highest clock that is allowed,
    by the highest that the CPU has. `sharing` are CPUs a core: above 1, hyperthreads.
    """

    health: Health
    cpu_quota: float | None
    governors: tuple[str, ...] | None
    boost: bool | None
    clock_cap: float | None
    sharing: int | None
    heat: Heat
    on_battery: bool | None
    free_memory_bytes: int
    disk: Space
    temporary: Space | None
    ticking: Ticking


def read(machine: Machine, assay: Path, watch_s: float, root: Path = Path("/")) -> Readings:
    """Watch the machine for `watch_s` seconds with one CPU kept busy, and read the rest."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    slowed = slow_downs(root, usable)
    health = watch(watch_s)
    slowed_after = slow_downs(root, usable)
    celsius, critical = hottest()
    return Readings(
        health=health,
        cpu_quota=machine.cpu_quota,
        governors=governors(root, usable),
        boost=boost(root),
        clock_cap=clock_cap(root, usable),
        sharing=sharing(root, usable),
        heat=Heat(
            celsius=celsius,
            critical_celsius=critical,
            slowed=None if slowed is None or slowed_after is None else slowed_after - slowed,
            board_flags=board_flags(root),
        ),
        on_battery=on_battery(),
        free_memory_bytes=psutil.virtual_memory().available,
        disk=space(assay),
        temporary=temporary_space(),
        ticking=ticking([time.perf_counter_ns() for _ in range(CLOCK_READINGS)], root),
    )


def watch(seconds: float) -> Health:
    """What others do while one CPU is kept busy, as a model would: an idle machine shows neither
    stolen time nor waiting.
    """
    before, times = snapshot(), cpu_times()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    after, times_after = snapshot(), cpu_times()
    if times is None or times_after is None:
        return between(before, after, Worked())
    ran, waited = ((b - a) / 1e9 for a, b in zip(times, times_after, strict=True))
    return between(before, after, Worked(ran_s=ran, waited_s=waited))


def governors(root: Path, usable: Collection[int]) -> tuple[str, ...] | None:
    """The frequency governors of the CPUs, each once."""
    found = _of_each(root, usable, "cpufreq/scaling_governor")
    return tuple(sorted(set(found))) or None


def boost(root: Path) -> bool | None:
    """Whether CPUs may clock higher than they can keep up, as cpufreq's drivers tell it."""
    off, on = _text(root / CPUS / "intel_pstate/no_turbo"), _text(root / CPUS / "cpufreq/boost")
    if off:
        return off == "0"
    return on == "1" if on else None


def clock_cap(root: Path, usable: Collection[int]) -> float | None:
    """The least share of its highest clock that a CPU may reach."""
    allowed, able = (
        [int(text) for text in _of_each(root, usable, f"cpufreq/{name}")]
        for name in ("scaling_max_freq", "cpuinfo_max_freq")
    )
    shares = (a / b for a, b in zip(allowed, able, strict=False) if b > 0)
    return min(shares, default=None)


def sharing(root: Path, usable: Collection[int]) -> int | None:
    """CPUs on the same core, where most share one."""
    found = _of_each(root, usable, "topology/thread_siblings_list")
    return max((cpus_of(text) for text in found), default=None)


def cpus_of(text: str) -> int:
    """How many CPUs the kernel's list names, such as "0,8-9"."""
    spans = (span.partition("-") for span in text.split(","))
    return sum(int(last or first) - int(first) + 1 for first, _, last in spans)


def slow_downs(root: Path, usable: Collection[int]) -> int | None:
    """How often heat has slowed the CPUs down since they started."""
    found = _of_each(root, usable, "thermal_throttle/core_throttle_count")
    return sum(map(int, found)) if found else None


def board_flags(root: Path) -> int | None:
    """What slows a Raspberry Pi down, as bits."""
    for path in (root / "sys/devices/platform").glob("soc*/soc*firmware/get_throttled"):
        with suppress(ValueError):
            return int(_text(path), 16)
    return None


def hottest() -> tuple[float | None, float | None]:
    """The temperature nearest to its critical one, with that; the highest where none has one."""
    try:
        groups = psutil.sensors_temperatures().values()
    except (OSError, RuntimeError, AttributeError):
        return None, None
    sensors = [sensor for group in groups for sensor in group]
    limited = [s for s in sensors if s.critical]
    if limited:
        nearest = min(limited, key=lambda s: s.critical - s.current)
        return nearest.current, nearest.critical
    return max((s.current for s in sensors), default=None), None


def on_battery() -> bool | None:
    """Whether the machine runs on its battery; not where it has none."""
    try:
        battery = psutil.sensors_battery()
    except (OSError, RuntimeError, AttributeError):
        return None
    return False if battery is None else battery.power_plugged is False


def space(folder: Path) -> Space:
    """What is free for a folder, made or not."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK):
        return Space(folder=there, free_bytes=None)
    return Space(folder=there, free_bytes=shutil.disk_usage(there).free)


def temporary_space() -> Space | None:
    """What is free for temporary files; None where no folder takes any.

    Python passes over a folder that is full and takes another without a word.
    """
    wanted = os.environ.get("TMPDIR")
    try:
        taken = Path(tempfile.gettempdir())
    except OSError:
        return None
    if wanted and Path(wanted).resolve() != taken.resolve():
        return Space(folder=Path(wanted), free_bytes=None)
    return space(taken)


def ticking(readings: Sequence[int], root: Path = Path("/")) -> Ticking:
    """What a clock's successive readings, in ns, say of it."""
    steps = [b - a for a, b in pairwise(readings)]
    return Ticking(
        step_ns=min((step for step in steps if step > 0), default=None),
        backwards=any(step < 0 for step in steps),
        source=_text(root / "sys/devices/system/clocksource/clocksource0/current_clocksource")
        or None,
    )


def _of_each(root: Path, usable: Collection[int], name: str) -> list[str]:
    """A file of every usable CPU, of those that have it."""
    return list(filter(None, (_text(root / CPUS / f"cpu{cpu}" / name) for cpu in sorted(usable))))


def _text(path: Path) -> str:
    """A small file without its line's end; empty where it can't be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return ""
