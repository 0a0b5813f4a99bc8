"""The options of `edgeassay break-even`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ChartFile, Device, DevicesDirs, Identified, JsonFile


def break_even(
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
    identified: Identified = False,
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
    from edgeassay.breakeven.command import break_even_command

    break_even_command(
        runtime=runtime,
        against=against,
        threads=threads,
        processes=processes,
        device=device,
        devices_dir=devices_dir,
        seed=seed,
        json_path=json_path,
        markdown_path=markdown_path,
        chart_path=chart_path,
        identified=identified,
    )
