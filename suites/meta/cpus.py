"""Three machines that rules tell apart: an Intel with AMX, an AMD without it, and an ARM board."""

from __future__ import annotations

from typing import Final

from edgeassay.machine import Machine

AVX512: Final = ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16")


def machine(
    architecture: str, vendor: str, model: str, cores: tuple[str, ...], isa: tuple[str, ...]
) -> Machine:
    """A machine that is like others in all but its CPU."""
    return Machine(
        fingerprint="abc",
        architecture=architecture,
        cpu_vendor=vendor,
        cpu_model=model,
        cores=cores,
        isa=isa,
        cpus=4,
        cpu_quota=None,
        memory_bytes=1 << 30,
        hostname="here",
        system="Linux",
        python="3.11",
    )


INTEL: Final = machine(
    "x86_64",
    "GenuineIntel",
    "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
    ("4 x 6/143",),
    (*AVX512, "avx512_fp16", "amx_int8", "amx_bf16"),
)
AMD: Final = machine(
    "x86_64", "AuthenticAMD", "AMD EPYC 9755 128-Core Processor", ("4 x 26/2",), AVX512
)
BOARD: Final = machine(
    "aarch64",
    "0x41",
    "ARM 0x41/0xd05 + 0x41/0xd0b",
    ("2 x 0x41/0xd05", "2 x 0x41/0xd0b"),
    ("asimd", "fphp", "asimdhp", "asimddp"),
)
