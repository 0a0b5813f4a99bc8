"""`edgeassay compare`: what it does with its options."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.comparing.acceptance import load_acceptance
from edgeassay.comparing.judging import EXITS, compare
from edgeassay.comparing.scoring import ScoreStore
from edgeassay.comparing.showing import document, markdown, show
from edgeassay.comparing.sides import Places, Side, is_path, open_side
from edgeassay.config.comparison import load_comparison
from edgeassay.config.shapes import default_statistics
from edgeassay.errors import Absent, ConfigError
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import BASELINES, STORAGE, project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.redaction import leave_json
from edgeassay.spec import Verdict

WIDTH: Final = 120  # of the table, where the terminal hasn't more


def compare_command(
    base: str,
    head: str,
    *,
    limits: Path | None,
    storage: Path | None,
    baselines: Path | None,
    across_machines: bool,
    show_all: bool,
    json_path: Path | None,
    markdown_path: str | None,
    identified: bool,
) -> None:
    """What `edgeassay compare` does with its options."""
    project, console = project_folder(), Console(stderr=True)
    _check_folders({"--storage": storage, "--baselines": baselines})
    settings = load_comparison(limits, project)
    places = Places(
        project=project,
        storage=storage or project / STORAGE,
        baselines=baselines or project / BASELINES,
        report=ConsoleReporter(console),
        across=across_machines,
    )
    try:
        sides = _open(base, head, places)
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(EXITS[Verdict.INCOMPARABLE]) from None
    _check_kept(sides, json_path, markdown_path)
    found = compare(
        *sides,
        settings,
        default_statistics(),
        ScoreStore(storage=places.storage),
        across=across_machines,
        acceptance=load_acceptance(base, places.baselines, project),
    )
    leave_json(json_path, document(found), identified=identified)
    words = redactor(project, identified=identified)
    leave(markdown_path, markdown(found, words) if markdown_path else "")
    if markdown_path != STDOUT:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(found, Console(highlight=False, width=width), unchanged=show_all)
    raise typer.Exit(found.exit_code)


def _open(base: str, head: str, places: Places) -> tuple[Side, Side]:
    """Both sides; where one is a file or a folder, the other is meant of the same hardware."""
    opened: dict[str, Side] = {}
    for word in sorted((base, head), key=is_path, reverse=True):
        if word not in opened:
            opened[word] = open_side(word, places)
        if is_path(word) and opened[word].latest.ours:
            places = replace(places, hardware=opened[word].latest.hardware)
    return opened[base], opened[head]


def _check_folders(given: dict[str, Path | None]) -> None:
    for option, folder in given.items():
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"{option} {folder}: no such folder; name the one that is meant")


def _check_kept(
    sides: tuple[Side, Side], json_path: Path | None, markdown_path: str | None
) -> None:
    """ConfigError where what is found would be written over what it is taken from."""
    inputs = {Path(run.where).resolve() for side in sides for run in side.runs}
    outputs = {"--json": json_path}
    if markdown_path not in (None, STDOUT):
        outputs["--markdown"] = Path(str(markdown_path))
    for option, path in outputs.items():
        if path is not None and path.resolve() in inputs:
            raise ConfigError(f"{option} {path} is one of the inputs; choose another place")
