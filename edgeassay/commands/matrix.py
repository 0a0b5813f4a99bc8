"""The options of `edgeassay matrix`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from edgeassay.options import Identified

TITLE: Final = "Models on runtimes and architectures"


def matrix(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS.json...",
            help="What runs left with --assay-json: of several runtimes, devices, machines.",
        ),
    ],
    *,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Of the page.")] = TITLE,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH|-", help="Write it there as Markdown, or print that (-)."
        ),
    ] = None,
    html_path: Annotated[
        str | None,
        typer.Option(
            "--html",
            metavar="PATH|-",
            help="Write it there as one HTML page with charts, or print that (-).",
        ),
    ] = None,
    identified: Identified = False,
) -> None:
    """Show runs side by side: model x variant x runtime x architecture.

    Each case is a row, with its size, AUC drop, p50 and p95, time ratio, what its
    delegate took, memory and verdicts. What is emulated, computed by software,
    estimated or unmeasured is marked so; above stand the claims that hold on one
    runtime and fail on another, for the same file. Nothing is judged again, and
    no verdict is changed: exit codes are 0 shown, 2 usage or bad data.
    """
    from edgeassay.matrix_report.command import matrix_command

    matrix_command(
        files,
        title=title,
        markdown_path=markdown_path,
        html_path=html_path,
        identified=identified,
    )
