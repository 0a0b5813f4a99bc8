"""The options of `edgeassay ab`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Device, DevicesDirs, Identified, ModelsDirs, Shapes, Signature


def ab(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="What is merged into: a git revision, a folder of artifacts, a checkout, or one"
            " .tflite or .onnx.",
        ),
    ],
    head: Annotated[
        str, typer.Argument(metavar="HEAD", help="What would be merged: the same kinds.")
    ],
    *,
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="ID", help="Only this model; repeatable.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="ID", help="Only this variant; repeatable."),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option("--runtime", metavar="ID", help="On this runtime (default: each model's)."),
    ] = None,
    base_runtime: Annotated[
        str | None, typer.Option("--base-runtime", metavar="ID", help="The base's own runtime.")
    ] = None,
    head_runtime: Annotated[
        str | None, typer.Option("--head-runtime", metavar="ID", help="The head's own runtime.")
    ] = None,
    shape: Shapes = None,
    signature: Signature = None,
    device: Device = None,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
    limits: Annotated[
        Path | None,
        typer.Option(
            "--limits",
            metavar="TOML",
            help="What may change (default: the project's compare.toml).",
        ),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            min=1.0,
            max=86400.0,
            metavar="SECONDS",
            help="For each case (default: 60).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the order of turns.")] = 0,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write all numbers there.")
    ] = None,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH", help="Write a table for a pull request; - prints it."
        ),
    ] = None,
    identified: Identified = False,
) -> None:
    """Time two builds against each other, here and now: the merge gate.

    Both run in fresh processes on the same CPUs and take turns, so that what
    slows this machine down slows both. Each case ends as soon as the evidence
    decides: fail when a slowdown beyond what is tolerated (1 %) is shown, pass
    when an unacceptable one (5 %) is excluded, inconclusive when time is up.
    Equal bytes on one runtime are unchanged, and aren't timed.

    edgeassay ab main .                 a revision, and this tree as it is

    edgeassay ab old.tflite new.tflite

    edgeassay ab artifacts/ artifacts/ --head-runtime litert-builtin

    Exit codes, the first that applies: 2 usage or bad input; 1 a case fails;
    4 nothing was compared, HEAD lacks a case of BASE, or one couldn't be built
    or run here; 3 inconclusive; 0 all pass.
    """
    from edgeassay.ab.command import ab_command

    ab_command(
        base,
        head,
        model=model,
        variant=variant,
        runtime=runtime,
        base_runtime=base_runtime,
        head_runtime=head_runtime,
        shape=shape,
        signature=signature,
        device=device,
        models_dir=models_dir,
        devices_dir=devices_dir,
        limits=limits,
        max_time=max_time,
        seed=seed,
        json_path=json_path,
        markdown_path=markdown_path,
        identified=identified,
    )
