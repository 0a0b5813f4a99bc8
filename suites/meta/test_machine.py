"""A machine is known by its hardware as the kernel writes it, and by nothing that changes daily."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from edgeassay.machine import Hardware, Machine, fingerprint_of, gpu_driver, hashed, recorded
from edgeassay.machine.cpu import Cpu, parse_cpuinfo
from edgeassay.machine.gpu import gpu_models, parse_nvidia_version
from edgeassay.machine.mac import parse_sysctl
from edgeassay.machine.quota import cpu_quota, group_folders, parse_quota

SAPPHIRE_RAPIDS = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: Intel(R) Xeon(R)   Platinum 8481C CPU @ 2.70GHz
stepping\t: 8
cpu MHz\t\t: 2699.998
flags\t\t: fpu sse2 fma avx f16c avx2 avx512f avx_vnni avx512_bf16 avx512_vnni amx_bf16 amx_tile \
amx_int8

processor\t: 1
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: Intel(R) Xeon(R)   Platinum 8481C CPU @ 2.70GHz
stepping\t: 8
cpu MHz\t\t: 1200.000
flags\t\t: fpu sse2 fma avx f16c avx2 avx512f avx_vnni avx512_bf16 avx512_vnni amx_bf16 amx_tile \
amx_int8

"""
ZEN_3 = """\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 33
model name\t: AMD Ryzen 7 5800X 8-Core Processor
flags\t\t: fpu sse2 fma avx f16c avx2 avx512_nothing
power management: ts ttp tm hwpstate
"""
# RK3588: four small cores, then four large ones.
BIG_LITTLE = "".join(
    f"""\
processor\t: {number}
BogoMIPS\t: 48.00
Features\t: fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: {variant}
CPU part\t: {part}
CPU revision\t: 0

"""
    for number, variant, part in [(n, "0x2", "0xd05") for n in range(4)]
    + [(n, "0x4", "0xd0b") for n in range(4, 8)]
)
APPLE_LINUX = """\
processor\t: 0
Features\t: fp asimd fphp asimdhp asimddp i8mm bf16
CPU implementer\t: 0x61
CPU part\t: 0x032

processor\t: 1
Features\t: fp asimd fphp asimdhp asimddp i8mm bf16
CPU implementer\t: 0x61
CPU part\t: 0x033
"""
RASPBERRY_PI_32 = """\
processor\t: 0
model name\t: ARMv7 Processor rev 3 (v7l)
Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32
CPU implementer\t: 0x41
CPU variant\t: 0x0
CPU part\t: 0xd08

Hardware\t: BCM2711
Revision\t: c03114
Serial\t\t: 10000000abcdef01
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
# Kernels before 3.8 name features and part once, behind all processors.
OLD_ARM = """\
Processor\t: ARMv7 Processor rev 0 (v7l)
processor\t: 0
BogoMIPS\t: 1993.93

processor\t: 1
BogoMIPS\t: 1993.93

