"""`edgeassay sensitivity`: what it does with its options."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.errors import Absent
from edgeassay.machine import this_machine
from edgeassay.progress import ConsoleReporter
from edgeassay.report.redaction import leave_json
from edgeassay.sensitivity.chart import draw
from edgeassay.sensitivity.measuring import measure, quantizing
from edgeassay.sensitivity.showing import document, show
from edgeassay.sensitivity.study import Study
from edgeassay.spec import Role
from edgeassay.trials import WHOLE, Subject, Trials, open_trials

WIDTH: Final = 80  # of the table, where the terminal hasn't more
MISSING: Final = 4


def sensitivity_command(
    model: str,
    *,
    precision: Sequence[str],
    images: int,
    every: bool,
    runtime: str,
    device: str | None,
    devices_dir: list[Path] | None,
    models_dir: list[Path] | None,
    jobs: int | None,
    json_path: Path | None,
    chart_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay sensitivity` does with its options."""
    console = Console(stderr=True)
    wanted = quantizing(precision)
    for path in (json_path, chart_path):
        if path is not None:
            check_replaceable(path)
    subject = Subject(
        model=model,
        runtime=runtime,
        device=device,
        models_dirs=models_dir or [],
        devices_dirs=devices_dir or [],
        images=images,
        jobs=jobs,
    )
    report = ConsoleReporter(console)
    try:
        with open_trials(subject, report) as trials:
            study = study_of(trials, wanted, report)
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    folders = [*(models_dir or []), *(devices_dir or [])]
    facts = document(study, this_machine())
    leave_json(json_path, facts, identified=identified, folders=folders)
    if chart_path is not None:
        write_text(chart_path, draw(study))
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(study, Console(highlight=False, width=width), every=every)
    if not any(one.snr_db is not None for one in study.found):
        raise typer.Exit(MISSING)


def study_of(trials: Trials, wanted: Sequence[str], report: ConsoleReporter) -> Study:
    """Every layer in the wanted precisions, with what they were held against."""
    found = measure(trials, wanted, report)
    case, whole = trials.case(WHOLE), trials.artifact(WHOLE)
    data = trials.evidence.evaluations.data(case.model, Role.VALIDATION)
    try:
        auc = trials.auc(WHOLE)
    except Absent:  # no class has both positive and negative images there
        auc = None
    measured = [one for one in found if one.snr_db is not None]
    return Study(
        model=case.model,
        runtime=case.runtime,
        device=case.device,
        kind=trials.rig.kind(case),
        images=len(data.split),
        split_images=data.whole,
        calibration_images=trials.calibration_images(wanted),
        float_bytes=whole.size_bytes,
        float_sha256=whole.sha256,
        auc=auc,
        limit=trials.margin(),
        found=found,
        reused=sum(trials.reused(one.variant) == len(data.split) for one in measured),
    )
