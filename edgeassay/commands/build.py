"""The options of `edgeassay build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import ModelsDirs


def build(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write DIR/<model>/<variant>.tflite or .onnx with manifests.",
        ),
    ],
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="ID", help="Only this model; repeatable.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="ID", help="Only this variant; repeatable."),
    ] = None,
    models_dir: ModelsDirs = None,
) -> None:
    """Build artifacts into a folder, for devices without TensorFlow (`pytest --artifacts DIR`).

    Unchanged inputs are not built again. The table shows by each file itself what its layers'
    weights and activations are; a layer that isn't what its variant asks for is said.
    Exit codes: 0 built, 2 bad input, 4 something could not be built (its calibration data is
    absent, its conversion fails): it is left out, and said.
    """
    from edgeassay.building import build_command

    build_command(
        out,
        model=model,
        variant=variant,
        models_dir=models_dir,
    )
