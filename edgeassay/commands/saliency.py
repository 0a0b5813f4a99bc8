"""The options of `edgeassay saliency`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified, JsonFile, ModelsDirs


def saliency(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    *,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="ID", help="Only this variant; repeatable."),
    ] = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option("--runtime", metavar="ID", help="Only on this runtime; repeatable."),
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
    html_path: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="PATH",
            help="Write a page there with maps beside the images they are of: it shows patients.",
        ),
    ] = None,
    pictures: Annotated[
        int, typer.Option("--pictures", min=1, max=100, metavar="N", help="Images on the page.")
    ] = 4,
    identified: Identified = False,
) -> None:
    """Whether the variants of a model look where the reference looks.

    On a sample of the evaluation images a patch covers place after place, and
    the fall of the score is a map of what the network looks at. Each variant's
    maps are held against the reference's: the rank correlation, and how many of
    the places that matter most are the same, with bounds. Nothing is judged: a
    limit in model.toml (min_saliency_correlation, min_saliency_overlap) makes
    it a claim. What was computed once is kept.

    Exit codes: 2 usage or bad input; 4 data, device, runtime or a variant
    isn't to be had, and what is to be had is shown; 0 shown.
    """
    from edgeassay.saliency.command import saliency_command

    saliency_command(
        model,
        variant=variant,
        runtime=runtime,
        device=device,
        models_dir=models_dir,
        devices_dir=devices_dir,
        artifacts=artifacts,
        json_path=json_path,
        html_path=html_path,
        pictures=pictures,
        identified=identified,
    )
