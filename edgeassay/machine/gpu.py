"""Which GPUs a machine has, by what anyone may read: no vendor's library is loaded."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

NVIDIA: Final = "proc/driver/nvidia"
NVIDIA_VENDOR: Final = "0x10de"
DISPLAY: Final = "0x03"  # the PCI class of display controllers, of which GPUs are


def gpu_models(root: Path = Path("/")) -> tuple[str, ...]:
    """Each GPU's model, sorted: NVIDIA's by its driver's name, others as PCI vendor:device.

    NVIDIA's driver shows a container those that it was given, where PCI shows all of the machine's.
    """
    texts = [_read(path) for path in (root / NVIDIA / "gpus").glob("*/information")]
    named = [model for model in map(parse_nvidia_information, texts) if model is not None]
    devices = []
    for folder in (root / "sys/bus/pci/devices").glob("*"):
        kind, vendor, device = (_read(folder / n).strip() for n in ("class", "vendor", "device"))
        if kind.startswith(DISPLAY) and not (named and vendor == NVIDIA_VENDOR):
            devices.append(f"{vendor}:{device}".replace("0x", ""))
    return tuple(sorted(named + devices))


def gpu_driver(root: Path = Path("/")) -> str | None:
    """The GPU driver and its version, such as "nvidia 550.54.15"; None where there is no GPU, or
    its driver has no version but the kernel's.
    """
    version = parse_nvidia_version(_read(root / NVIDIA / "version"))
    if version is not None:
        return f"nvidia {version}"
    found = set()
    for folder in (root / "sys/bus/pci/devices").glob("*"):
        driver = (folder / "driver").resolve().name if (folder / "driver").exists() else ""
        if driver and _read(folder / "class").startswith(DISPLAY):
            version = _read(root / "sys/module" / driver / "version").strip()
            found.add(f"{driver} {version}" if version else "")
    return ", ".join(sorted(filter(None, found))) or None


def parse_nvidia_information(text: str) -> str | None:
    """The model in /proc/driver/nvidia/gpus/<bus>/information."""
    match = re.search(r"^Model:[ \t]*(\S.*?)\s*$", text, re.MULTILINE)
    return match[1] if match else None


def parse_nvidia_version(text: str) -> str | None:
    """The version in /proc/driver/nvidia/version, of the closed kernel module or the open one."""
    match = re.search(r"^NVRM version:.*?Kernel Module.*?\s(\d+(?:\.\d+)+)\s", text, re.MULTILINE)
    return match[1] if match else None


def _read(path: Path) -> str:
    """A small file; empty where it can't be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return ""
