"""The options of `edgeassay sensitivity`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from edgeassay.options import ChartFile, Device, DevicesDirs, Identified, Jobs, JsonFile, ModelsDirs

# What is asked for where nobody says it. Not int16x8: in one layer alone it does what w8 does, as
# 16-bit activations lose next to nothing, and its kernels are many times slower.
DEFAULT: Final = ("int8", "w8", "w4", "w4a8")


def sensitivity(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    *,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="NAME",
            help=f"A precision to try; repeatable (default: {', '.join(DEFAULT)}).",
        ),
    ] = None,
    images: Annotated[
        int,
        typer.Option(
            "--images", min=1, metavar="N", help="A sample of the validation split of so many."
        ),
    ] = 300,
    every: Annotated[
        bool, typer.Option("--all", help="Show every layer, not the worst alone.")
    ] = False,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="What runs the networks.")
    ] = "litert",
    device: Device = None,
    devices_dir: DevicesDirs = None,
    models_dir: ModelsDirs = None,
    jobs: Jobs = None,
    json_path: JsonFile = None,
    chart_path: ChartFile = None,
    identified: Identified = False,
) -> None:
    """Which layers of a network hurt, under which precision.

    Each layer alone is quantized, all others staying float, and the network is
    run on the validation split: how much noise that brings into its outputs,
    what it does to the mean AUC, and what it saves. The test split isn't
    looked at, and nothing is judged.

    What was run is kept: interrupted, the same command goes on where it was.

    Exit codes: 2 usage or bad input; 4 data, device or runtime aren't here, or
    no layer could be measured in any precision; 0 shown.
    """
    from edgeassay.sensitivity.command import sensitivity_command

    sensitivity_command(
        model,
        precision=precision or DEFAULT,
        images=images,
        every=every,
        runtime=runtime,
        device=device,
        devices_dir=devices_dir,
        models_dir=models_dir,
        jobs=jobs,
        json_path=json_path,
        chart_path=chart_path,
        identified=identified,
    )
