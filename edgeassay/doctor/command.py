"""`edgeassay doctor`: what the machine is, its health, and which runtimes work."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.config import catalogue, engine_of, environment_specs, load_devices
from edgeassay.config.shapes import default_checkup
from edgeassay.doctor.building import building
from edgeassay.doctor.finding import Finding, Level
from edgeassay.doctor.findings import examine
from edgeassay.doctor.readings import read
from edgeassay.doctor.report import Checked, document, show
from edgeassay.environments import installed
from edgeassay.machine import gpu_driver, this_machine
from edgeassay.progress import ConsoleReporter, Reporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import recognise
from edgeassay.report.redaction import leave_json
from edgeassay.runtimes.probe import RuntimeState, State, try_runtime
from edgeassay.spec import DeviceSpec, RuntimeSpec

WIDTH: Final = 110  # where the terminal hasn't more


def doctor_command(
    *,
    device: str | None,
    devices_dir: list[Path] | None,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay doctor` does with its options."""
    chosen, present = _profile(device, devices_dir or [])
    checked = _check(chosen, present=present)
    leave_json(json_path, document(checked), identified=identified, folders=devices_dir)
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(checked, Console(highlight=False, markup=False, width=width))
    raise typer.Exit(checked.exit_code)


def _profile(wanted: str | None, further: list[Path]) -> tuple[DeviceSpec, bool]:
    """The profile, of those that pytest chooses from, and whether this machine is its device."""
    devices = load_devices(device_folders(further), project_folder())
    return recognise(devices, this_machine(), wanted)


def _check(device: DeviceSpec, *, present: bool) -> Checked:
    """Look at everything."""
    wants, machine = default_checkup(), this_machine()
    report = ConsoleReporter(Console(stderr=True))
    with report("watching the machine", 1) as advance:
        readings = read(machine, project_folder() / ".assay", wants.watch_s)
        advance(1)
    there = [name for name in device.workers if _is_there(device, name)]
    states = _tried(device, there, wants.runtime_s, report)
    tried = [state for state in states if not _is_optional(state)]
    findings = examine(readings, device.tolerance, wants)
    return Checked(
        machine=machine,
        gpu_driver=gpu_driver(),
        device=device,
        present=present,
        health=readings.health,
        findings=[*recognised(device, present=present), *findings, building()],
        runtimes=tried,
        others=sorted(set(device.workers) - {state.name for state in tried}),
    )


def _tried(
    device: DeviceSpec, names: Sequence[str], most_s: float, report: Reporter
) -> list[RuntimeState]:
    """The runtimes that workers are named after, tried."""
    known, states = catalogue(), []
    with report("trying the runtimes", len(names)) as advance:
        for name in names:
            runtime = known.get(name) or RuntimeSpec(engine=engine_of(name), environment=name)
            states.append(try_runtime(device, name, runtime, most_s))
            advance(1)
    return states


def _is_there(device: DeviceSpec, name: str) -> bool:
    """Whether a worker is tried: not one of an environment that wasn't installed."""
    return not device.workers[name].is_environment or installed(name) is not None


def _is_optional(state: RuntimeState) -> bool:
    """Whether a tool isn't there that nothing here installs, and nobody may want."""
    return state.state is State.NOT_INSTALLED and state.environment not in environment_specs()


def recognised(device: DeviceSpec, *, present: bool) -> list[Finding]:
    """A profile asked for by name that is another machine's."""
    if present:
        return []
    return [
        Finding(
            about="device profile",
            level=Level.PROBLEM,
            seen=f"this machine isn't the device {device.id!r} that {device.file} describes:"
            " nothing is measured with it",
            remedy=f"leave out --device, or correct [match] in {device.file}",
        )
    ]
