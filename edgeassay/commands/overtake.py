"""The options of `edgeassay overtake`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified, JsonFile, ModelsDirs


def overtake(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    *,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            metavar="ID",
            help="A variant; repeatable (default: all but those on request).",
        ),
    ] = None,
    accelerator: Annotated[
        str,
        typer.Option("--accelerator", metavar="ID", help="The runtime that has the whole network."),
    ] = "litert-compiled-gpu",
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="The runtime that has the variants.")
    ] = "litert-compiled-cpu",
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", min=1, metavar="N", help="Of the CPU (default: what its runtime declares)."
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=3, metavar="N", help="Fresh processes (default: 7)."),
    ] = None,
    device: Device = None,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the order of turns.")] = 0,
    json_path: JsonFile = None,
    identified: Identified = False,
) -> None:
    """From which variant on this CPU is faster than the whole network on an accelerator.

    Every variant on the CPU and the reference variant on the accelerator are
    timed in turn, in fresh processes, from the inputs in memory to the outputs
    in memory. Nothing is judged, least of all quality: `pytest` does that.

    Without an accelerator, or with software in its place, what was asked is
    unmeasured: variants are only held against the whole network on the CPU.

    Exit codes: 2 usage or bad input; 4 the device isn't here, or there is no
    accelerator; 0 shown.
    """
    from edgeassay.breakeven.overtaking import overtake_command

    overtake_command(
        model,
        variant=variant,
        accelerator=accelerator,
        runtime=runtime,
        threads=threads,
        processes=processes,
        device=device,
        models_dir=models_dir,
        devices_dir=devices_dir,
        seed=seed,
        json_path=json_path,
        identified=identified,
    )
