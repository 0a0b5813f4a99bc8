"""Three machines that rules tell apart: an Intel with AMX, an AMD without it, and an ARM board; and
what a small project plans on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edgeassay.config import load_device, load_model
from edgeassay.machine import Machine
from edgeassay.matrix import Plan, plan
from edgeassay.spec import ClaimName
from suites.meta.project import DEVICE_TOML, MODEL_TOML

DEVIATION = """
[[deviation]]
claim = "latency_ratio"
variant = "int8"
reason = "it was measured"
expires = 2027-12-31
{}
"""
LIMIT = """
[[limit]]
claim = "latency_ratio"
limit = {}
{}
"""
GENERAL = MODEL_TOML.replace("latency_ratio = 50.0", "").replace(
    "[limits]\n", "[limits]\nlatency_ratio = 50.0\n"
)
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


def planned(
    folder: Path,
    machine: Machine,
    model: str = MODEL_TOML,
    device: str = DEVICE_TOML,
    wanted_device: str | None = None,
) -> Plan:
    (folder / "tiny").mkdir(exist_ok=True)
    (folder / "tiny/model.toml").write_text(model)
    (folder / "bench.toml").write_text(device)
    return plan(
        models={"tiny": load_model(folder / "tiny", folder)},
        devices={"bench": load_device(folder / "bench.toml", folder)},
        machine=machine,
        wanted_device=wanted_device,
    )


def limit_for(made: Plan) -> float:
    """The int8 variant's limit of its latency ratio."""
    (found,) = (c.limit.value for c in made.claims if c.name is ClaimName.LATENCY_RATIO)
    return found
