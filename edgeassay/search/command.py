"""`edgeassay search`: its options, and what it does with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.config import check_classifies, choose, load_models
from edgeassay.errors import Absent, NoEvidence
from edgeassay.options import ChartFile, Device, DevicesDirs, Jobs, JsonFile, ModelsDirs
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.search.asked import Asked, read_choices, read_objective, read_seconds
from edgeassay.search.chart import draw
from edgeassay.search.result import Result
from edgeassay.search.running import Desk, run
from edgeassay.search.showing import document, show
from edgeassay.search.storage import check_installed
from edgeassay.search.writing import variant_file
from edgeassay.trials import Subject, open_trials

WIDTH: Final = 110  # of the table, where the terminal hasn't more
NOTHING_MEETS: Final = 1
TOO_SMALL: Final = 3
MISSING: Final = 4
INTERRUPTED: Final = 130


def search_command(
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
    check_installed()
    console = Console(stderr=True, highlight=False)
    objective = read_objective(minimise)
    variant = name or f"mixed-{objective}"
    asked = Asked(
        model=model,
        variant=variant,
        objective=objective,
        choices=read_choices(precision or [], objective),
        margin=margin,
        trials=trials,
        time_s=read_seconds(time),
        seed=seed,
        storage=storage,
        study=study or f"{model}/{variant}",
        runtime=runtime,
    )
    project = project_folder()
    models = load_models([project / "models", *(models_dir or [])], project)
    declared = models[choose("model", [model], models, given_as="MODEL")[0]]
    check_classifies(declared, "search")
    path = variant_file(declared, variant, force=force)
    for other in (json_path, chart_path):
        if other is not None:
            check_replaceable(other)
    subject = Subject(
        model=model,
        runtime=runtime,
        device=device,
        models_dirs=models_dir or [],
        devices_dirs=devices_dir or [],
        images=images,
        jobs=jobs,
    )

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    report = ConsoleReporter(console)
    try:
        with open_trials(subject, report) as opened:
            result = run(Desk(asked=asked, trials=opened, say=say, report=report), path)
    except Absent as error:
        say(f"edgeassay: {error}")
        raise typer.Exit(MISSING) from None
    except NoEvidence as error:
        say(f"edgeassay: {error}")
        raise typer.Exit(TOO_SMALL) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _leave(result, json_path, chart_path, path)


def _leave(result: Result, json_path: Path | None, chart_path: Path | None, path: Path) -> None:
    """Show what was found, and end with what that means."""
    if json_path is not None:
        write_text(json_path, json.dumps(document(result), indent=2) + "\n")
    if chart_path is not None:
        write_text(chart_path, draw(result))
    width = max(WIDTH, shutil.get_terminal_size().columns)
    console = Console(highlight=False, width=width)
    show(result, console)
    if result.chosen is None:
        raise typer.Exit(NOTHING_MEETS)
    console.print(f"wrote {path}", markup=False, soft_wrap=True)
