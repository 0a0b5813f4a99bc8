"""`edgeassay baseline`: what the command line says and returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.baselines.accepting import about_accepted, listed, said
from edgeassay.baselines.deciding import Decision
from edgeassay.baselines.files import (
    FOLDER,
    Baseline,
    Line,
    baseline_path,
    hardware_of,
    read_baseline,
)
from edgeassay.baselines.finding import find_run
from edgeassay.baselines.promoting import promote, read_candidate
from edgeassay.config.acceptance import load_accepted
from edgeassay.machine import this_machine
from edgeassay.project import project_folder
from edgeassay.runs.saved import Timed
from edgeassay.runs.storage import STORAGE

FAILED: Final = 1
NOTHING: Final = 4
UNDECIDED: Final = 3

app = typer.Typer(
    help="Baselines: what later runs are compared with, promoted case by case.",
    no_args_is_help=True,
)

Baselines = Annotated[
    Path | None,
    typer.Option("--baselines", metavar="DIR", help=f"Where baselines are (default: {FOLDER}/)."),
]
Released = Annotated[
    bool,
    typer.Option("--released", help="The released baseline, not the last one."),
]


@app.command("promote")
def promote_command(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A saved run's file, a commit with saved runs on this machine, or `last`.",
        ),
    ],
    *,
    released: Released = False,
    baselines: Baselines = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage", metavar="DIR", help=f"Where runs are saved (default: {STORAGE}/)."
        ),
    ] = None,
) -> None:
    """Make a saved run the baseline of its hardware, case by case.

    A case is promoted when all of its claims pass, or fail as declared: by a deviation of its
    model, or by an entry of accepted.toml in the folder of baselines. A claim against the baseline
    keeps a case back only where it fails. Other cases of the file stay as they were.

    Exit codes, the first that applies: 2 bad input, such as a run of a dirty tree or one that was
    cut short; 1 a case is left out because a claim fails; 4 nothing is promoted; 3 a case is left
    out because it isn't known to be good; 0 all cases are promoted.
    """
    root, line, today = project_folder(), Line.RELEASED if released else Line.LAST, date.today()
    saved, folder = storage or root / STORAGE, baselines or root / FOLDER
    path = find_run(run, saved / this_machine().fingerprint, root)
    accepted = load_accepted(folder, root)
    candidate = read_candidate(path, saved)
    decisions = promote(candidate, folder, line, accepted, today)
    console = Console(highlight=False)
    console.print(_decided(decisions))
    promoted = [decision for decision in decisions if decision.promoted]
    target = baseline_path(folder, candidate.run.hardware, line)
    where = f"in {target}" if promoted else f"{target} is as it was"
    lines = [f"promoted {len(promoted)} of {len(decisions)} cases of {path}: {where}"]
    for text in lines + about_accepted(accepted, said(candidate.run.claims), today):
        console.print(text, markup=False, soft_wrap=True)
    raise typer.Exit(_exit(decisions))


def _exit(decisions: Sequence[Decision]) -> int:
    """The first that applies."""
    if any(decision.fails for decision in decisions):
        return FAILED
    if not any(decision.promoted for decision in decisions):
        return NOTHING
    return 0 if all(decision.promoted for decision in decisions) else UNDECIDED


def _decided(decisions: Sequence[Decision]) -> Table:
    """What became of each case, and why."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("case", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("why", overflow="fold")
    for decision in decisions:
        standing = Text("left out", "bold red" if decision.fails else "yellow")
        if decision.promoted:
            standing = Text("promoted", "green")
        why = [obstacle.why for obstacle in decision.obstacles] or decision.excused
        table.add_row(Text(decision.case.id), standing, Text("\n".join(why)))
    return table


@app.command("show")
def show_command(*, released: Released = False, baselines: Baselines = None) -> None:
    """List the baselines with their age and commit, and the regressions that were accepted.

    Exit codes: 0 there are some, 2 bad input, 4 there is none.
    """
    root, line = project_folder(), Line.RELEASED if released else Line.LAST
    folder = baselines or root / FOLDER
    accepted = load_accepted(folder, root)
    found = [read_baseline(folder, hardware, line) for hardware in hardware_of(folder, line)]
    console = Console(highlight=False)
    for baseline in filter(None, found):
        machine = baseline.run.machine.get("cpu_model", "")
        console.print(f"{baseline.path} {machine}".strip(), markup=False, soft_wrap=True)
        console.print(_promoted(baseline))
    for text in listed(accepted, date.today()):
        console.print(text, markup=False, soft_wrap=True)
    if not found:
        console.print(
            f"there is no {line} baseline in {folder}; `edgeassay baseline promote RUN"
            f"{' --released' if released else ''}` makes one of a saved run",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(NOTHING)


def _promoted(baseline: Baseline) -> Table:
    """Each case of a baseline: its numbers, and where they came from."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("case", no_wrap=True)
    for name in ("bytes", "mean AUC", "median ms", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("commit", no_wrap=True)
    for case, origin in sorted(baseline.origins.items()):
        timed = baseline.timed(case)
        assert timed is not None, "origins are those of benchmarks"
        age = (datetime.now(UTC) - origin.saved.astimezone(UTC)).days
        table.add_row(Text(case.id), *_numbers(timed), f"{age} days", origin.commit[:10])
    return table


def _numbers(timed: Timed) -> tuple[str, str, str]:
    size, auc = timed.size_bytes, timed.mean_auc
    return (
        "" if size is None else f"{size:,}",
        "" if auc is None else f"{auc:.4f}",
        f"{1e3 * timed.median_s:.3f}",
    )
