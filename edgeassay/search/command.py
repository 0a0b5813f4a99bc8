"""`edgeassay search`: what it does with its options."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.config import check_classifies, choose, load_models
from edgeassay.errors import Absent, NoEvidence
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.report.redaction import leave_json
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
    model: str,
    name: str | None,
    *,
    minimise: str,
    precision: list[str] | None,
    margin: float | None,
    trials: int,
    time: str | None,
    seed: int,
    storage: str | None,
    study: str | None,
    runtime: str,
    device: str | None,
    devices_dir: list[Path] | None,
    models_dir: list[Path] | None,
    images: int | None,
    jobs: int | None,
    force: bool,
    json_path: Path | None,
    chart_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay search` does with its options."""
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
    folders = [*(models_dir or []), *(devices_dir or [])]
    leave_json(json_path, document(result), identified=identified, folders=folders)
    _leave(result, chart_path, path)


def _leave(result: Result, chart_path: Path | None, path: Path) -> None:
    """Show what was found, and end with what that means."""
    if chart_path is not None:
        write_text(chart_path, draw(result))
    width = max(WIDTH, shutil.get_terminal_size().columns)
    console = Console(highlight=False, width=width)
    show(result, console)
    if result.chosen is None:
        raise typer.Exit(NOTHING_MEETS)
    console.print(f"wrote {path}", markup=False, soft_wrap=True)
