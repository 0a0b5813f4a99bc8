"""Numbers for people, and what stands where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from edgeassay.matrix_report.rows import UNDECIDED, Row
from edgeassay.report.decision import in_words
from edgeassay.report.marks import marked
from edgeassay.runs.records import ClaimRecord, MeasurementRecord
from edgeassay.spec import TRAITS, ClaimName, Verdict

NOT_ASKED: Final = "-"
NO_CLAIM: Final = "no claim"
DISTURBED: Final = "(d)"
DIGITS: Final = 3  # of a duration or a ratio, that are shown
KB: Final = 1000.0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number as text, with its bounds, and the footnote that says why there is none."""

    text: str
    bounds: str = ""
    note: int | None = None
    absent: bool = False


@dataclass
class Notes:
    """Footnotes: each reason once."""

    reasons: list[str] = field(default_factory=list)

    def number(self, reason: str) -> int:
        """The footnote that says it."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason) + 1


def number(value: float) -> str:
    """A positive number with three significant digits and no exponent."""
    if value == 0.0:
        return "0"
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def interval(found: MeasurementRecord | None, form: Callable[[float], str]) -> str:
    """Both bounds, a question mark for one that isn't known; nothing where neither is."""
    if found is None or (found.low is None and found.high is None):
        return ""
    low, high = ("?" if b is None else form(b) for b in (found.low, found.high))
    return f"[{low}, {high}]"


def signed(value: float) -> str:
    """A drop with its sign."""
    return f"{value:+z.4f}"


def _timed(name: ClaimName) -> bool:
    return TRAITS[name].timed


def _of_quality(name: ClaimName) -> bool:
    return TRAITS[name].needs_data


def _of_memory(name: ClaimName) -> bool:
    return TRAITS[name].unit in ("MB", "kB")


def size(row: Row, notes: Notes) -> Cell:
    """Bytes and their ratio; a file has them wherever it runs."""
    facts = row.facts
    if facts is None or facts.size_bytes is None:
        return _absent(row, notes, lambda name: name is ClaimName.SIZE_RATIO)
    ratio = "" if facts.size_ratio is None else f"({number(facts.size_ratio)})"
    return Cell(text=f"{facts.size_bytes / KB:,.0f} kB", bounds=ratio)


def auc(row: Row, notes: Notes) -> Cell:
    """The mean AUC, or the mean Dice, labelled."""
    if row.facts is not None and row.facts.mean_dice is not None:
        return Cell(text=marked(f"Dice {row.facts.mean_dice:.4f}", row.kind))
    if row.facts is None or row.facts.mean_auc is None:
        return _absent(row, notes, _of_quality)
    return Cell(text=marked(f"{row.facts.mean_auc:.4f}", row.kind))


def drop(row: Row, notes: Notes) -> Cell:
    """By how much the mean AUC drops, or the mean Dice, labelled."""
    if row.facts is not None and row.facts.mean_dice_drop is not None:
        text = marked(f"Dice {signed(row.facts.mean_dice_drop)}", row.kind)
        return Cell(text=text, bounds=interval(_claimed(row, ClaimName.MEAN_DICE_DROP), signed))
    if row.facts is None or row.facts.mean_auc_drop is None:
        return _absent(
            row,
            notes,
            _of_quality,
            reference=row.facts is not None
            and (row.facts.mean_auc is not None or row.facts.mean_dice is not None),
        )
    claimed = _claimed(row, ClaimName.MEAN_AUC_DROP)
    return Cell(
        text=marked(signed(row.facts.mean_auc_drop), row.kind), bounds=interval(claimed, signed)
    )


def times(row: Row, notes: Notes) -> Cell:
    """p50 and p95 in ms, with the bounds of p50; of what is only compiled its cycles."""
    facts = row.facts
    cycles = None if facts is None else facts.loaded.get("cycles")
    if isinstance(cycles, int | float):
        return Cell(text=marked(f"{cycles:,.0f} cycles", row.kind))
    if facts is None or facts.p50_ms is None or facts.p95_ms is None:
        return _absent(row, notes, _timed)
    return Cell(
        text=_of_time(row, f"{number(facts.p50_ms)} / {number(facts.p95_ms)}"),
        bounds=interval(facts.intervals.get("p50_ms"), number),
    )


