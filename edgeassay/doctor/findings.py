"""From readings to findings, each with its remedy: pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from edgeassay.doctor.finding import Finding, Level, unknown
from edgeassay.doctor.readings import Readings, Space
from edgeassay.spec import Checkup, Tolerance

SLOW_SOURCES: Final = ("hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit")
# What get_throttled's lowest bits say of now (Raspberry Pi documentation, vcgencmd).
BOARD_FLAGS: Final = (
    "its supply has too little voltage",
    "its clock is capped",
    "it is throttled",
    "it has reached its soft temperature limit",
)
END_OTHERS: Final = "end what else runs (`top` shows it), or come back when it has ended"

# What is looked at, its key in a reading of health and in a tolerance, and what it means.
TOLERATED: Final = (
    (
        "waiting",
        "waited_share",
        "a busy thread waits {:.1%} of the time for a CPU",
        END_OTHERS,
    ),
    (
        "stolen time",
        "steal_share",
        "the hypervisor takes {:.1%} of the CPU time wanted",
        "measure on a machine of its own, or on an instance with dedicated CPUs",
    ),
    (
        "throttling",
        "throttled_share",
        "a quota that others use up cuts off {:.1%}",
        "end what else runs in the same container or service, or raise its CPU quota",
    ),
    (
        "swapping",
        "swapped_mb",
        "{:.1f} MB were swapped",
        "end what takes the memory (`top -o %MEM` shows it), or add memory",
    ),
)


def examine(readings: Readings, tolerance: Tolerance, wants: Checkup) -> list[Finding]:
    """All findings about a machine's state, by what the device profile tolerates."""
    return [
        *_others(readings, tolerance),
        _governor(readings),
        _boost(readings),
        _highest_clock(readings),
        _heat(readings, wants),
        _power(readings),
        *_room(readings, wants),
        _sharing(readings),
        _clock(readings, wants),
    ]


def _others(readings: Readings, tolerance: Tolerance) -> Iterator[Finding]:
    """What others did to the machine while it was watched."""
    health = readings.health
    foreign, left = health.foreign_cpus or 0.0, health.cpus - (health.foreign_cpus or 0.0)
    wanted = min(tolerance.free_cpus, health.cpus)
    yield _beyond(
        "load by others",
        health.foreign_cpus,
        left < wanted,
        f"others use {foreign:.2f} of {health.cpus} CPUs (tolerance.free_cpus wants {wanted:g} left"
        " for one thread)",
        END_OTHERS,
    )
    for about, key, words, remedy in TOLERATED:
        value, allowed = getattr(health, key), getattr(tolerance, key)
        seen = "" if value is None else f"{words.format(value)} (tolerance.{key}: {allowed:g})"
        yield _beyond(about, value, value is not None and value > allowed, seen, remedy)
    if readings.cpu_quota is not None:
        yield Finding(
            about="quota",
            level=Level.NOTE,
            seen=f"control groups allow the time of {readings.cpu_quota:g} CPUs",
            remedy="measure without a quota (`docker run` without --cpus, no CPUQuota= in the"
            " service), unless the product runs with the same",
        )


def _beyond(about: str, value: float | None, is_beyond: bool, seen: str, remedy: str) -> Finding:
    """A value that a tolerance is about."""
    if value is None:
        return unknown(about)
    if not is_beyond:
        return Finding(about=about, level=Level.OK, seen=seen)
    return Finding(about=about, level=Level.PROBLEM, seen=seen, remedy=remedy)


def _governor(readings: Readings) -> Finding:
    if readings.governors is None:
        return unknown("governor")
    if readings.governors == ("performance",):
        return Finding(about="governor", level=Level.OK, seen="all CPUs follow `performance`")
    return Finding(
        about="governor",
        level=Level.NOTE,
        seen=f"CPUs follow {', '.join(readings.governors)}: their clock rises and falls with the"
        " load",
        remedy="`echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/"
        "scaling_governor`, unless the product runs without",
    )


def _boost(readings: Readings) -> Finding:
    if readings.boost is None:
        return unknown("boost")
    if not readings.boost:
        return Finding(about="boost", level=Level.OK, seen="CPUs don't boost")
    return Finding(
        about="boost",
        level=Level.NOTE,
        seen="CPUs may boost: how high depends on heat and on what other cores do",
        remedy="for runs that are compared, switch it off: 1 into intel_pstate/no_turbo, or 0 into"
        " cpufreq/boost, below /sys/devices/system/cpu",
    )


def _highest_clock(readings: Readings) -> Finding:
    if readings.clock_cap is None:
        return unknown("highest clock")
    if readings.clock_cap >= 1.0:
        return Finding(about="highest clock", level=Level.OK, seen="CPUs may reach all of it")
    return Finding(
        about="highest clock",
        level=Level.NOTE,
        seen=f"a CPU may reach {readings.clock_cap:.0%} of its highest clock",
        remedy="raise cpufreq/scaling_max_freq to cpuinfo_max_freq, unless the product runs so",
    )


