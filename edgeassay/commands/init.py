"""The options of `edgeassay init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Shapes, Signature


def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The model's id and its folder's name: lower-case letters, digits, '.', '_', '-'.",
        ),
    ],
    *,
    artifact: Annotated[
        list[str] | None,
        typer.Option(
            "--artifact",
            metavar="VARIANT=FILE",
            help="A .tflite or .onnx to judge as it is, such as int8=chest-int8.tflite; repeatable."
            " Call the uncompressed one fp32: the others are compared with it.",
        ),
    ] = None,
    keras: Annotated[
        Path | None,
        typer.Option(
            "--keras", metavar="FILE", help="A trained network (.keras) to make variants of."
        ),
    ] = None,
    saved_model: Annotated[
        Path | None,
        typer.Option(
            "--saved-model", metavar="DIR", help="The same, kept as a TensorFlow SavedModel."
        ),
    ] = None,
    tflite: Annotated[
        Path | None,
        typer.Option("--tflite", metavar="FILE", help="The same, kept as a float .tflite."),
    ] = None,
    shape: Shapes = None,
    signature: Signature = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            "--runtime",
            metavar="ID",
            help="What looks at the files, and what model.toml names as what runs them (default:"
            " litert for a .tflite, onnxruntime for an .onnx); repeatable.",
        ),
    ] = None,
    models_dir: Annotated[
        Path | None,
        typer.Option(
            "--models-dir",
            metavar="PATH",
            help="The folder of models to make it in (default: models/ of the project).",
        ),
    ] = None,
    devices_dir: Annotated[
        list[Path] | None,
        typer.Option(
            "--devices-dir",
            metavar="PATH",
            help="A further folder of device profiles: this machine's says what runs an .onnx.",
        ),
    ] = None,
) -> None:
    """Bring in a model of your own: a folder with copies of its files and a commented model.toml.

    Give its artifacts (--artifact, once each), or one trained network to make variants of. What it
    takes and gives is read from the files and shown. Nothing is ever overwritten, and an error
    leaves nothing behind. Exit codes: 0 made, 2 bad input.
    """
    from edgeassay.starting.command import init_command

    init_command(
        name,
        artifact=artifact,
        keras=keras,
        saved_model=saved_model,
        tflite=tflite,
        shape=shape,
        signature=signature,
        runtime=runtime,
        models_dir=models_dir,
        devices_dir=devices_dir,
    )
