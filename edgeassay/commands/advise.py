"""The options of `edgeassay advise`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ChartFile, Device, DevicesDirs, Identified, JsonFile, ModelsDirs
from edgeassay.spec import Prefer


def advise(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The id of a model, or a float .tflite.")
    ],
    *,
    data_of: Annotated[
        str | None,
        typer.Option(
            "--data-of",
            metavar="ID",
            help="Of a .tflite: the declared model whose \\[data] and \\[preprocess] it shares.",
        ),
    ] = None,
    prefer: Annotated[
        Prefer,
        typer.Option("--prefer", help="The fastest of what holds, or the smallest."),
    ] = Prefer.LATENCY,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="The runtime that it ships on.")
    ] = "litert",
    device: Device = None,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
    images: Annotated[
        int | None,
        typer.Option(
            "--images", min=1, metavar="N", help="Of the validation split, a sample of so many."
        ),
    ] = None,
    slow: Annotated[
        bool,
        typer.Option("--slow", help="Evaluate too what is much slower than the reference."),
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write models/<id>/variants/<name>.toml where it isn't declared."
        ),
    ] = False,
    json_path: JsonFile = None,
    chart_path: ChartFile = None,
    identified: Identified = False,
) -> None:
    """Which variant of a network to ship on this device, and why.

    The variants that the model declares are made, and beside them whatever the
    standard methods make of its network. Each is evaluated on the validation
    split (the test split isn't opened), and timed in turn with the uncompressed
    network in fresh processes. Of those that keep the model's limits, and that
    no other one beats in size, time and AUC together, the fastest is advised,
    or the smallest of those that aren't shown to be slower; with --prefer size
    the smallest. It is advice, not a verdict: the command that judges it is
    shown.

    Exit codes: 2 usage or bad input; 1 no compressed variant holds; 4 quality or
    speed is unmeasured; 3 inconclusive; 0 advised.
    """
    from edgeassay.advising.command import advise_command

    advise_command(
        model,
        data_of=data_of,
        prefer=prefer,
        runtime=runtime,
        device=device,
        models_dir=models_dir,
        devices_dir=devices_dir,
        images=images,
        slow=slow,
        write=write,
        json_path=json_path,
        chart_path=chart_path,
        identified=identified,
    )
