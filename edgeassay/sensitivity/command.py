"""`edgeassay sensitivity`: its options, and what it does with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.errors import Absent
from edgeassay.machine import this_machine
from edgeassay.options import ChartFile, Device, DevicesDirs, Jobs, JsonFile, ModelsDirs
from edgeassay.progress import ConsoleReporter
from edgeassay.sensitivity.chart import draw
from edgeassay.sensitivity.measuring import DEFAULT, measure, quantizing
from edgeassay.sensitivity.showing import document, show
from edgeassay.sensitivity.study import Study
from edgeassay.spec import Role
from edgeassay.trials import WHOLE, Subject, Trials, open_trials

WIDTH: Final = 80  # of the table, where the terminal hasn't more
IMAGES: Final = 300
MISSING: Final = 4


def sensitivity_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    *,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="NAME",
            help=f"A precision to try; repeatable (default: {', '.join(DEFAULT)}).",
        ),
    ] = None,
    images: Annotated[
        int,
        typer.Option(
            "--images", min=1, metavar="N", help="A sample of the validation split of so many."
        ),
    ] = IMAGES,
    every: Annotated[
        bool, typer.Option("--all", help="Show every layer, not the worst alone.")
    ] = False,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="ID", help="What runs the networks.")
    ] = "litert",
    device: Device = None,
    devices_dir: DevicesDirs = None,
    models_dir: ModelsDirs = None,
    jobs: Jobs = None,
    json_path: JsonFile = None,
    chart_path: ChartFile = None,
) -> None:
    """Which layers of a network hurt, under which precision.

    Each layer alone is quantized, all others staying float, and the network is
    run on the validation split: how much noise that brings into its outputs,
    what it does to the mean AUC, and what it saves. The test split isn't
    looked at, and nothing is judged.

    What was run is kept: interrupted, the same command goes on where it was.

    Exit codes: 2 usage or bad input; 4 data, device or runtime aren't here, or
    no layer could be measured in any precision; 0 shown.
    """
    console = Console(stderr=True)
    wanted = quantizing(precision or DEFAULT)
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
    if json_path is not None:
        text = json.dumps(document(study, this_machine()), indent=2, allow_nan=False)
        write_text(json_path, text + "\n")
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
