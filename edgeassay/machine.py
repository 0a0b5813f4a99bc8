"""Which machine this is: what decides how fast a network runs here, as a fingerprint."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psutil

# Instruction sets that decide which kernels a runtime picks, by /proc/cpuinfo's names.
ISA_FLAGS: Final = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_int8",
    "amx_bf16",
    "asimd",
    "asimdhp",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
    "sve2",
    "sme",
)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine; `fingerprint` is of its hardware alone (not of host name, system or load)."""

    fingerprint: str
    architecture: str
    cpu_model: str
    isa: tuple[str, ...]
    cpus: int
    cpu_quota: float | None
    memory_bytes: int
    hostname: str
    system: str
    python: str


def architecture() -> str:
    """The machine's architecture by its Linux name: x86_64, aarch64, ..."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def _cpuinfo() -> dict[str, str]:
    """The first value of each field of /proc/cpuinfo; empty elsewhere than on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in reversed(lines) if ":" in line)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _cpu_model(info: dict[str, str]) -> str:
    if "model name" in info:
        return info["model name"]
    arm = [info.get(key, "") for key in ("cpu implementer", "cpu part", "cpu variant")]
    return " ".join(["ARM", *arm]) if all(arm) else platform.processor() or "unknown"


def _cpu_quota() -> float | None:
    """CPUs that this process may use by its control group; None without a quota."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def this_machine() -> Machine:
    """The machine that this process runs on."""
    info = _cpuinfo()
    flags = set((info.get("flags") or info.get("features") or "").split())
    hardware = {
        "architecture": architecture(),
        "cpu_model": _cpu_model(info),
        "isa": tuple(flag for flag in ISA_FLAGS if flag in flags),
        "cpus": usable_cpus(),
        "cpu_quota": _cpu_quota(),
    }
    digest = hashlib.sha256(json.dumps(hardware, sort_keys=True).encode("utf-8"))
    return Machine(
        fingerprint=digest.hexdigest()[:12],
        memory_bytes=psutil.virtual_memory().total,
        hostname=platform.node(),
        system=platform.platform(),
        python=platform.python_version(),
        **hardware,  # type: ignore[arg-type]  # one dict serves digest and dataclass
    )
