"""A machine: its hardware, which the fingerprint is of, and what is recorded beside it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

import psutil

from edgeassay.machine.cpu import Cpu, parse_cpuinfo
from edgeassay.machine.gpu import gpu_models
from edgeassay.machine.mac import mac_cpu
from edgeassay.machine.quota import cpu_quota
from edgeassay.spec import Processor

ROOT: Final = Path("/")
DIGITS: Final = 12  # of the fingerprint, in hex


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What decides how fast a network can run here: the fingerprint is of every field of this
    class, and of nothing else.

    `cores` has each kind of core with how many of it this process may use (family/model on x86,
    implementer/part on ARM, where a machine may have several). `isa` are the instruction sets
    that runtimes pick kernels by, in the Linux kernel's names. This process may use `cpus` CPUs, of
    whose time its control groups allow that of `cpu_quota`; None without a quota.
    """

    architecture: str
    cpu_vendor: str = "unknown"
    cpu_model: str
    cores: tuple[str, ...] = ()
    isa: tuple[str, ...]
    cpus: int
    cpu_quota: float | None
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Machine(Hardware):
    """A machine; what stands here and not in `Hardware` is recorded and not hashed.

    `board` is the model that a board's device tree names; `clock_mhz` the highest clock that the
    system tells of; `load` what waited for or used CPUs on average in the last minute.
    """

    fingerprint: str
    memory_bytes: int
    hostname: str
    system: str
    python: str
    kernel: str = ""
    board: str | None = None
    clock_mhz: float | None = None
    load: float | None = None


def processor_of(hardware: Hardware) -> Processor:
    """The CPU of a machine, as rules about CPUs are held against it."""
    return Processor(
        architecture=hardware.architecture,
        vendor=hardware.cpu_vendor,
        kinds=tuple(kind for _, _, kind in (core.partition(" x ") for core in hardware.cores)),
        isa=hardware.isa,
    )


def hashed(hardware: Hardware) -> dict[str, Any]:
    """The fields that the fingerprint is of, as JSON keeps them."""
    facts = asdict(hardware)
    values = {field.name: facts[field.name] for field in fields(Hardware)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def recorded(machine: Machine) -> dict[str, Any]:
    """The other fields, without the fingerprint."""
    known = {field.name for field in fields(Hardware)} | {"fingerprint"}
    return {name: value for name, value in asdict(machine).items() if name not in known}


def fingerprint_of(facts: Mapping[str, Any]) -> str:
    """The fingerprint of what `hashed` gives, which a saved file has too."""
    text = json.dumps(dict(facts), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS]


def architecture() -> str:
    """The machine's architecture by its Linux name: x86_64, aarch64, ..."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def this_machine() -> Machine:
    """The machine that this process runs on."""
    cpu = _cpu()
    hardware = Hardware(
        architecture=architecture(),
        cpu_vendor=cpu.vendor,
        cpu_model=cpu.model,
        cores=cpu.cores,
        isa=cpu.isa,
        cpus=usable_cpus(),
        cpu_quota=cpu_quota(ROOT),
        gpus=gpu_models(ROOT),
    )
    return Machine(
        **vars(hardware),
        fingerprint=fingerprint_of(hashed(hardware)),
        memory_bytes=psutil.virtual_memory().total,
        hostname=platform.node(),
        system=platform.platform(),
        python=platform.python_version(),
        kernel=platform.version(),
        board=_board(),
        clock_mhz=_clock_mhz(),
        load=_load(),
    )


def _cpu() -> Cpu:
    """The CPU by /proc/cpuinfo, by macOS's sysctl, or by Python's word for it."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    try:
        found = parse_cpuinfo((ROOT / "proc/cpuinfo").read_text(encoding="utf-8"), usable)
    except OSError:
        found = mac_cpu() if platform.system() == "Darwin" else None
    if found is None:
        model = platform.processor() or "unknown"
        return Cpu(vendor="unknown", model=model, cores=(), isa=())
    return found


def _board() -> str | None:
    try:
        text = (ROOT / "proc/device-tree/model").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return text.rstrip("\0\n") or None


def _clock_mhz() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError, NotImplementedError, AttributeError):
        return None
    return None if frequency is None else frequency.max or frequency.current or None


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
