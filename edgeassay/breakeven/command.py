"""`edgeassay break-even`: its options, and what it does with them."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

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
from edgeassay.options import ChartFile, Device, DevicesDirs, JsonFile
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import check_present, recognise
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.spec import DeviceSpec, Ladder, RuntimeSpec

WIDTH: Final = 130  # of the table, where the terminal hasn't more
MISSING: Final = 4


def break_even_command(
    *,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="The runtime that shall be faster.")
    ] = "litert-compiled-gpu",
    against: Annotated[
        str, typer.Option("--against", metavar="ID", help="The runtime that it is held against.")
    ] = "litert-compiled-cpu",
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", min=1, metavar="N", help="Of both (default: what the runtimes declare)."
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes", min=3, metavar="N", help="Fresh processes of each (default: 7)."
        ),
    ] = None,
    device: Device = None,
    devices_dir: DevicesDirs = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the order of turns.")] = 0,
    json_path: JsonFile = None,
    markdown_path: Annotated[
        str | None,
        typer.Option("--markdown", metavar="PATH", help="Write a table there; - prints it."),
    ] = None,
    chart_path: ChartFile = None,
) -> None:
    """From which size of network on a runtime is faster than another: a GPU than the CPU beside it.

    Convolution networks of growing size, and an almost empty one, are timed on
    both in turn, in fresh processes, from the inputs in memory to the outputs
    in memory. What each costs whatever the size (launching, moving, waiting)
    and how much it computes in a second are fitted; where the two lines cross
    is the break-even. Nothing is judged.

    A software adapter labels every number `software`.

    Exit codes: 2 usage or bad input; 4 a runtime or its adapter isn't here;
    0 shown.
    """
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
        with tempfile.TemporaryDirectory(prefix="edgeassay-ladder-") as scratch:
            floor, *rungs = make_ladder(Path(scratch), ladder)
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
    if json_path is not None:
        write_text(json_path, json.dumps(facts, indent=2) + "\n")
    if chart_path is not None:
        write_text(chart_path, draw(found))
    leave(markdown_path, markdown(found, lines, machine))
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
