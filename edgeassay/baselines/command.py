"""`edgeassay baseline`: what the command line says and returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.baselines.accepting import about_accepted, listed, said
from edgeassay.baselines.deciding import Decision
from edgeassay.baselines.files import (
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
from edgeassay.project import BASELINES, STORAGE, project_folder
from edgeassay.runs.saved import Timed

FAILED: Final = 1
NOTHING: Final = 4
UNDECIDED: Final = 3


def promote_command(
    run: str,
    *,
    released: bool,
    baselines: Path | None,
    storage: Path | None,
) -> None:
    """What `edgeassay baseline promote` does with its options."""
    root, line, today = project_folder(), Line.RELEASED if released else Line.LAST, date.today()
    saved, folder = storage or root / STORAGE, baselines or root / BASELINES
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


def show_command(
    *,
    released: bool,
    baselines: Path | None,
) -> None:
    """What `edgeassay baseline show` does with its options."""
    root, line = project_folder(), Line.RELEASED if released else Line.LAST
    folder = baselines or root / BASELINES
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
