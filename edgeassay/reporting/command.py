"""`edgeassay report`: its options, and what it does with them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.ab.reading import read_ab
from edgeassay.atomic import check_replaceable, write_text
from edgeassay.errors import ConfigError
from edgeassay.html_report.page import html_page
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.rows import Run, merge
from edgeassay.matrix_report.shown import show
from edgeassay.options import Identified
from edgeassay.privacy import Redactor, redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.reading import read_results
from edgeassay.report.redaction import redacted
from edgeassay.reporting.trends import trends
from edgeassay.runs.storage import STORAGE
from edgeassay.summary.badges import badges
from edgeassay.summary.card import model_card

TITLE: Final = "Compressed models on this project's devices"
WIDTH: Final = 190  # of the table, where the terminal hasn't more
RESULTS: Final = Path(".assay/results.json")


def report_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RESULTS.json...",
            help="What runs left with --assay-json (default: .assay/results.json).",
            show_default=False,
        ),
    ] = None,
    *,
    html_path: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="PATH|-", help="One page with pictures: no script, no network."
        ),
    ] = None,
    badges_folder: Annotated[
        Path | None, typer.Option("--badges", metavar="DIR", help="Badges (SVG), one a verdict.")
    ] = None,
    card_path: Annotated[
        Path | None,
        typer.Option("--model-card", metavar="PATH", help="A model card for Hugging Face."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="ID", help="The model card's, where there are several."),
    ] = None,
    ab_paths: Annotated[
        list[Path] | None,
        typer.Option(
            "--ab", metavar="AB.json", help="What `edgeassay ab --json` wrote; repeatable."
        ),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage",
            metavar="DIR",
            help="Saved runs, for trends over commits (default: .assay/benchmarks).",
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Of the page.")] = TITLE,
    identified: Identified = False,
) -> None:
    """Show what runs found, for those who decide: a page, a comment, a card, evidence.

    Nothing is judged again. Without an option that names a file, the table is
    shown. Exit codes: 0 written or shown, 2 usage or bad data.
    """
    project, console = project_folder(), Console(stderr=True)
    paths = files or [RESULTS]
    written = (html_path, badges_folder, card_path)
    _check_places([*paths, *(ab_paths or [])], written)
    words = redactor(project, identified=identified)
    runs = [_run(path, words) for path in paths]
    merge(runs)  # says where two of them judge the same case
    ab = [read_ab(path) for path in ab_paths or []]
    if html_path is not None:
        found, remarks = trends(runs, storage or project / STORAGE, ConsoleReporter(console))
        _tell(remarks, console)
        leave(html_path, html_page(runs, title=title, history=found, ab=ab))
    if badges_folder is not None:
        for name, svg in badges(runs).items():
            write_text(badges_folder / name, svg)
    if card_path is not None:
        write_text(card_path, model_card(runs, model))
    places = [place for place in written if place is not None]
    if not places:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(overview(runs, title), Console(highlight=False, width=width))
    _tell([f"wrote {place}" for place in places if place != STDOUT], console)


def _run(path: Path, words: Redactor) -> Run:
    return Run(where=words.text(path.as_posix()), results=redacted(read_results(path), words))


def _check_places(inputs: Sequence[Path], outputs: Sequence[Path | str | None]) -> None:
    """ConfigError for what would be wrong only after all the work."""
    if list(outputs).count(STDOUT) > 1:
        raise ConfigError(f"only one of these can be printed ({STDOUT}); give the others a PATH")
    given = {path.resolve() for path in inputs}
    for place in outputs:
        if place in (None, STDOUT):
            continue
        path = Path(str(place))
        if path.resolve() in given:
            raise ConfigError(f"{path} is one of the results; choose another place")
        check_replaceable(path)


def _tell(lines: Sequence[str], console: Console) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
