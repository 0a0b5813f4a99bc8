"""`edgeassay report`: what it does with its options."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from edgeassay.ab.reading import AbRecord, read_ab
from edgeassay.atomic import check_replaceable, check_writable, write_text
from edgeassay.config import data_root
from edgeassay.errors import ConfigError
from edgeassay.evidence_bundle import Asked, write_bundle
from edgeassay.history.findings import MachineHistory
from edgeassay.html_report import html_page
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.rows import Run, for_others, merge
from edgeassay.matrix_report.shown import show
from edgeassay.privacy import Redactor, redactor
from edgeassay.progress import ConsoleReporter
from edgeassay.project import STORAGE, project_folder
from edgeassay.report.markdown import STDOUT, leave
from edgeassay.report.reading import read_results
from edgeassay.reporting.trends import trends
from edgeassay.runs.records import plain
from edgeassay.summary.badges import badges
from edgeassay.summary.card import model_card
from edgeassay.summary.markdown import summary_markdown

WIDTH: Final = 190  # of the table, where the terminal hasn't more
RESULTS: Final = Path(".assay/results.json")


def report_command(
    files: list[Path] | None,
    *,
    html_path: str | None,
    markdown_path: str | None,
    badges_folder: Path | None,
    card_path: Path | None,
    model: str | None,
    ab_paths: list[Path] | None,
    storage: Path | None,
    evidence_folder: Path | None,
    sign: Path | None,
    base: str | None,
    selftest: list[Path] | None,
    attempts: Path | None,
    benchmarks: list[Path] | None,
    artifacts: Path | None,
    models_dir: list[Path] | None,
    title: str,
    identified: bool,
) -> None:
    """What `edgeassay report` does with its options."""
    project, console = project_folder(), Console(stderr=True)
    paths = files or [RESULTS]
    files_out = (html_path, markdown_path, card_path)
    _check_places([*paths, *(ab_paths or [])], files_out)
    if badges_folder is not None:
        check_writable(badges_folder)
    if evidence_folder is None and (extra := _only(sign, base, selftest, benchmarks, artifacts)):
        raise ConfigError(f"{extra} is about evidence; add --evidence DIR")
    words = redactor(project, identified=identified, folders=models_dir)
    own = [Run(where=path.as_posix(), results=read_results(path)) for path in paths]
    merge(own)  # says where two of them judge the same case
    runs = for_others(own, words)
    ab = [_compared(path, words) for path in ab_paths or []]
    reporter = ConsoleReporter(console)
    found: list[MachineHistory] = []
    if html_path is not None or evidence_folder is not None:
        found, remarks = trends(runs, storage or project / STORAGE, reporter)
        _tell(remarks, console)
    told = plain(words.text(title))
    page = partial(html_page, title=told, history=found, ab=ab)
    if html_path is not None:
        leave(html_path, page(runs))
    leave(markdown_path, summary_markdown(runs, title=told) if markdown_path else "")
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
        show(overview(own, plain(title)), Console(highlight=False, width=width))
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


def _compared(path: Path, words: Redactor) -> AbRecord:
    """A comparison of two builds without names."""
    document = read_ab(path).model_dump(mode="json", by_alias=True)
    return AbRecord.model_validate(words.document(document))


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
