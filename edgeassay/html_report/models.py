"""A model's part of the page: its matrix, pictures, changes, and each case's claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from edgeassay.html_report.drawing import Figure
from edgeassay.html_report.forest import forests
from edgeassay.html_report.roc import reliability, roc
from edgeassay.html_report.stages import Stage, drop_of, order_of, stages_of
from edgeassay.html_report.telling import TIMES, Because, Told, reasons, told
from edgeassay.html_report.times import times
from edgeassay.html_report.tradeoff import tradeoffs
from edgeassay.matrix_report.chart import charts
from edgeassay.matrix_report.numbers import NO_CLAIM, number, verdict, worst
from edgeassay.matrix_report.overview import Line
from edgeassay.matrix_report.page import CHART, table
from edgeassay.matrix_report.rows import Row, Run
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import ORDER, Decided, Decision, decided_model, in_words
from edgeassay.report.marks import marked
from edgeassay.runs.records import plain
from edgeassay.spec import TRAITS, Verdict

MOST_OPEN: Final = 20  # failing cases, whose claims are shown without being asked
FULL: Final = (
    "This page has as many pictures as it opens quickly with; give this model's results alone to"
    " see its own."
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A case in the matrix."""

    standing: str
    sign: str
    words: str
    numbers: str
    target: str


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """A case with all of its claims."""

    anchor: str
    name: str
    place: str
    kind: str
    standing: str
    sign: str
    verdict: str
    opened: bool
    blocks: tuple[Because, ...]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A limit, where it stands and why it is what it is."""

    claim: str
    limit: str
    source: str
    rationale: str


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """All that is shown of a model; `rest` are the matrix's numbers, as HTML."""

    anchor: str
    name: str
    standing: str
    sign: str
    verdict: str
    columns: tuple[tuple[str, str], ...]
    grid: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    figures: tuple[Figure, ...]
    medians: str
    lacking: tuple[str, ...]
    changed: tuple[tuple[str, Told], ...]
    limits: tuple[Reason, ...]
    rest: str
    cases: tuple[CaseView, ...]


def model_views(
    runs: Sequence[Run],
    lines: Iterable[tuple[str, Sequence[Line]]],
    columns: Sequence[str],
    most_pictures: int,
) -> list[ModelView]:
    """Each model's part, the worst first; models in turn are drawn until there are so many
    pictures.
    """
    results = [run.results for run in runs]
    ordered = list(lines)
    decisions = {name: decided_model(name, results) for name, _ in ordered}
    ordered.sort(key=lambda pair: _order(decisions[pair[0]].decision))
    numbers, views, drawn, opened = count(1), list[ModelView](), 0, 0
    for k, (name, found) in enumerate(ordered, start=1):
        view = _model(
            name,
            found,
            columns,
            decisions[name],
            anchor=f"model-{k}",
            numbers=numbers,
            full=drawn >= most_pictures,
        )
        drawn += sum(len(figure.pictures) for figure in view.figures)
        view, opened = _opened(view, opened)
        views.append(view)
    return views


def _model(
    name: str,
    lines: Sequence[Line],
    columns: Sequence[str],
    decision: Decided,
    *,
    anchor: str,
    numbers: Iterable[int],
    full: bool,
) -> ModelView:
    rows = [line.row for line in lines]
    anchors = [f"case-{k}" for _, k in zip(rows, numbers, strict=False)]
    stages = stages_of(rows)
    figures, medians, lacking = ([], "", [FULL]) if full else _pictures(lines, stages)
    stands, words = _stands(rows, decision)
    cases = [_case(row, at) for row, at in zip(rows, anchors, strict=True)]
    return ModelView(
        anchor=anchor,
        name=name,
        standing=stands,
        sign=SIGNS.get(stands, ""),
        verdict=words,
        columns=tuple((stage.runtime, stage.name.partition(" ")[2]) for stage in stages),
        grid=_grid(rows, anchors, stages),
        figures=tuple(figures),
        medians=medians,
        lacking=tuple(lacking),
        changed=tuple(_changed(rows)),
        limits=tuple(_limits(rows)),
        rest="".join(table(columns, lines)),
        cases=tuple(sorted(cases, key=lambda case: _order(case.standing))),
    )


def _opened(view: ModelView, before: int) -> tuple[ModelView, int]:
    """With its failing cases opened, but for those beyond the page's share, and how many are."""
    failing = [case for case in view.cases if case.standing == Verdict.FAIL.value]
    chosen = {case.anchor for case in failing[: max(0, MOST_OPEN - before)]}
    cases = tuple(replace(case, opened=case.anchor in chosen) for case in view.cases)
    return replace(view, cases=cases), before + len(chosen)


def _order(stands: str) -> int:
    """The place of a decision, the worst first."""
    order = [one.value for one in Decision]
    return order.index(stands) if stands in order else len(order)


def _stands(rows: Sequence[Row], decision: Decided) -> tuple[str, str]:
    """The decision on all claims, and how many stand how."""
    claims = [record for row in rows for record in row.claims]
    if not claims:
        return NO_CLAIM, NO_CLAIM
    return decision.decision.value, in_words(decision, claims)


