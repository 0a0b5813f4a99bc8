"""The page: one file that needs no other, no script and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from edgeassay.ab.reading import AbRecord
from edgeassay.errors import ConfigError
from edgeassay.history.findings import MachineHistory
from edgeassay.html_report.changed import Change, changes
from edgeassay.html_report.drawing import Figure
from edgeassay.html_report.headline import Headline, headline
from edgeassay.html_report.models import ModelView, model_views
from edgeassay.html_report.shipping import (
    MOST_OPEN,
    OpenLine,
    VariantLine,
    open_lines,
    variant_lines,
)
from edgeassay.html_report.telling import Because
from edgeassay.html_report.trend import sentences, trend
from edgeassay.matrix_report.overview import Overview, overview
from edgeassay.matrix_report.page import STYLE, notes, opposites
from edgeassay.matrix_report.rows import Run, merge
from edgeassay.matrix_report.runs import SHORT, about_run
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.runs.records import plain
from edgeassay.spec import Verdict

TITLE: Final = "Compressed models, held against their limits"
MOST_PICTURES: Final = 100  # so that the page opens at once
MOST_FAILURES: Final = 8  # told above everything else; each case tells its own


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failure at the top of the page, and where all of its case stands."""

    model: str
    case: str
    target: str
    because: Because


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that the page shows."""

    title: str
    headline: Headline
    sign: str
    variants: tuple[VariantLine, ...]
    open: tuple[OpenLine, ...]
    more_open: int
    runs: tuple[tuple[str, Mapping[str, str]], ...]
    models: tuple[ModelView, ...]
    failures: tuple[Failure, ...]
    more_failures: int
    opposites: str
    comparisons: tuple[tuple[AbRecord, tuple[Change, ...]], ...]
    trends: tuple[tuple[Figure, tuple[str, ...]], ...]
    notes: str
    remarks: tuple[str, ...]
    legend: tuple[str, ...]


def html_page(
    runs: Sequence[Run],
    *,
    title: str = TITLE,
    history: Sequence[MachineHistory] = (),
    ab: Sequence[AbRecord] = (),
) -> str:
    """What runs found as an HTML document; `history` are machines' trends, `ab` comparisons of two
    commits. ConfigError where two runs judged the same case, or the libraries aren't installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise ConfigError(
            "Jinja2, which pages are made with, isn't installed: pip install 'edgeassay[report]'"
        ) from None
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    styles = "".join(
        path.read_text(encoding="utf-8") for path in (STYLE, Path(__file__).with_name("page.css"))
    )
    found = _contents(runs, title, history, ab)
    values: dict[str, Any] = {"page": found, "styles": styles, "signs": SIGNS}
    return environment.get_template("page.html.j2").render(values)


def _contents(
    runs: Sequence[Run], title: str, history: Sequence[MachineHistory], ab: Sequence[AbRecord]
) -> Contents:
    named = _named(runs)
    found = overview(named, title)
    rows = merge(named)
    models = model_views(named, found.models.items(), found.columns, MOST_PICTURES)
    questions = open_lines(named)
    failures = [
        Failure(model=model.name, case=f"{case.name} ({case.place})", target=case.anchor, because=b)
        for model in models
        for case in model.cases
        for b in case.blocks
        if b.claims[0].standing == Verdict.FAIL.value
    ]
    top = headline(named, rows, ab)
    return Contents(
        title=found.title,
        headline=top,
        sign=SIGNS[top.standing],
        variants=tuple(variant_lines(named, rows)),
        open=tuple(questions[:MOST_OPEN]),
        more_open=len(questions[MOST_OPEN:]),
        runs=tuple((plain(run.where), _about(run)) for run in named),
        models=tuple(models),
        failures=tuple(failures[:MOST_FAILURES]),
        more_failures=len(failures[MOST_FAILURES:]),
        opposites="".join(opposites(found.opposites)),
        comparisons=tuple((one, tuple(changes(one))) for one in ab),
        trends=tuple((trend(one), tuple(sentences(one))) for one in history),
        notes="".join(notes(found.notes)),
        remarks=_remarks(found),
        legend=found.legend,
    )


def _about(run: Run) -> Mapping[str, str]:
    """A run's facts, and the digest of each model's data."""
    found = {one.case.model: one.data_sha256[:SHORT] for one in run.results.scores}
    data = "; ".join(f"{model}: SHA-256 {plain(digest)}…" for model, digest in found.items())
    return {**about_run(run), **({"data": data} if data else {})}


def _remarks(found: Overview) -> tuple[str, ...]:
    return (*found.remarks, *(f"parity: {line}" for line in found.parities))


def _named(runs: Sequence[Run]) -> list[Run]:
    """The runs by their files' names alone: a folder's name may be a person's."""
    names = [PurePath(run.where).name or run.where for run in runs]
    return [
        Run(
            where=name if names.count(name) == 1 else f"{name} ({k})",
            results=run.results,
        )
        for k, (name, run) in enumerate(zip(names, runs, strict=True), start=1)
    ]
