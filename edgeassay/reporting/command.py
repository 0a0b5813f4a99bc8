"""`edgeassay report`: its options, and what it does with them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.ab.reading import read_ab
from edgeassay.atomic import check_replaceable, check_writable, write_text
from edgeassay.config import data_root
from edgeassay.errors import ConfigError
from edgeassay.evidence_bundle import Asked, write_bundle
from edgeassay.history.findings import MachineHistory
from edgeassay.html_report import html_page
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.rows import Run, merge
from edgeassay.matrix_report.shown import show
from edgeassay.options import Identified, ModelsDirs
from edgeassay.privacy import Redactor, redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.reading import read_results
from edgeassay.report.redaction import redacted
from edgeassay.reporting.trends import trends
from edgeassay.runs.records import plain
from edgeassay.runs.storage import STORAGE
from edgeassay.summary.badges import badges
from edgeassay.summary.card import model_card
from edgeassay.summary.markdown import summary_markdown

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
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH|-", help="For a pull request's comment: what fails first."
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
    evidence_folder: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="DIR",
            help="A folder for change control: criteria with the commits that set them, data,"
            " materials, verdicts, predictions, attempts, and this tool's own validation.",
        ),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY", help="Sign the evidence with this SSH key."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="Warn where limits and model both changed since this git revision.",
        ),
    ] = None,
    selftest: Annotated[
        list[Path] | None,
        typer.Option(
            "--selftest",
            metavar="PATH",
            help="What `edgeassay selftest --json` wrote on a machine (default: it runs here).",
        ),
    ] = None,
    attempts: Annotated[
        Path | None,
        typer.Option(
            "--attempts", metavar="PATH", help="The ledger (default: .assay/attempts.jsonl)."
        ),
    ] = None,
    benchmarks: Annotated[
        list[Path] | None,
        typer.Option(
            "--benchmarks",
            metavar="PATH",
            help="What `pytest --benchmark-json` wrote, into the evidence; repeatable.",
        ),
    ] = None,
    artifacts: Annotated[
        Path | None,
        typer.Option("--artifacts", metavar="DIR", help="The artifacts that were judged."),
    ] = None,
    models_dir: ModelsDirs = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Of the page.")] = TITLE,
    identified: Identified = False,
) -> None:
    """Show what runs found, for those who decide: a page, a comment, a card, evidence.

    Nothing is judged again. Without an option that names a file, the table is
    shown. Exit codes: 0 written or shown, 2 usage or bad data.
    """
    project, console = project_folder(), Console(stderr=True)
    paths = files or [RESULTS]
    files_out = (html_path, markdown_path, card_path)
    _check_places([*paths, *(ab_paths or [])], files_out)
    if badges_folder is not None:
        check_writable(badges_folder)
    if evidence_folder is None and (extra := _only(sign, base, selftest, benchmarks, artifacts)):
        raise ConfigError(f"{extra} is about evidence; add --evidence DIR")
    words = redactor(project, identified=identified)
    runs = [_run(path, words) for path in paths]
    merge(runs)  # says where two of them judge the same case
    ab = [read_ab(path) for path in ab_paths or []]
    reporter = ConsoleReporter(console)
    found: list[MachineHistory] = []
    if html_path is not None or evidence_folder is not None:
        found, remarks = trends(runs, storage or project / STORAGE, reporter)
        _tell(remarks, console)
    title = plain(words.text(title))
    page = partial(html_page, title=title, history=found, ab=ab)
    if html_path is not None:
        leave(html_path, page(runs))
    leave(markdown_path, summary_markdown(runs, title=title) if markdown_path else "")
    if badges_folder is not None:
        for name, svg in badges(runs).items():
            write_text(badges_folder / name, svg)
    if card_path is not None:
        write_text(card_path, model_card(runs, model))
    if evidence_folder is not None:
        asked = Asked(
            root=project,
            redactor=words,
            base=base,
            key=sign,
            page=page,
            selftests=tuple(selftest or ()),
            attempts=attempts,
            benchmarks=tuple(benchmarks or ()),
            artifacts=artifacts,
            models_dirs=tuple(models_dir or ()),
            data_root=data_root(),
            report=reporter,
        )
        bundle = write_bundle(evidence_folder, paths, asked)
        _tell([f"evidence: {warning}" for warning in bundle.warnings], console)
    places = [place for place in (*files_out, badges_folder, evidence_folder) if place is not None]
    if not places:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        show(overview(runs, title), Console(highlight=False, width=width))
    _tell([f"wrote {place}" for place in places if place != STDOUT], console)


def _only(
    sign: Path | None,
    base: str | None,
    selftest: list[Path] | None,
    benchmarks: list[Path] | None,
    artifacts: Path | None,
) -> str | None:
    """The first option that is given and is of no use without evidence."""
    given = {
        "--sign": sign,
        "--base": base,
        "--selftest": selftest,
        "--benchmarks": benchmarks,
        "--artifacts": artifacts,
    }
    return next((name for name, value in given.items() if value), None)


def _run(path: Path, words: Redactor) -> Run:
    """A file's run; where it lies outside this folder is nobody's business."""
    where = path.name if path.is_absolute() and not words.identified else path.as_posix()
    return Run(where=words.text(where), results=redacted(read_results(path), words))


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