Features\t: swp half thumb fastmult vfp edsp neon vfpv3
CPU implementer\t: 0x41
CPU part\t: 0xc09
"""
APPLE_MAC = """\
machdep.cpu.brand_string: Apple M4
hw.optional.floatingpoint: 1
hw.optional.AdvSIMD: 1
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_FP16: 1
hw.optional.arm.FEAT_I8MM: 1
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_SME: 1
hw.optional.arm.FEAT_SME2: 0
hw.perflevel0.logicalcpu: 4
hw.perflevel0.name: Performance
hw.perflevel1.logicalcpu: 6
hw.perflevel1.name: Efficiency
"""
INTEL_MAC = """\
machdep.cpu.vendor: GenuineIntel
machdep.cpu.brand_string: Intel(R) Core(TM) i7-8569U CPU @ 2.80GHz
hw.optional.avx2_0: 1
hw.optional.fma: 1
hw.optional.avx512f: 0
"""
MACHINE = Machine(
    architecture="aarch64",
    cpu_vendor="0x41",
    cpu_model="ARM 0x41/0xd05 + 0x41/0xd0b",
    cores=("4 x 0x41/0xd05", "4 x 0x41/0xd0b"),
    isa=("asimd", "asimddp"),
    cpus=8,
    cpu_quota=None,
    gpus=(),
    fingerprint="",
    memory_bytes=8 << 30,
    hostname="board",
    system="Linux",
    python="3.11",
)


def read(text: str, usable: set[int] | None = None) -> Cpu:
    cpu = parse_cpuinfo(text, usable)
    assert cpu is not None
    return cpu


def test_x86_is_vendor_model_and_the_flags_that_pick_kernels() -> None:
    cpu = read(SAPPHIRE_RAPIDS)
    assert cpu.vendor == "GenuineIntel"
    assert cpu.model == "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"
    assert cpu.cores == ("2 x 6/143",)
    assert {"avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16", "avx512_bf16"} <= set(cpu.isa)
    amd = read(ZEN_3)
    assert (amd.vendor, amd.cores) == ("AuthenticAMD", ("1 x 25/33",))
    assert amd.isa == ("avx2", "fma", "f16c")


def test_a_names_generations_are_told_apart_by_their_model_numbers() -> None:
    older = SAPPHIRE_RAPIDS.replace(": 143", ": 85")
    assert read(older).model == read(SAPPHIRE_RAPIDS).model
    assert read(older).cores != read(SAPPHIRE_RAPIDS).cores


def test_every_kind_of_core_is_seen_and_only_those_that_may_be_used() -> None:
    both = read(BIG_LITTLE)
    assert both.cores == ("4 x 0x41/0xd05", "4 x 0x41/0xd0b")
    assert both.model == "ARM 0x41/0xd05 + 0x41/0xd0b"
    assert both.isa == ("asimd", "fphp", "asimdhp", "asimddp")
    assert read(BIG_LITTLE, {0, 1}).cores == ("2 x 0x41/0xd05",)
    assert read(BIG_LITTLE, {6, 7}).model == "ARM 0x41/0xd0b"
    assert read(APPLE_LINUX).cores == ("1 x 0x61/0x032", "1 x 0x61/0x033")
    assert "i8mm" in read(APPLE_LINUX).isa


def test_a_flag_that_one_core_lacks_picks_no_kernel() -> None:
    lacking = SAPPHIRE_RAPIDS[::-1].replace(" amx_int8"[::-1], "", 1)[::-1]
    assert lacking != SAPPHIRE_RAPIDS
    assert "amx_int8" not in read(lacking).isa
    assert "amx_bf16" in read(lacking).isa


@pytest.mark.parametrize(
    ("text", "part", "cores"),
    [(RASPBERRY_PI_32, "0x41/0xd08", 1), (OLD_ARM, "0x41/0xc09", 2)],
    ids=["raspberry", "old"],
)
def test_32_bit_boards_are_known_by_their_part(text: str, part: str, cores: int) -> None:
    cpu = read(text)
    assert cpu.cores == (f"{cores} x {part}",)
    assert cpu.model == f"ARM {part}"
    assert cpu.isa == ("neon",)


def test_a_file_that_names_nothing_is_no_cpu() -> None:
    assert parse_cpuinfo("") is None
    assert parse_cpuinfo("processor\t: 0\nhart\t: 1\n") is None


def test_a_mac_is_read_from_sysctl() -> None:
    apple = parse_sysctl(APPLE_MAC)
    assert apple is not None
    assert (apple.vendor, apple.model) == ("Apple", "Apple M4")
    assert apple.cores == ("4 x Performance", "6 x Efficiency")
    assert apple.isa == ("asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sme")
    intel = parse_sysctl(INTEL_MAC)
    assert intel is not None
    assert (intel.vendor, intel.isa) == ("GenuineIntel", ("avx2", "fma"))
    assert parse_sysctl("") is None


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("150000 100000\n", 1.5), ("max 100000\n", None), ("-1\n 100000\n", None), ("", None)],
)
def test_a_quota_is_in_cpus(text: str, cpus: float | None) -> None:
    assert parse_quota(text) == cpus


def proc(root: Path, groups: str, mounts: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": groups, "proc/self/mountinfo": mounts, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = """\
32 31 0:29 /docker/c1 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""


