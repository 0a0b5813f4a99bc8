"""`edgeassay matrix`: what the command line says and writes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from rich.console import Console

from edgeassay.atomic import check_replaceable
from edgeassay.errors import ConfigError
from edgeassay.matrix_report.markdown import markdown
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.page import page
from edgeassay.matrix_report.rows import Run, for_others
from edgeassay.matrix_report.shown import show
from edgeassay.privacy import redactor
from edgeassay.project import project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.reading import read_results

WIDTH: Final = 190  # of the table, where the terminal hasn't more


def matrix_command(
    files: list[Path],
    *,
    title: str,
    markdown_path: str | None,
    html_path: str | None,
    identified: bool,
) -> None:
    """What `edgeassay matrix` does with its options."""
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
    runs = [Run(where=file.as_posix(), results=read_results(file)) for file in files]
    words = redactor(project_folder(), identified=identified)
    found = overview(for_others(runs, words), words.text(title))
    if markdown_path is not None:
        leave(markdown_path, markdown(found))
    if html_path is not None:
        leave(html_path, page(found))
    if STDOUT not in (markdown_path, html_path):
        found = overview(runs, title)
        show(found, Console(highlight=False, width=max(WIDTH, shutil.get_terminal_size().columns)))
