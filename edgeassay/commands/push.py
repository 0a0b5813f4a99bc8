"""The options of `edgeassay push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import DevicesDirs, ModelsDirs


def push(
    *,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The id of the device profile.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="ID", help="This model's artifacts too; repeatable."),
    ] = None,
    artifacts: Annotated[
        Path | None,
        typer.Option(
            "--artifacts",
            metavar="DIR",
            help="The artifacts that `edgeassay build --out DIR` made; nothing is built.",
        ),
    ] = None,
    inputs: Annotated[
        bool,
        typer.Option("--inputs", help="The evaluation images too, as each artifact takes them."),
    ] = False,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
) -> None:
    """Copy to a device what its workers need there: nothing that it has already.

    The worker itself always; with --model or --artifacts the artifacts; with
    --inputs the images. All of it goes below the `folder` that the profile names,
    by the SHA-256 of its bytes, whole or not at all. A run copies what is missing
    by itself: this does it ahead of time, repairs a damaged copy, and shows
    whether the device is reached.

    Exit codes: 0 all of it is there, 2 bad input, 4 the device isn't reached, or
    something isn't there to be copied.
    """
    from edgeassay.pushing import push_command

    push_command(
        device=device,
        model=model,
        artifacts=artifacts,
        inputs=inputs,
        models_dir=models_dir,
        devices_dir=devices_dir,
    )
