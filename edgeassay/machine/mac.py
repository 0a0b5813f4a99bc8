"""What macOS says of its CPU, by sysctl."""

from __future__ import annotations

import subprocess
from typing import Final

from edgeassay.machine.cpu import ISA_FLAGS, Cpu

# macOS's names of instruction sets (below hw.optional) and the Linux kernel's.
NAMES: Final = {
    "avx2_0": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx512f": "avx512f",
    "neon": "asimd",
    "AdvSIMD": "asimd",
    "arm.AdvSIMD": "asimd",
    "arm.FEAT_FP16": "asimdhp",
    "arm.FEAT_DotProd": "asimddp",
    "arm.FEAT_I8MM": "i8mm",
    "arm.FEAT_BF16": "bf16",
    "arm.FEAT_SME": "sme",
    "arm.FEAT_SME2": "sme2",
}


def mac_cpu() -> Cpu | None:
    """The CPU of this Mac; None where sysctl can't be asked."""
    command = ["/usr/sbin/sysctl", "machdep.cpu", "hw.optional", "hw.perflevel0", "hw.perflevel1"]
    try:
        # A name that this Mac hasn't is told on stderr, and the others are given all the same.
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_sysctl(done.stdout)


def parse_sysctl(text: str) -> Cpu | None:
    """The CPU that lines `name: value` describe; None where they don't name it."""
    pairs = (line.partition(":") for line in text.splitlines())
    values = {key.strip(): value.strip() for key, _, value in pairs}
    model = values.get("machdep.cpu.brand_string")
    if not model:
        return None
    found = {isa for name, isa in NAMES.items() if values.get(f"hw.optional.{name}") == "1"}
    levels = [f"hw.perflevel{k}" for k in (0, 1)]
    return Cpu(
        vendor=values.get("machdep.cpu.vendor") or model.partition(" ")[0],
        model=model,
        cores=tuple(
            f"{values[f'{level}.logicalcpu']} x {values.get(f'{level}.name', level)}"
            for level in levels
            if f"{level}.logicalcpu" in values
        ),
        isa=tuple(flag for flag in ISA_FLAGS if flag in found),
    )
