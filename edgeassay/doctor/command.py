"""`edgeassay doctor`: what the machine is, its health, and which runtimes work."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.atomic import write_text
from edgeassay.config import load_devices
from edgeassay.config.shapes import default_checkup
from edgeassay.doctor.finding import Finding, Level
from edgeassay.doctor.findings import examine
from edgeassay.doctor.readings import read
from edgeassay.doctor.report import Checked, show, to_json
from edgeassay.doctor.runtimes import building, try_runtime
from edgeassay.machine import gpu_driver, this_machine
from edgeassay.matrix import recognise
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.spec import DeviceSpec

WIDTH: Final = 110  # where the terminal hasn't more


def doctor_command(
    *,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            metavar="ID",
            help="The device profile (default: the one that recognises this machine).",
        ),
    ] = None,
    devices_dir: Annotated[
        list[Path] | None,
        typer.Option(
            "--devices-dir", metavar="PATH", help="A further folder of profiles; repeatable."
        ),
    ] = None,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", metavar="PATH", help="Write all of it there as well."),
    ] = None,
) -> None:
    """Tell what this machine is, whether it can be trusted with timings, and which runtimes work.

    Shows the fingerprint and what it is of; the device profile; the machine's
    health, watched for a moment with one CPU kept busy, with a remedy for what
    isn't well; and the runtimes that the profile has workers for, each of which
    makes a small built-in network ready and runs it. Nothing is changed, and it
    takes about five seconds.

    These are problems: load, waiting, stolen time, throttling or swapping beyond
    the profile's tolerance; heat or a weak supply that slows the machine down;
    running on a battery; too little free memory or disk; a clock that can't be
    trusted; a profile that is another machine's; a runtime that doesn't work.
    What makes times vary without making them worthless (a frequency governor,
    boost, shared cores, a quota) is a note.

    Exit codes, the first that applies:
    2 bad usage;
    4 no runtime works;
    1 a problem was found;
    0 all is well, or there are notes only.
    """
    chosen, present = _profile(device, devices_dir or [])
    checked = _check(chosen, present=present)
    if json_path is not None:
        write_text(json_path, to_json(checked))
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
    with report("trying the runtimes", len(device.workers)) as advance:
        runtimes = []
        for engine in device.workers:
            runtimes.append(try_runtime(device, engine, wants.runtime_s))
            advance(1)
    findings = examine(readings, device.tolerance, wants)
    return Checked(
        machine=machine,
        gpu_driver=gpu_driver(),
        device=device,
        present=present,
        health=readings.health,
        findings=[*recognised(device, present=present), *findings, building()],
        runtimes=runtimes,
    )


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
