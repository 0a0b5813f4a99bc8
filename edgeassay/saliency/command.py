"""`edgeassay saliency`: what it does with its options."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.config import check_classifies, choose, load_devices, load_models
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.machine import this_machine
from edgeassay.matrix import Plan, plan_unjudged
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.rig import Rig, usual_settings
from edgeassay.saliency.finding import find
from edgeassay.saliency.page import page
from edgeassay.saliency.showing import document, show

WIDTH: Final = 120  # of the table, where the terminal hasn't more
MISSING: Final = 4


def saliency_command(
    model: str,
    *,
    variant: list[str] | None,
    runtime: list[str] | None,
    device: str | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    artifacts: Path | None,
    json_path: Path | None,
    html_path: Path | None,
    pictures: int,
    identified: bool,
) -> None:
    """What `edgeassay saliency` does with its options."""
    console = Console(stderr=True)
    for path in (json_path, html_path):
        if path is not None:
            check_replaceable(path)
    project = project_folder()
    words = redactor(project, identified=identified)
    models = load_models([project / "models", *(models_dir or [])], project)
    chosen = choose("model", [model], models, given_as="MODEL")[0]
    check_classifies(models[chosen], "saliency")
    devices = load_devices(device_folders(devices_dir or []), project)
    made = plan_unjudged(
        models[chosen],
        devices,
        machine=this_machine(),
        wanted_variants=variant or (),
        wanted_runtimes=runtime or (),
        wanted_device=device,
    )
    try:
        with _rig(made, artifacts, project, console) as rig:
            found = find(rig, Evidence(rig), made.cases)
            drawn = None if html_path is None else page(found, pictures, words.image)
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    if json_path is not None:
        facts = words.value(document(found, machine=made.machine))
        write_text(json_path, json.dumps(facts, indent=2) + "\n")
    if html_path is not None and drawn is not None:
        write_text(html_path, drawn)
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(found, Console(highlight=False, width=width))
    if not found.complete:
        raise typer.Exit(MISSING)


@contextmanager
def _rig(made: Plan, prebuilt: Path | None, project: Path, console: Console) -> Iterator[Rig]:
    settings = usual_settings(project, prebuilt=prebuilt)
    rig = Rig(made, settings, ConsoleReporter(console))
    try:
        yield rig
    finally:
        rig.pool.close()