def ratio(row: Row, notes: Notes) -> Cell:
    """The median by the reference's of the same runtime, device and run."""
    if row.facts is None or row.facts.latency_ratio is None:
        return _absent(
            row, notes, _timed, reference=row.facts is not None and row.facts.p50_ms is not None
        )
    found = row.facts.intervals.get("latency_ratio") or _claimed(row, ClaimName.LATENCY_RATIO)
    return Cell(text=_of_time(row, number(row.facts.latency_ratio)), bounds=interval(found, number))


def delegated(row: Row, notes: Notes) -> Cell:
    """How many of the graph's nodes the delegate took."""
    loaded = row.facts.loaded if row.facts is not None else {}
    nodes, taken = loaded.get("nodes"), loaded.get("delegated")
    if isinstance(nodes, int) and isinstance(taken, int):
        share = f"{100 * taken / nodes:.0f} %" if nodes else ""
        return Cell(
            text=marked(f"{taken or 'none'} of {nodes}", row.kind),
            bounds=f"({share})" if 0 < taken < nodes else "",
        )
    if isinstance(nodes, int) and "delegated_at_most" in loaded:
        return Cell(text=marked(f"not all of {nodes}", row.kind))
    if loaded:
        return Cell(text="not told", absent=True)
    return _absent(row, notes, lambda name: name is ClaimName.DELEGATED_SHARE)


def memory(row: Row, notes: Notes) -> Cell:
    """What the process grew by; of a microcontroller its arena, of an accelerator its SRAM."""
    loaded = row.facts.loaded if row.facts is not None else {}
    for key, what in (("arena_bytes", "arena"), ("sram_bytes", "SRAM")):
        value = loaded.get(key)
        if isinstance(value, int | float):
            return Cell(text=marked(f"{value / KB:,.0f} kB", row.kind), bounds=what)
    if row.facts is None or row.facts.peak_memory_mb is None:
        return _absent(row, notes, _of_memory)
    found = row.facts.intervals.get("peak_memory_mb")
    return Cell(
        text=marked(f"{row.facts.peak_memory_mb:.1f} MB", row.kind),
        bounds=interval(found, lambda mb: f"{mb:.1f}"),
    )


def parity(row: Row, notes: Notes) -> Cell:
    """How far outputs are from the parity runtime's."""
    for name, form in ((ClaimName.PARITY_LSB, "{:g} LSB"), (ClaimName.PARITY_DIFFERENCE, "{:.1e}")):
        claimed = _claimed(row, name)
        if claimed is not None:
            return Cell(text=marked(form.format(claimed.value), row.kind))
    return _absent(row, notes, lambda name: TRAITS[name].of_parity)


def verdict(row: Row) -> str:
    """The decision on its claims, and how many of them stand how, worst first."""
    return in_words(row.decided, row.claims) if row.claims else NO_CLAIM


def worst(row: Row) -> str:
    """The decision on all of its claims."""
    return row.decided.decision.value if row.claims else NO_CLAIM


def _of_time(row: Row, text: str) -> str:
    text = marked(text, row.kind)
    return f"{text} {DISTURBED}" if row.disturbed else text


def _claimed(row: Row, name: ClaimName) -> MeasurementRecord | None:
    return next((c.measurement for c in row.claims if c.claim is name and c.measurement), None)


def _absent(
    row: Row, notes: Notes, about: Callable[[ClaimName], bool], *, reference: bool = False
) -> Cell:
    """What stands where there is no number, and why."""
    if row.refusal is not None:
        return Cell(text="doesn't load", note=notes.number(row.refusal.reason), absent=True)
    if reference and row.is_reference:
        return Cell(text="reference", absent=True)
    asked = [c for c in row.claims if about(c.claim) and c.measurement is None]
    reason = _first(asked) or (_first(row.claims) if row.unmeasured else None)
    if reason is None:
        return Cell(text=NOT_ASKED, absent=True)
    return Cell(text=str(reason.verdict), note=notes.number(reason.reason), absent=True)


def _first(claims: Collection[ClaimRecord]) -> ClaimRecord | None:
    """The first that isn't decided, or couldn't be measured."""
    order: Any = [*UNDECIDED, Verdict.INCONCLUSIVE, Verdict.FAIL]
    found = [c for c in claims if c.verdict in order]
    return min(found, key=lambda c: order.index(c.verdict), default=None)