def _heat(readings: Readings, wants: Checkup) -> Finding:
    """Whether heat, or a weak supply, slows the machine down now or soon."""
    heat = readings.heat
    seen = [] if heat.celsius is None else [f"{heat.celsius:.0f} °C"]
    wrong = []
    if heat.celsius is not None and heat.critical_celsius is not None:
        seen = [f"{heat.celsius:.0f} °C, critical at {heat.critical_celsius:.0f} °C"]
        if heat.celsius > heat.critical_celsius - wants.near_critical_celsius:
            wrong += seen
    if heat.slowed is not None:
        seen.append(f"slowed down {heat.slowed} times while it was watched")
        wrong += seen[-1:] if heat.slowed else []
    if heat.board_flags is not None:
        flags = [words for k, words in enumerate(BOARD_FLAGS) if heat.board_flags >> k & 1]
        seen.append(f"the board says: {', '.join(flags) or 'nothing slows it down'}")
        wrong += seen[-1:] if flags else []
    if wrong:
        return Finding(
            about="heat",
            level=Level.PROBLEM,
            seen="; ".join(wrong),
            remedy="let it cool down, clear its fan and vents, and give it the power supply that"
            " its maker asks for",
        )
    return Finding(about="heat", level=Level.OK, seen="; ".join(seen)) if seen else unknown("heat")


def _power(readings: Readings) -> Finding:
    if readings.on_battery is None:
        return unknown("power")
    if readings.on_battery:
        return Finding(
            about="power",
            level=Level.PROBLEM,
            seen="it runs on its battery, and may save power at any time",
            remedy="plug it in",
        )
    return Finding(about="power", level=Level.OK, seen="it doesn't run on a battery")


def _room(readings: Readings, wants: Checkup) -> Iterator[Finding]:
    """Memory, and the disks that are written to."""
    free_mb = readings.free_memory_bytes / 1e6
    level = Level.OK if free_mb >= wants.free_memory_mb else Level.PROBLEM
    yield Finding(
        about="memory",
        level=level,
        seen=f"{free_mb:,.0f} MB are free",
        remedy=None
        if level is Level.OK
        else f"end what takes it (`top -o %MEM` shows it): {wants.free_memory_mb:,.0f} MB should"
        " be free",
    )
    yield _space("disk", readings.disk, wants.free_disk_mb, "make room, or run from another folder")
    if readings.temporary is None:
        yield Finding(
            about="temporary files",
            level=Level.PROBLEM,
            seen="no folder takes any",
            remedy="make room in /tmp, or set TMPDIR to a folder with room",
        )
    else:
        remedy = "make room, or set TMPDIR to another folder"
        yield _space("temporary files", readings.temporary, wants.free_temporary_mb, remedy)


def _space(about: str, found: Space, least_mb: float, remedy: str) -> Finding:
    if found.free_bytes is None:
        seen = f"{found.folder} can't be written to"
        return Finding(about=about, level=Level.PROBLEM, seen=seen, remedy=remedy)
    seen = f"{found.free_bytes / 1e6:,.0f} MB are free in {found.folder}"
    if found.free_bytes / 1e6 >= least_mb:
        return Finding(about=about, level=Level.OK, seen=seen)
    wanted = f"{remedy}: {least_mb:,.0f} MB should be free"
    return Finding(about=about, level=Level.PROBLEM, seen=seen, remedy=wanted)


def _sharing(readings: Readings) -> Finding:
    if readings.sharing is None:
        return unknown("shared cores")
    if readings.sharing == 1:
        return Finding(about="shared cores", level=Level.OK, seen="every CPU has its own core")
    return Finding(
        about="shared cores",
        level=Level.NOTE,
        seen=f"{readings.sharing} CPUs share a core: what one does slows the other down",
        remedy="leave the siblings idle, or `echo off | sudo tee /sys/devices/system/cpu/smt/"
        "control`",
    )


def _clock(readings: Readings, wants: Checkup) -> Finding:
    """The clock that durations are taken with."""
    found = readings.ticking
    source = f", from {found.source}" if found.source else ""
    remedy = "choose another source in /sys/devices/system/clocksource/clocksource0, or restart"
    if found.backwards or found.step_ns is None or found.step_ns > wants.clock_step_ns:
        seen = (
            f"it runs backwards{source}"
            if found.backwards
            else f"it stands still{source}"
            if found.step_ns is None
            else f"it advances in steps of {found.step_ns:,} ns{source}"
        )
        return Finding(about="clock", level=Level.PROBLEM, seen=seen, remedy=remedy)
    seen = f"it advances, in steps of {found.step_ns:,} ns or less{source}"
    if found.source in SLOW_SOURCES:
        seen += ", which is slow to read"
        return Finding(about="clock", level=Level.NOTE, seen=seen, remedy=remedy)
    return Finding(about="clock", level=Level.OK, seen=seen)