def _grid(
    rows: Sequence[Row], anchors: Sequence[str], stages: Sequence[Stage]
) -> tuple[tuple[str, tuple[Cell | None, ...]], ...]:
    """Variants by runtimes and places."""
    at = {id(row): anchor for row, anchor in zip(rows, anchors, strict=True)}
    variants = dict.fromkeys(row.case.variant for row in rows)
    return tuple(
        (
            variant,
            tuple(
                next(
                    (_cell(row, at[id(row)]) for row in stage.rows if row.case.variant == variant),
                    None,
                )
                for stage in stages
            ),
        )
        for variant in variants
    )


def _cell(row: Row, target: str) -> Cell:
    stands, drop, facts = worst(row), drop_of(row), row.facts
    parts = []
    if row.refusal is not None:
        parts.append("doesn't load")
    if drop is not None and facts is not None:
        unit = "AUC" if facts.mean_dice_drop is None else "Dice"
        parts.append(f"drop {drop:+z.4f} {unit}")
    if facts is not None and facts.latency_ratio is not None:
        parts.append(f"time {number(facts.latency_ratio)}{TIMES}")
    numbers = marked(", ".join(parts), row.kind) if parts else ""
    if not parts and row.is_reference:
        numbers = "reference"
    words = row.decided.share if row.claims else NO_CLAIM
    return Cell(
        standing=stands, sign=SIGNS.get(stands, ""), words=words, numbers=numbers, target=target
    )


def _case(row: Row, anchor: str) -> CaseView:
    stands = worst(row)
    return CaseView(
        anchor=anchor,
        name=f"{row.case.variant} on {row.case.runtime}",
        place=row.place,
        kind=row.kind,
        standing=stands,
        sign=SIGNS.get(stands, ""),
        verdict=verdict(row),
        opened=False,
        blocks=tuple(reasons(row)),
    )


def _changed(rows: Sequence[Row]) -> Iterable[tuple[str, Told]]:
    """Claims against what was promoted or released."""
    found = [
        (f"{row.case.variant} on {row.case.runtime} ({row.place})", told(record))
        for row in rows
        for record in row.claims
        if TRAITS[record.claim].of_baseline
    ]
    return sorted(found, key=lambda pair: ORDER.index(pair[1].standing))


def _limits(rows: Sequence[Row]) -> Iterable[Reason]:
    """Each limit once, with the reason that its file gives."""
    found: dict[str, Reason] = {}
    for row in rows:
        for record in row.claims:
            if record.limit is not None and record.limit.rationale:
                words = told(record)
                tolerated = record.limit.tolerated
                more = "" if tolerated is None else f", {tolerated:g} tolerated"
                found[words.source] = Reason(
                    claim=record.claim,
                    limit=f"{words.limit}{more}",
                    source=words.source,
                    rationale=plain(record.limit.rationale),
                )
    return found.values()


def _pictures(
    lines: Sequence[Line], stages: Sequence[Stage]
) -> tuple[list[Figure], str, list[str]]:
    """A model's figures, medians where there is no distribution (as HTML), and what isn't there."""
    rows = [line.row for line in lines]
    order = order_of(rows)
    lacking: list[str] = []
    figures: list[Figure] = []
    made: tuple[tuple[list[Figure], str], ...] = (
        (tradeoffs(stages), "No trade-off: beside the reference no variant's quality was judged."),
        (forests(stages), _no_forest(rows)),
        (roc(stages, order), _no_curve(rows, "ROC")),
        (reliability(stages, order), _no_curve(rows, "reliability curve")),
    )
    for found, reason in made:
        figures += found
        lacking += [] if found else [reason]
    timed = times(stages, order)
    medians = ""
    if not timed and any(row.facts is not None and row.facts.p50_ms for row in rows):
        medians = "".join(charts(lines)) + f'<p class="key">{CHART}</p>'
        lacking.append("No distribution of latency: the results have medians alone.")
    elif not timed:
        lacking.append("No latency: nothing was timed (pytest --benchmark does).")
    return [*figures, *timed], medians, lacking


def _no_forest(rows: Sequence[Row]) -> str:
    if _segments(rows):
        return "No drops of classes: it segments, and its quality is the mean Dice."
    return "No drops of classes: no claim class_auc_drop was measured."


def _no_curve(rows: Sequence[Row], what: str) -> str:
    if _segments(rows):
        return f"No {what}: it segments, and its quality is the mean Dice."
    if not any(row.facts is not None and row.facts.mean_auc is not None for row in rows):
        return f"No {what}: nothing was evaluated."
    if any(row.facts is not None and row.facts.curves is not None for row in rows):
        return f"No {what}: its scores don't allow one."
    return f"No {what}: the results are of a version that didn't keep it."


def _segments(rows: Sequence[Row]) -> bool:
    return any(row.facts is not None and row.facts.mean_dice is not None for row in rows)
