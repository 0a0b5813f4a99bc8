"""`edgeassay gate`: what the command line says and writes."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.checkout import CODE, DECLARATIONS, recorded, state_of
from edgeassay.errors import ConfigError
from edgeassay.matrix_report.rows import Run
from edgeassay.merge_gate.arriving import Arrived, read_arrived
from edgeassay.merge_gate.base import NONE, base_of
from edgeassay.merge_gate.changes import changes_since
from edgeassay.merge_gate.deciding import decide, shown_runs
from edgeassay.merge_gate.declared import Places, load_declared
from edgeassay.merge_gate.redacting import eraser_of, redacted_outcome, redacted_runs
from edgeassay.merge_gate.showing import document, line_of, show
from edgeassay.merge_gate.starting import begun
from edgeassay.privacy import Redactor, redactor
from edgeassay.project import BASELINES, EXPECTED, commit_named, device_folders, project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.summary.junit import junit_xml
from edgeassay.summary.markdown import summary_markdown
from edgeassay.summary.outcome import REFUSED, Outcome

WIDTH: Final = 120  # of the table, where the terminal hasn't more
SHA: Final = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is written, and where."""

    title: str
    markdown: str | None
    junit: Path | None
    document: Path | None

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return any(path is not None for path in (self.markdown, self.junit, self.document))


def gate_command(
    results: list[str],
    *,
    config: Path | None,
    commit: str | None,
    base: str | None,
    ab: list[str] | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    baselines: Path | None,
    title: str,
    markdown_path: str | None,
    junit_path: Path | None,
    json_path: Path | None,
    identified: bool,
    init: bool,
) -> None:
    """What `edgeassay gate` does with its options."""
    project = project_folder()
    outputs = [path for path in (junit_path, json_path) if path is not None]
    outputs += [Path(markdown_path)] if markdown_path not in (None, STDOUT, "") else []
    if init:
        _begin(read_arrived(results, [], []), config or project / EXPECTED)
        return
    _check_outputs(outputs, [*results, *(ab or [])])
    places = Places(
        root=project,
        config=config,
        models=_model_folders(project, models_dir or []),
        devices=device_folders(devices_dir or []),
        baselines=baselines or project / BASELINES,
    )
    with recorded() as read:
        now = load_declared(places, date.today())
    wanted = _wanted(commit, project)
    before, lacking = base_of(project, base)
    if before is not None and lacking is None:
        lacking = before.lacking(places)
    given = [*(models_dir or []), *(devices_dir or []), *filter(None, [config, baselines])]
    state = state_of(project, read=read, declaring=(*DECLARATIONS, *CODE, *given), everywhere=False)
    arrived = read_arrived(results, ab or [], now.expected.legs)
    if commit_named(wanted, project) is None:
        arrived.notes.append(
            f"{wanted[:12]} is no commit of {project.name}: its limits are those that stand there"
        )
    if base == NONE:
        arrived.notes.append(
            "--base none: nobody looked whether this commit changes what judges it"
        )
    outcome = decide(
        arrived,
        now,
        commit=wanted,
        changed=state.changed,
        elsewhere=state.elsewhere,
        since=() if before is None or lacking else changes_since(before, places, now),
        lacking=lacking,
    )
    files = Files(title=title, markdown=markdown_path, junit=junit_path, document=json_path)
    if files.any:
        folders = [*(models_dir or []), *(devices_dir or [])]
        words = redactor(project, identified=identified, folders=folders)
        _write(outcome, shown_runs(arrived), files, eraser_of(arrived, words))
    if markdown_path != STDOUT:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(outcome, Console(highlight=False, width=width))
    for finding in outcome.red:
        if finding.exit_code == REFUSED:
            sys.stderr.write(f"edgeassay: {line_of(finding.sentence)}\n")
    raise typer.Exit(outcome.exit_code)


def _model_folders(project: Path, further: Sequence[Path]) -> list[Path]:
    own = project / "models"
    return [*([own] if own.is_dir() or not further else []), *further]


def _check_outputs(outputs: Sequence[Path], words: Sequence[str]) -> None:
    """ConfigError for what would be wrong only after all the work."""
    inputs = {
        Path(place).resolve() for word in words for place in (word, word.partition("=")[2]) if place
    }
    for path in outputs:
        if path.resolve() in inputs:
            raise ConfigError(f"{path} is one of the inputs; choose another place")
        check_replaceable(path)
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise ConfigError("two outputs have one path; choose another for each")


def _wanted(given: str | None, project: Path) -> str:
    """The commit that must have been measured, which is the one that the checkout is at;
    ConfigError where it isn't, or nothing tells.
    """
    here = commit_named("HEAD", project)
    if given is None:
        if here is None:
            raise ConfigError(
                f"{project} is no git checkout, so nothing says which commit is to be merged; give"
                " it with --commit"
            )
        return here
    found = commit_named(given, project)
    if found is None and (here is not None or SHA.fullmatch(given) is None):
        raise ConfigError(
            f"--commit {given}: no revision of {project}; give one that is there, and check it out"
            " (outside of git, a whole SHA of 40 digits)"
        )
    if found is None:
        return given
    if here != found:
        raise ConfigError(
            f"--commit {given} is {found[:12]}, and {project} is at {(here or 'nothing')[:12]}:"
            " limits would be another commit's; check that commit out"
        )
    return found


def _write(outcome: Outcome, runs: list[Run], files: Files, eraser: Redactor) -> None:
    """The files for others."""
    outcome, runs = redacted_outcome(outcome, eraser), redacted_runs(runs, eraser)
    if files.markdown is not None:
        title = eraser.text(files.title)
        leave(files.markdown, summary_markdown(runs, title=title, outcome=outcome))
    if files.junit is not None:
        write_text(files.junit, junit_xml(runs, outcome))
    if files.document is not None:
        write_text(files.document, json.dumps(document(outcome), indent=2) + "\n")


def _begin(arrived: Arrived, path: Path) -> None:
    if path.exists():
        raise ConfigError(f"{path} exists, and is left as it is; remove it, or name another")
    for _, sentence in arrived.refused:
        raise ConfigError(sentence)
    if not arrived.runs:
        raise ConfigError("no results to begin with; give what `pytest` left")
    write_text(path, begun([one.run for one in arrived.runs]))
    Console(highlight=False).print(
        f"made {path}: read it, and say what else must be there", markup=False, soft_wrap=True
    )
