"""`edgeassay break-even`: what it does with its options."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.breakeven.chart import draw
from edgeassay.breakeven.finding import doubts, find
from edgeassay.breakeven.networks import Network, write_convolutions, write_floor
from edgeassay.breakeven.showing import document, markdown, show
from edgeassay.breakeven.timing import Contestant, time_ladder, undisturbed
from edgeassay.config import catalogue, choose, load_devices
from edgeassay.config.shapes import default_ladder, default_statistics
from edgeassay.devices import start_worker
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import this_machine
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import check_present, recognise
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.redaction import leave_json
from edgeassay.spec import DeviceSpec, Ladder, RuntimeSpec
from edgeassay.temporary import temporary_folder

WIDTH: Final = 130  # of the table, where the terminal hasn't more
MISSING: Final = 4


def break_even_command(
    *,
    runtime: str,
    against: str,
    threads: int | None,
    processes: int | None,
    device: str | None,
    devices_dir: list[Path] | None,
    seed: int,
    json_path: Path | None,
    markdown_path: str | None,
    chart_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay break-even` does with its options."""
    project, console = project_folder(), Console(stderr=True)
    ladder = default_ladder()
    if processes is not None:
        ladder = replace(ladder, processes=processes)
    chosen = [named_runtime(name, option, threads) for name, option in _named(runtime, against)]
    profile, present = recognise(
        load_devices(device_folders(devices_dir or []), project), this_machine(), device
    )
    for path in (json_path, chart_path, _file(markdown_path)):
        if path is not None:
            check_replaceable(path)
    try:
        _check_device(profile, present=present)
        contestants = [
            Contestant(
                id=name, runtime=spec, start=partial(start_worker, profile, spec, label="a ladder")
            )
            for name, spec in zip((runtime, against), chosen, strict=True)
        ]
        with temporary_folder() as scratch:
            floor, *rungs = make_ladder(scratch, ladder)
            timed, disturbed = undisturbed(
                lambda: time_ladder(
                    contestants, [floor, *rungs], ladder, seed=seed, report=ConsoleReporter(console)
                ),
                device=profile,
                threads=max(one.runtime.threads for one in contestants),
            )
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    found = find(
        contestants,
        floor,
        rungs,
        timed,
        ladder=ladder,
        statistics=default_statistics(),
        seed=seed,
    )
    lines = doubts(found, timed, ladder) + ([disturbed] if disturbed else [])
    machine = this_machine()
    facts = document(found, lines, timed, machine=machine, device=profile.id, seed=seed)
    leave_json(json_path, facts, identified=identified, folders=devices_dir)
    if chart_path is not None:
        write_text(chart_path, draw(found))
    words = redactor(project, identified=identified, folders=devices_dir)
    leave(markdown_path, markdown(found, lines, machine, words))
    if markdown_path != STDOUT:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(found, lines, Console(highlight=False, width=width))


def make_ladder(folder: Path, ladder: Ladder) -> list[Network]:
    """The almost empty network, and the convolutions from the smallest on."""
    made = [write_floor(folder / "floor.tflite", side=ladder.side)]
    for width in ladder.widths:
        path = folder / f"width-{width}.tflite"
        made.append(
            write_convolutions(
                path, side=ladder.side, width=width, layers=ladder.layers, seed=width
            )
        )
    return made


def _named(runtime: str, against: str) -> list[tuple[str, str]]:
    if runtime == against:
        raise ConfigError(f"--runtime and --against are both {runtime}; name two")
    return [(runtime, "--runtime"), (against, "--against")]


def named_runtime(name: str, option: str, threads: int | None) -> RuntimeSpec:
    """A runtime of the catalogue that executes .tflite files here and is worth timing."""
    known = {
        name: spec
        for name, spec in catalogue().items()
        if spec.traits.executes and spec.traits.timed and spec.traits.suffix == ".tflite"
    }
    choose("runtime", [name], known, given_as=option)
    return known[name] if threads is None else replace(known[name], threads=threads)


def _file(path: str | None) -> Path | None:
    return None if path in (None, STDOUT) else Path(str(path))


def _check_device(device: DeviceSpec, *, present: bool) -> None:
    check_present(device, present=present)
    if device.emulated:
        raise Absent(f"{device.id} is emulated, and its times are no device's")
