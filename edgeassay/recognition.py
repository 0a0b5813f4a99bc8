"""Which device profile is that of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from edgeassay.config import choose
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import Machine, processor_of
from edgeassay.spec import DeviceSpec


def matches(device: DeviceSpec, machine: Machine) -> bool:
    """Whether a profile recognises the machine."""
    m = device.match
    patterns = (
        (m.architecture, machine.architecture),
        (m.cpu_model, machine.cpu_model),
        (m.hostname, machine.hostname),
        (m.fingerprint, machine.fingerprint),
    )
    given = [(pattern, value) for pattern, value in patterns if pattern is not None]
    return (
        (m.any or m.on_request or bool(given) or m.cpu.names_more)
        and m.cpu.fits(processor_of(machine))
        and all(fnmatchcase(value, pattern) for pattern, value in given)
    )


def recognise(
    devices: Mapping[str, DeviceSpec], machine: Machine, wanted: str | None
) -> tuple[DeviceSpec, bool]:
    """The profile of this run, and whether this machine is that device.

    A profile asked for by name is taken, present or not; else the one that recognises the machine,
    and the catch-all (`any = true`) where none does.
    """
    if wanted is not None:
        device = devices[choose("device", [wanted], devices)[0]]
        return device, matches(device, machine)
    found = [d for d in devices.values() if matches(d, machine)]
    special = [d for d in found if not (d.match.any or d.match.on_request)]
    if len(special) > 1:
        names = ", ".join(d.file for d in special)
        raise ConfigError(
            f"several device profiles recognise this machine: {names}; choose with --device"
        )
    if all(d.match.on_request for d in found):
        raise ConfigError(
            "no device profile recognises this machine; add one, or choose with --device"
        )
    return (special or [d for d in found if not d.match.on_request])[0], True


def check_present(device: DeviceSpec, *, present: bool) -> None:
    """Absent where this machine isn't the device."""
    if not present:
        raise Absent(f"this machine isn't the device {device.id!r} that {device.file} describes")


def here(devices: Mapping[str, DeviceSpec], machine: Machine) -> DeviceSpec | None:
    """The profile that recognises the machine that runs the suite; None where none does."""
    try:
        return recognise(devices, machine, None)[0]
    except ConfigError:
        return None
