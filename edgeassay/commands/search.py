"""The options of `edgeassay search`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ChartFile, Device, DevicesDirs, Identified, Jobs, JsonFile, ModelsDirs


def search(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The variant that it makes (default: mixed-size or mixed-latency).",
        ),
    ] = None,
    *,
    minimise: Annotated[
        str,
        typer.Option("--minimise", metavar="size|latency", help="Bytes, or measured time."),
    ] = "size",
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="NAME",
            help="A precision that a layer may have; repeatable (default: int8, int16x8 and float;"
            " for latency int8 and float).",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            min=0.0,
            metavar="DROP",
            help="What the mean AUC may lose (default: the model's limit for mean_auc_drop).",
        ),
    ] = None,
    trials: Annotated[
        int, typer.Option("--trials", min=1, metavar="N", help="Recipes to try in all.")
    ] = 48,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="TIME", help="End after so long, such as 90s or 10m."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is proposed.")] = 0,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="Keep the study there, so that it can go on and be shared: a file, sqlite:///FILE,"
            " or a database's URL.",
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="NAME", help="Its name there (default: MODEL/NAME)."),
    ] = None,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="What runs the recipes.")
    ] = "litert",
    device: Device = None,
    devices_dir: DevicesDirs = None,
    models_dir: ModelsDirs = None,
    images: Annotated[
        int | None,
        typer.Option("--images", min=1, metavar="N", help="Only a sample of each split."),
    ] = None,
    jobs: Jobs = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the variant's file if there is one.")
    ] = False,
    json_path: JsonFile = None,
    chart_path: ChartFile = None,
    identified: Identified = False,
) -> None:
    """Find a precision for every layer: the smallest or fastest recipe that keeps the AUC.

    Recipes are made of the model's float network and looked at on the validation
    split: what the mean AUC may lose is excluded by the drop's upper bound, as in
    every claim. The best becomes an ordinary variant,
    models/MODEL/variants/NAME.toml. The test split is read once, at the end, for
    that one alone.

    Exit codes, the first that applies: 2 usage or bad input; 4 data, device or
    runtime absent; 3 the validation split is too small for a verdict; 1 nothing
    tried keeps the AUC; 130 interrupted; 0 found.
    """
    from edgeassay.search.command import search_command

    search_command(
        model,
        name,
        minimise=minimise,
        precision=precision,
        margin=margin,
        trials=trials,
        time=time,
        seed=seed,
        storage=storage,
        study=study,
        runtime=runtime,
        device=device,
        devices_dir=devices_dir,
        models_dir=models_dir,
        images=images,
        jobs=jobs,
        force=force,
        json_path=json_path,
        chart_path=chart_path,
        identified=identified,
    )
