"""The options of `edgeassay runtimes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified


def runtimes(
    *,
    runtime: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Only these runtimes (default: all)."),
    ] = None,
    wanted: Annotated[
        bool,
        typer.Option("--install", help="Install what isn't there, and anew what is broken."),
    ] = False,
    device: Device = None,
    devices_dir: DevicesDirs = None,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", metavar="PATH", help="Write all of it there as well."),
    ] = None,
    identified: Identified = False,
) -> None:
    """List the runtimes, and try each: it makes a small built-in network ready and runs it.

    With --install, environments that aren't there are made below .assay/runtimes/,
    each with a Python of its own, and broken ones are made anew. This very Python
    serves where it has all that is required.

    Exit codes, the first that applies:
    2 bad usage;
    1 a runtime is installed and doesn't work;
    4 one that was asked for isn't installed or can't be, or none works;
    0 all is well.
    """
    from edgeassay.runtimes.command import runtimes_command

    runtimes_command(
        runtime=runtime,
        wanted=wanted,
        device=device,
        devices_dir=devices_dir,
        json_path=json_path,
        identified=identified,
    )
