"""The options of `edgeassay select`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified, JsonFile, ModelsDirs


def select(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    budget_ms: Annotated[
        float, typer.Option("--budget-ms", metavar="MS", help="What an inference may take.")
    ],
    *,
    narrowest: Annotated[
        str | None,
        typer.Option(
            "--narrowest", metavar="ID", help="The family of widths that begins with this variant."
        ),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option("--runtime", metavar="ID", help="On this runtime (default: the first)."),
    ] = None,
    device: Device = None,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
    artifacts: Annotated[
        Path | None,
        typer.Option(
            "--artifacts", metavar="DIR", help="Use these artifacts instead of building any."
        ),
    ] = None,
    json_path: JsonFile = None,
    identified: Identified = False,
) -> None:
    """Which width of a model runs on this device: the widest that keeps a latency budget.

    The widths are timed in turn in fresh processes; the widest is taken of which
    95 % of the inferences keep the budget. That is what a selector begins with,
    which goes on with what inferences take (docs/subnetworks.md). Nothing is judged.

    Exit codes: 2 usage or bad input; 4 device, runtime or an artifact isn't to be
    had; 1 not even the narrowest keeps the budget; 0 one does.
    """
    from edgeassay.selecting.command import select_command

    select_command(
        model,
        budget_ms,
        narrowest=narrowest,
        runtime=runtime,
        device=device,
        models_dir=models_dir,
        devices_dir=devices_dir,
        artifacts=artifacts,
        json_path=json_path,
        identified=identified,
    )