def test_the_least_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/user.slice"
    files = {
        f"{group}/cpu.max": "50000 100000\n",
        f"{group}/a.scope/cpu.max": "max 100000\n",
        "sys/fs/cgroup/other.slice/cpu.max": "1000 100000\n",
    }
    assert cpu_quota(proc(tmp_path, "0::/user.slice/a.scope\n", V2, files)) == 0.5
    (tmp_path / group / "a.scope/cpu.max").write_text("25000 100000\n")
    assert cpu_quota(tmp_path) == 0.25
    assert cpu_quota(tmp_path / "nowhere") is None


def test_version_1_in_a_container_is_what_is_mounted_there(tmp_path: Path) -> None:
    groups = "5:memory:/docker/c1\n4:cpu,cpuacct:/docker/c1/job\n0::/docker/c1\n"
    files = {
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
    }
    assert cpu_quota(proc(tmp_path, groups, V1, files)) == 2.0
    # A name that isn't below what is mounted: the container sees its own group as the whole.
    assert str(group_folders("4:cpu:/kubepods/x\n", V1)[0]) == "/sys/fs/cgroup/cpu,cpuacct"


def pci(root: Path, place: str, kind: str, vendor: str, device: str) -> Path:
    folder = root / "sys/bus/pci/devices" / place
    folder.mkdir(parents=True)
    for name, text in (("class", kind), ("vendor", vendor), ("device", device)):
        (folder / name).write_text(f"{text}\n")
    return folder


def test_gpus_are_nvidias_by_name_and_others_by_pci_number(tmp_path: Path) -> None:
    assert gpu_models(tmp_path) == ()
    assert gpu_driver(tmp_path) is None
    pci(tmp_path, "0000:00:01.0", "0x020000", "0x8086", "0x1234")
    amd = pci(tmp_path, "0000:00:02.0", "0x030000", "0x1002", "0x73bf")
    pci(tmp_path, "0000:00:03.0", "0x030200", "0x10de", "0x2335")
    assert gpu_models(tmp_path) == ("1002:73bf", "10de:2335")
    assert gpu_driver(tmp_path) is None
    (tmp_path / "sys/module/amdgpu").mkdir(parents=True)
    (tmp_path / "sys/module/amdgpu/version").write_text("6.7.0\n")
    (tmp_path / "drivers/amdgpu").mkdir(parents=True)
    (amd / "driver").symlink_to(tmp_path / "drivers/amdgpu")
    assert gpu_driver(tmp_path) == "amdgpu 6.7.0"
    for bus in ("0000:00:03.0", "0000:00:04.0"):
        folder = tmp_path / "proc/driver/nvidia/gpus" / bus
        folder.mkdir(parents=True)
        (folder / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   \t\t 11\n")
    assert gpu_models(tmp_path) == ("1002:73bf", "NVIDIA H200", "NVIDIA H200")
    (tmp_path / "proc/driver/nvidia/version").write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n"
    )
    assert gpu_driver(tmp_path) == "nvidia 550.54.15"


def test_the_open_kernel_module_has_a_version_too() -> None:
    text = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  555.42.02  Release Build\n"
    assert parse_nvidia_version(text) == "555.42.02"
    assert parse_nvidia_version("") is None


CHANGED = {
    "architecture": "x86_64",
    "cpu_vendor": "0x61",
    "cpu_model": "ARM 0x41/0xd05",
    "cores": ("8 x 0x41/0xd05",),
    "isa": ("asimd",),
    "cpus": 4,
    "cpu_quota": 1.5,
    "gpus": ("NVIDIA H200",),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Hardware)])
def test_other_hardware_has_another_fingerprint(name: str) -> None:
    other = replace(MACHINE, **{name: CHANGED[name]})  # type: ignore[arg-type]
    assert fingerprint_of(hashed(other)) != fingerprint_of(hashed(MACHINE))


def test_what_is_recorded_is_not_hashed() -> None:
    other = replace(
        MACHINE, hostname="b", memory_bytes=1, system="s", python="3.12", kernel="#2", load=9.0
    )
    assert fingerprint_of(hashed(other)) == fingerprint_of(hashed(MACHINE))
    assert recorded(other) != recorded(MACHINE)
    assert hashed(MACHINE).keys() & recorded(MACHINE).keys() == set()


def test_a_saved_file_gives_the_fingerprint_again() -> None:
    facts = hashed(MACHINE)
    again = json.loads(json.dumps(facts))
    assert again == facts
    assert fingerprint_of(again) == fingerprint_of(facts)
