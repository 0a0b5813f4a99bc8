"""`edgeassay ab`: what it does with its options."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.ab.cases import Ways, match
from edgeassay.ab.judging import EXITS, Bench, overall
from edgeassay.ab.showing import document, markdown, show, summary
from edgeassay.ab.sides import Asked, check_side, open_side, uncommitted
from edgeassay.atomic import check_replaceable, write_text
from edgeassay.checkout import recorded, state_of
from edgeassay.config import load_devices, load_models
from edgeassay.config.comparison import load_comparison
from edgeassay.errors import ConfigError
from edgeassay.machine import this_machine
from edgeassay.options import read_shapes
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import commit_named, device_folders, project_folder
from edgeassay.recognition import recognise
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.results import digest_of
from edgeassay.temporary import temporary_folder

WIDTH: Final = 120  # of the table, where the terminal hasn't more


def ab_command(
    base: str,
    head: str,
    *,
    model: list[str] | None,
    variant: list[str] | None,
    runtime: str | None,
    base_runtime: str | None,
    head_runtime: str | None,
    shape: list[str] | None,
    signature: str | None,
    device: str | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    limits: Path | None,
    max_time: float | None,
    seed: int,
    json_path: Path | None,
    markdown_path: str | None,
    identified: bool,
) -> None:
    """What `edgeassay ab` does with its options."""
    project, console = project_folder(), Console(stderr=True)
    folders = [*(models_dir or []), *(devices_dir or [])]
    words = redactor(project, identified=identified, folders=folders)
    with recorded() as read:
        settings = load_comparison(limits, project)
        models = load_models([project / "models", *(models_dir or [])], project)
        devices = load_devices(device_folders(devices_dir or []), project)
    if max_time is not None:
        settings = replace(settings, gate=replace(settings.gate, max_time_s=max_time))
    profile, present = recognise(devices, this_machine(), device)
    if not present:
        raise ConfigError(
            f"this machine isn't the device {profile.id!r} that {profile.file} describes"
        )
    _check_first((base, head), json_path, markdown_path, project, console)
    with temporary_folder() as scratch:
        asked = Asked(
            models=model or [],
            variants=variant or [],
            scratch=scratch,
            report=ConsoleReporter(console),
        )
        origins = (open_side(base, asked, project), open_side(head, asked, project))
        ways = Ways(
            models=models,
            device=profile.id,
            both=runtime,
            base=base_runtime,
            head=head_runtime,
            shapes=read_shapes(shape),
            signature=signature,
        )
        matched = match(*origins, ways)
        bench = Bench(settings=settings, device=profile, seed=seed, report=asked.report)
        judged = bench.judge(matched.contests)
    verdict = overall(judged, matched, origins)
    for origin in origins:
        for line in origin.missing:
            console.print(f"{origin.title}: left out: {line}", markup=False, soft_wrap=True)
    lines = summary(judged, matched, verdict, settings.gate)
    facts = document(
        judged,
        matched,
        verdict,
        origins=origins,
        gate=settings.gate,
        machine=this_machine(),
        seed=seed,
        state=_state(head, project, read),
    )
    if json_path is not None:
        facts = words.document(json.loads(json.dumps(facts)))
        write_text(json_path, json.dumps(facts | {"digest": digest_of(facts)}, indent=2) + "\n")
    title = f"edgeassay ab {base} {head}"
    leave(markdown_path, markdown(judged, lines, title, words) if markdown_path else "")
    if markdown_path != STDOUT:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(judged, lines, Console(highlight=False, width=width))
    raise typer.Exit(EXITS[verdict])


def _state(head: str, project: Path, read: Mapping[Path, bytes]) -> tuple[str | None, bool]:
    """The head's commit, and whether anything but that commit was timed or decided by: by what was
    `read`. Of a head that is no revision, it is the checkout which timed it.
    """
    commit = None if Path(head).exists() else commit_named(head, project)
    if commit is None:
        found = state_of(project, read=read)
        return found.commit, bool(found.changed)
    return commit, bool(state_of(project, read=read, declaring=(), everywhere=False).changed)


def _check_first(
    sides: tuple[str, str],
    json_path: Path | None,
    markdown_path: str | None,
    project: Path,
    console: Console,
) -> None:
    """ConfigError for what would be wrong only after all the work."""
    for side in sides:
        check_side(side, project)
        if (told := uncommitted(side, project)) is not None:
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    if json_path is not None:
        check_replaceable(json_path)
    if markdown_path not in (None, STDOUT):
        check_replaceable(Path(str(markdown_path)))
