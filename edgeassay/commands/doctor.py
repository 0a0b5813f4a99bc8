"""The options of `edgeassay doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified


def doctor(
    *,
    device: Device = None,
    devices_dir: DevicesDirs = None,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", metavar="PATH", help="Write all of it there as well."),
    ] = None,
    identified: Identified = False,
) -> None:
    """Tell what this machine is, whether it can be trusted with timings, and which runtimes work.

    Shows the fingerprint and what it is of; the device profile; the machine's
    health, watched for a moment with one CPU kept busy, with a remedy for what
    isn't well; and the runtimes that are installed of those that the profile has
    workers for, each of which makes a small built-in network ready and runs it
    (`edgeassay runtimes` tells of all). Nothing is changed, and it takes about
    five seconds.

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
    from edgeassay.doctor.command import doctor_command

    doctor_command(
        device=device,
        devices_dir=devices_dir,
        json_path=json_path,
        identified=identified,
    )
