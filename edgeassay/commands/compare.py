"""The options of `edgeassay compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Identified
from edgeassay.project import BASELINES, STORAGE


def compare(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="What is compared with: a saved JSON file, a folder of one build's files, a commit"
            " with saved runs, `baseline`, or `released`.",
        ),
    ],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The new build: the same kinds.")],
    *,
    limits: Annotated[
        Path | None,
        typer.Option(
            "--limits",
            metavar="TOML",
            help="What may change (default: the project's compare.toml).",
        ),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage", metavar="DIR", help=f"Where runs are saved (default: {STORAGE}/)."
        ),
    ] = None,
    baselines: Annotated[
        Path | None,
        typer.Option(
            "--baselines", metavar="DIR", help=f"Where baselines are (default: {BASELINES}/)."
        ),
    ] = None,
    across_machines: Annotated[
        bool,
        typer.Option(
            "--across-machines",
            help="Show ratios between different machines too; nothing is gated then.",
        ),
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show benchmarks that are unchanged too.")
    ] = False,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write all numbers there.")
    ] = None,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH", help="Write a table for a pull request; - prints it."
        ),
    ] = None,
    identified: Identified = False,
) -> None:
    """Compare two builds by their saved runs: time, size, mean AUC, and the claims that held.

    Reads what pytest-benchmark 4 and 5 save, also of projects that aren't ours. A benchmark fails
    when a slowdown beyond what is tolerated (1 %) is shown, passes when an unacceptable one (5 %)
    is excluded, and is inconclusive in between; compare.toml sets other limits. What was measured
    on other hardware is incomparable.

    edgeassay compare main HEAD                   two commits with saved runs on this machine

    edgeassay compare baseline HEAD               against what was promoted last

    edgeassay compare old.json new.json --markdown -

    edgeassay compare board/ laptop/ --across-machines

    Exit codes, the first that applies: 2 usage or bad input; 1 a benchmark or a claim fails; 4
    nothing is comparable, or HEAD lacks a benchmark of BASE; 3 inconclusive; 0 all pass.
    """
    from edgeassay.comparing.command import compare_command

    compare_command(
        base,
        head,
        limits=limits,
        storage=storage,
        baselines=baselines,
        across_machines=across_machines,
        show_all=show_all,
        json_path=json_path,
        markdown_path=markdown_path,
        identified=identified,
    )
