"""`edgeassay advise`: what it does with its options."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from edgeassay.advising.chart import draw
from edgeassay.advising.choosing import Advice, Outcome, choose
from edgeassay.advising.measuring import Bench, Found
from edgeassay.advising.next_steps import (
    check_write,
    declaration,
    judging,
    write_variant,
)
from edgeassay.advising.offers import Offers, offers
from edgeassay.advising.showing import document, show
from edgeassay.advising.subject import Subject, open_subject
from edgeassay.advising.wording import ADVICE, Asked, sentences
from edgeassay.assay import Assay
from edgeassay.atomic import check_replaceable, write_text
from edgeassay.config import check_classifies, data_root, load_devices
from edgeassay.config import choose as choose_known
from edgeassay.config.shapes import default_advising
from edgeassay.datasets import open_rehearsal
from edgeassay.devices import sample_of
from edgeassay.errors import Absent, EdgeassayError
from edgeassay.machine import this_machine
from edgeassay.matrix import Plan, plan
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter, Reporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import check_present
from edgeassay.report.redaction import leave_json
from edgeassay.rig import usual_settings
from edgeassay.spec import Case, ClaimName, Limit, ModelSpec, Prefer, RuntimeSpec
from edgeassay.temporary import temporary_folder

WIDTH: Final = 110  # of the table, where the terminal hasn't more
EXITS: Final[Mapping[Outcome, int]] = {
    Outcome.ADVISED: 0,
    Outcome.NOTHING_HOLDS: 1,
    Outcome.INCONCLUSIVE: 3,
    Outcome.UNMEASURED: 4,
}
MISSING: Final = 4


def advise_command(
    model: str,
    *,
    data_of: str | None,
    prefer: Prefer,
    runtime: str,
    device: str | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    images: int | None,
    slow: bool,
    write: bool,
    json_path: Path | None,
    chart_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay advise` does with its options."""
    console = Console(stderr=True)
    for path in (json_path, chart_path):
        if path is not None:
            check_replaceable(path)
    project = project_folder()
    models = [project / "models", *(models_dir or [])]
    with temporary_folder() as scratch:
        report = ConsoleReporter(console)
        subject = open_subject(
            model, models, project, data_of=data_of, scratch=scratch, report=report
        )
        if write:
            check_write(subject)
        try:
            run = _run(
                subject,
                project,
                runtime=runtime,
                device=device,
                devices_dirs=devices_dir or [],
                images=images,
                slow=slow,
                cache=Path(scratch) / "cache" if subject.file else None,
                report=report,
            )
        except Absent as error:
            console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
            raise typer.Exit(MISSING) from None
    advice = choose(run.found.candidates, prefer, default_advising().same_size)
    lines = sentences(run.asked, run.found, advice)
    further = _Further(
        given=model,
        runtime=runtime,
        device=device,
        models_dirs=models_dir or [],
        devices_dirs=devices_dir or [],
        write=write,
    )
    steps, facts = _next(subject, advice, further)
    made = document(run.asked, run.found, advice, lines, machine=this_machine(), next_steps=facts)
    folders = [*(models_dir or []), *(devices_dir or [])]
    leave_json(json_path, made, identified=identified, folders=folders)
    if chart_path is not None:
        words = redactor(project, identified=identified, folders=folders)
        asked = replace(run.asked, model=words.text(run.asked.model))
        write_text(chart_path, draw(asked, run.found, advice))
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(run.found, advice, lines, steps, Console(highlight=False, width=width))
    if EXITS[advice.outcome]:
        raise typer.Exit(EXITS[advice.outcome])


@dataclass(frozen=True, kw_only=True)
class _Run:
    asked: Asked
    found: Found


