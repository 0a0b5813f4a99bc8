"""The options of `edgeassay baseline promote` and `edgeassay baseline show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.project import BASELINES, STORAGE

baseline = typer.Typer(
    help="Baselines: what later runs are compared with, promoted case by case.",
    no_args_is_help=True,
)

Baselines = Annotated[
    Path | None,
    typer.Option(
        "--baselines", metavar="DIR", help=f"Where baselines are (default: {BASELINES}/)."
    ),
]
Released = Annotated[
    bool,
    typer.Option("--released", help="The released baseline, not the last one."),
]


@baseline.command()
def promote(
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
    from edgeassay.baselines.command import promote_command

    promote_command(
        run,
        released=released,
        baselines=baselines,
        storage=storage,
    )


@baseline.command()
def show(*, released: Released = False, baselines: Baselines = None) -> None:
    """List the baselines with their age and commit, and the regressions that were accepted.

    Exit codes: 0 there are some, 2 bad input, 4 there is none.
    """
    from edgeassay.baselines.command import show_command

    show_command(
        released=released,
        baselines=baselines,
    )
