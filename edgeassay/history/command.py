"""`edgeassay history`: what the command line says and returns."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import TypeAdapter
from rich.console import Console

import edgeassay
from edgeassay.config import choose
from edgeassay.config.shapes import default_history, default_statistics
from edgeassay.errors import ConfigError, some
from edgeassay.history.files import (
    SAVE_SOME,
    check_any,
    check_places,
    chosen_benchmarks,
    chosen_machines,
    given_files,
    stored_files,
    stored_machines,
)
from edgeassay.history.findings import MachineHistory, machine_history
from edgeassay.history.shown import markdown, print_history
from edgeassay.machine import this_machine, usable_cpus
from edgeassay.privacy import redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import STORAGE, project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.redaction import leave_json
from edgeassay.runs.summaries import Summaries, read_summaries

NO_RUNS: Final = 4
WIDTH: Final = 130  # of the table, where the terminal hasn't more
MOST_TOLD: Final = 10  # files that are left out, each a line
PLAIN: Final[dict[str, Any]] = {"highlight": False, "markup": False, "soft_wrap": True}


def history_command(
    paths: list[Path] | None,
    *,
    storage: Path | None,
    benchmark: str | None,
    fingerprint: list[str] | None,
    last: int | None,
    json_path: Path | None,
    markdown_path: str | None,
    identified: bool,
) -> None:
    """What `edgeassay history` does with its options."""
    if find_spec("ruptures") is None:
        raise ConfigError(
            "change points are found by ruptures, which this Python hasn't got; use Python 3.11 to"
            " 3.13: a history can be shown on any machine"
        )
    console = Console(stderr=True)
    wanted = fingerprint or []
    if paths:
        if storage is not None:
            raise ConfigError("--storage and PATHS can't go together: leave out one of them")
        files, where = given_files(paths), f"in {', '.join(map(str, paths))}"
        summaries = _read(files, console)
    else:
        folder = storage or project_folder() / STORAGE
        files, where = _stored(folder, wanted)
        summaries = check_places(_read(files, console), folder)
    _check_kept(files, json_path, markdown_path)
    check_any(summaries)
    if not summaries.runs:
        console.print(f"edgeassay: there are no saved runs {where}; {SAVE_SOME}", **PLAIN)
        raise typer.Exit(NO_RUNS)
    runs = chosen_benchmarks(summaries.runs, benchmark)
    settings, confidence = default_history(), default_statistics().confidence
    machines = chosen_machines(runs, wanted).values()
    found = [machine_history(one[-(last or 0) :], settings, confidence) for one in machines]
    facts = {"schema": 1, "edgeassay": edgeassay.__version__, "confidence": confidence}
    facts["machines"] = TypeAdapter(list[MachineHistory]).dump_python(found, mode="json")
    facts["left_out"] = list(summaries.left_out)
    leave_json(json_path, facts, identified=identified, folders=paths)
    words = redactor(project_folder(), identified=identified, folders=paths)
    leave(markdown_path, markdown(found, summaries.left_out, words) if markdown_path else "")
    if markdown_path != STDOUT:
        _show(found)
    _tell_left_out(summaries, console)


def _stored(storage: Path, wanted: Sequence[str]) -> tuple[list[Path], str]:
    """Runs of this machine, or of those that are wanted, in a storage; and where that is."""
    known, this = stored_machines(storage), this_machine().fingerprint
    if wanted or this in known:
        return stored_files(
            storage, choose("fingerprint", wanted or [this], known)
        ), f"in {storage}"
    others = f", only of {some(known)} (--fingerprint)" if known else ""
    return [], f"of this machine ({this}) in {storage}{others}"


def _check_kept(inputs: Sequence[Path], *outputs: Path | str | None) -> None:
    """ConfigError where a file to be written is one of the saved runs."""
    given = {path.resolve() for path in inputs}
    for output in outputs:
        if output is not None and Path(output).resolve() in given:
            raise ConfigError(f"{output} is one of the saved runs; choose another place")


def _read(files: Sequence[Path], console: Console) -> Summaries:
    return read_summaries(files, ConsoleReporter(console), processes=usable_cpus())


def _show(found: Sequence[MachineHistory]) -> None:
    console = Console(highlight=False, width=max(WIDTH, shutil.get_terminal_size().columns))
    for one in found:
        print_history(one, console)


def _tell_left_out(summaries: Summaries, console: Console) -> None:
    left_out = summaries.left_out
    for line in left_out[:MOST_TOLD]:
        console.print(f"left out: {line}", **PLAIN)
    if left_out:
        more = (
            f", {len(left_out) - MOST_TOLD:,} of them not told" if len(left_out) > MOST_TOLD else ""
        )
        total = len(left_out) + len(summaries.runs)
        console.print(f"{len(left_out):,} of {total:,} files are left out{more}", **PLAIN)