def _run(
    subject: Subject,
    project: Path,
    *,
    runtime: str,
    device: str | None,
    devices_dirs: Sequence[Path],
    images: int | None,
    slow: bool,
    cache: Path | None,
    report: Reporter,
) -> _Run:
    """Make, evaluate and time everything. Absent where the device or the runtime isn't here."""
    check_classifies(subject.model, "advise")
    settings = default_advising()
    made, tried = _planned(
        subject,
        project,
        runtime=runtime,
        device=device,
        devices_dirs=devices_dirs,
        most_images=settings.calibration_images,
    )
    assay = Assay(
        made,
        usual_settings(
            project,
            cache=cache or project / ".assay" / "artifacts",
            sample=sample_of(made.device, images),
            rehearsal=True,
        ),
        report,
    )
    model = made.models[subject.model.id]
    case = Case(
        model=model.id,
        variant=model.reference.variant,
        runtime=runtime,
        device=made.device.id,
    )
    try:
        bench = Bench(
            assay,
            case,
            tried.variants,
            frozenset(subject.model.variants),
            subject.least_auc,
        )
        found = bench.find(settings, slow_too=slow)
        kind = assay.rig.kind(case)
        used, whole = _images(assay, model)
    finally:
        assay.rig.pool.close()
    left = (*tried.left_out, *found.left_out)
    asked = Asked(
        model=model.id if subject.file is None else str(subject.file),
        device=made.device.title,
        runtime=runtime,
        margin=_margin(model),
        images=used,
        whole=whole,
        kind=kind,
    )
    return _Run(asked=asked, found=replace(found, left_out=left))


def _planned(
    subject: Subject,
    project: Path,
    *,
    runtime: str,
    device: str | None,
    devices_dirs: Sequence[Path],
    most_images: int,
) -> tuple[Plan, Offers]:
    """The plan of everything that is tried, on a device that is here."""
    model = subject.model
    devices = {
        name: replace(one, limits={k: v for k, v in one.limits.items() if k == model.id})
        for name, one in load_devices(device_folders(devices_dirs), project).items()
    }

    def planned(variants: ModelSpec) -> Plan:
        return plan(
            models={model.id: variants},
            devices=devices,
            machine=this_machine(),
            wanted_variants=list(variants.variants),
            wanted_runtimes=[runtime],
            wanted_device=device,
        )

    first = planned(model)
    check_present(first.device, present=first.device_present)
    tried = offers(
        subject,
        _runtime(first, model, runtime),
        runtime,
        open_data=partial(open_rehearsal, data_root=data_root()),
        most_images=most_images,
    )
    return planned(replace(model, variants={**model.variants, **tried.variants})), tried


def _runtime(made: Plan, model: ModelSpec, runtime: str) -> RuntimeSpec:
    known = made.models[model.id].runtimes
    return known[choose_known("runtime", [runtime], known)[0]]


def _images(assay: Assay, model: ModelSpec) -> tuple[int | None, int | None]:
    """On how many images of how many quality was measured; None where on none."""
    try:
        data = assay.evidence.evaluations.data(model.id)
    except EdgeassayError:
        return None, None
    return len(data.split), data.whole


def _margin(model: ModelSpec) -> Limit:
    """How much of the mean AUC any variant may lose."""
    return next(
        rule.limit
        for rule in model.limits
        if rule.claim is ClaimName.MEAN_AUC_DROP and rule.variant is None
    )


@dataclass(frozen=True, kw_only=True)
class _Further:
    """What the next command needs to know of this one."""

    given: str
    runtime: str
    device: str | None
    models_dirs: Sequence[Path]
    devices_dirs: Sequence[Path]
    write: bool


def _next(subject: Subject, advice: Advice, asked: _Further) -> tuple[list[str], dict[str, Any]]:
    """What to do next, for people and as facts; nothing where nothing leads."""
    chosen = advice.chosen
    if chosen is None:
        return [], {}
    lines = [""]
    missing, written = declaration(subject, chosen), None
    name = subject.model.id
    if subject.file is not None:
        lines += [
            "To have it judged, start a model of the file, and declare [data] in its model.toml:",
            f"  edgeassay init {name} --tflite {shlex.quote(str(subject.file))}",
        ]
    if missing and asked.write and advice.outcome is Outcome.ADVISED:
        written = write_variant(subject, chosen)
        lines.append(f"Wrote {written}.")
    elif missing:
        lines += ["Put into its model.toml:", *(f"  {line}".rstrip() for line in missing)]
    command = judging(
        subject,
        chosen,
        name=name,
        runtime=asked.runtime,
        device=asked.device,
        models_dirs=asked.models_dirs,
        devices_dirs=asked.devices_dirs,
    )
    all_the_same = "" if advice.outcome is Outcome.ADVISED else ", all the same"
    lines += [f"Judge {chosen.name} on the test split{all_the_same}:", f"  {command}", ADVICE]
    facts = {
        "toml": missing,
        "written": None if written is None else str(written),
        "command": command,
    }
    return lines, facts
