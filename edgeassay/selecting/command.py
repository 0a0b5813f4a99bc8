"""`edgeassay select`: what it does with its options."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgeassay.atomic import check_replaceable
from edgeassay.config import choose, load_devices, load_models
from edgeassay.config.shapes import default_selecting
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import this_machine
from edgeassay.matrix import Plan, plan_unjudged
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.report.redaction import leave_json
from edgeassay.rig import Rig, usual_settings
from edgeassay.selecting.timing import Timed, time_widths
from edgeassay.selecting.widths import Choice, Times, choose_width, widths_of

NONE_FITS: Final = 1
MISSING: Final = 4


def select_command(
    model: str,
    budget_ms: float,
    *,
    narrowest: str | None,
    runtime: str | None,
    device: str | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    artifacts: Path | None,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay select` does with its options."""
    if not 0.0 < budget_ms < float("inf"):
        raise ConfigError(f"--budget-ms {budget_ms:g} is no time; give milliseconds above 0")
    if json_path is not None:
        check_replaceable(json_path)
    console, project = Console(stderr=True), project_folder()
    models = load_models([project / "models", *(models_dir or [])], project)
    chosen = models[choose("model", [model], models, given_as="MODEL")[0]]
    names = widths_of(chosen, narrowest)
    devices = load_devices(device_folders(devices_dir or []), project)
    made = plan_unjudged(
        chosen,
        devices,
        machine=this_machine(),
        wanted_variants=names,
        wanted_runtimes=[] if runtime is None else [runtime],
        wanted_device=device,
    )
    try:
        timed = _timed(made, names, artifacts, project, console)
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    times = dict(zip(names, timed.times, strict=True))
    choice = choose_width(times, budget_ms)
    facts = _document(chosen.id, budget_ms, times, choice, timed.disturbed)
    leave_json(json_path, facts, identified=identified, folders=models_dir)
    _show(budget_ms, times, choice, timed.disturbed)
    if not choice.fits:
        raise typer.Exit(NONE_FITS)


def _timed(
    made: Plan,
    names: tuple[str, ...],
    prebuilt: Path | None,
    project: Path,
    console: Console,
) -> Timed:
    """The times of the widths on the first runtime of the plan, from the narrowest on."""
    settings = usual_settings(project, prebuilt=prebuilt)
    rig = Rig(made, settings, ConsoleReporter(console))
    first = made.cases[0].runtime
    cases = {c.variant: c for c in made.cases if c.runtime == first}
    with closing(rig.pool):
        return time_widths(rig, [cases[name] for name in names], default_selecting())


def _document(
    model: str,
    budget_ms: float,
    times: Mapping[str, Times],
    choice: Choice,
    disturbed: str | None,
) -> dict[str, Any]:
    """All numbers, for programs."""
    return {
        "schema": 1,
        "model": model,
        "budget_ms": budget_ms,
        **asdict(choice),
        "widths": {name: asdict(own) for name, own in times.items()},
        "disturbed": disturbed,
    }


def _show(
    budget_ms: float, times: Mapping[str, Times], choice: Choice, disturbed: str | None
) -> None:
    """The table, and a sentence that says which is taken."""
    console = Console(highlight=False)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("width", "p50 ms", "p95 ms"):
        table.add_column(column, justify="left" if column == "width" else "right")
    table.add_column("")
    for name, own in times.items():
        note = "taken" if name == choice.width else choice.passed_over.get(name, "")
        table.add_row(name, f"{own.p50_ms:.3g}", f"{own.p95_ms:.3g}", note)
    console.print(table)
    words = f"{choice.width}: the widest of which 95 % of inferences keep {budget_ms:g} ms"
    if not choice.fits:
        words = f"{choice.width}: no width keeps {budget_ms:g} ms, so the narrowest is taken"
    console.print(words, markup=False, soft_wrap=True)
    if disturbed is not None:
        console.print(f"beware: {disturbed}", markup=False, soft_wrap=True)
