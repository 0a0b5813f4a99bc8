"""The closing table: a row a case, with what was measured and what can be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from edgeassay.report.results import CaseId, CaseRecord, ClaimRecord, MeasurementRecord
from edgeassay.spec import ClaimName, Verdict

DECLARED: Final = "declared"
# Worst first; a declared failure stands before what passes, after what isn't known.
ORDER: Final = (
    Verdict.FAIL.value,
    Verdict.INCONCLUSIVE.value,
    Verdict.INCOMPARABLE.value,
    Verdict.UNMEASURED.value,
    DECLARED,
    Verdict.PASS.value,
)
STYLES: Final = {
    Verdict.FAIL.value: "bold red",
    Verdict.INCONCLUSIVE.value: "yellow",
    Verdict.INCOMPARABLE.value: "yellow",
    Verdict.UNMEASURED.value: "yellow",
    DECLARED: "magenta",
    Verdict.PASS.value: "green",
}


def standing(record: ClaimRecord) -> str:
    """The verdict as the table counts it: a declared failure apart from the others."""
    if record.verdict is Verdict.FAIL and record.deviation is not None:
        return DECLARED
    return record.verdict.value


def counts(records: Iterable[ClaimRecord]) -> dict[str, int]:
    """How many claims stand how, worst first, without zeros."""
    found = Counter(standing(record) for record in records)
    return {name: found[name] for name in ORDER if found[name]}


def _verdict(records: Sequence[ClaimRecord]) -> Text:
    if not records:
        return Text("no claim", style="dim")
    worst, number = next(iter(counts(records).items()))
    text = worst if number == len(records) else f"{worst} {number} of {len(records)}"
    return Text(text, style=STYLES[worst])


def _measured(
    records: Sequence[ClaimRecord], claim: ClaimName
) -> MeasurementRecord | None:
    return next((r.measurement for r in records if r.claim is claim), None)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _auc(facts: CaseRecord | None, drop: MeasurementRecord | None) -> str:
    text = _number(facts.mean_auc if facts else None, ".4f")
    if drop is not None:
        text += f" ({-drop.value:+.4f})"
        if drop.low is not None and drop.high is not None:
            text += f" [{-drop.high:+.4f}, {-drop.low:+.4f}]"
    return text


def _latency(facts: CaseRecord | None) -> str:
    if facts is None or facts.p50_ms is None:
        return ""
    return f"{facts.p50_ms:.2f} / {_number(facts.p95_ms, '.2f')}"


def closing_table(claims: Sequence[ClaimRecord], cases: Sequence[CaseRecord]) -> Table:
    """One row a case, in the order in which the cases were first judged."""
    table = Table(
        title="edgeassay", title_justify="left", title_style="bold", pad_edge=False
    )
    for name in ("model", "variant", "runtime"):
        table.add_column(name, overflow="fold")
    for name in ("size", "mean AUC (change)", "p50 / p95 ms", "speed"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    by_case: dict[str, list[ClaimRecord]] = {}
    order: dict[str, CaseId] = {}
    for record in claims:
        key = record.case.model_dump_json()
        by_case.setdefault(key, []).append(record)
        order[key] = record.case
    facts = {record.case.model_dump_json(): record for record in cases}
    for key, case in order.items():
        records, known = by_case[key], facts.get(key)
        size = _measured(records, ClaimName.SIZE_RATIO)
        ratio = _measured(records, ClaimName.LATENCY_RATIO)
        kilobytes = _number(
            known.size_bytes / 1000 if known and known.size_bytes else None, ",.0f"
        )
        table.add_row(
            case.model,
            case.variant,
            case.runtime,
            f"{kilobytes} kB" + (f" ({size.value:.2f}x)" if size else "")
            if kilobytes
            else "",
            _auc(known, _measured(records, ClaimName.MEAN_AUC_DROP)),
            _latency(known),
            f"{1 / ratio.value:.2f}x" if ratio else "",
            _verdict(records),
        )
    return table
