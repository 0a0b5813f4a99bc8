"""`edgeassay matrix`: what the command line says and writes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable
from edgeassay.errors import ConfigError
from edgeassay.matrix_report.markdown import markdown
from edgeassay.matrix_report.overview import TITLE, overview
from edgeassay.matrix_report.page import page
from edgeassay.matrix_report.rows import Run
from edgeassay.matrix_report.shown import show
from edgeassay.options import Identified
from edgeassay.privacy import redactor
from edgeassay.project import project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.reading import read_results
from edgeassay.report.redaction import redacted

WIDTH: Final = 190  # of the table, where the terminal hasn't more


def matrix_command(
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
    if markdown_path == STDOUT and html_path == STDOUT:
        raise ConfigError(
            "--markdown - and --html - can't both be printed; give one of them a PATH"
        )
    outputs = [path for path in (markdown_path, html_path) if path not in (None, STDOUT)]
    inputs = {file.resolve() for file in files}
    for path in map(Path, filter(None, outputs)):
        if path.resolve() in inputs:
            raise ConfigError(f"{path} is one of the results; choose another place")
        check_replaceable(path)
    words = redactor(project_folder(), identified=identified)
    runs = [
        Run(where=words.text(file.as_posix()), results=redacted(read_results(file), words))
        for file in files
    ]
    found = overview(runs, title)
    if markdown_path is not None:
        leave(markdown_path, markdown(found))
    if html_path is not None:
        leave(html_path, page(found))
    if STDOUT not in (markdown_path, html_path):
        show(found, Console(highlight=False, width=max(WIDTH, shutil.get_terminal_size().columns)))
