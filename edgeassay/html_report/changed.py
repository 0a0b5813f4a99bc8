"""What two commits differ by: documents of `edgeassay ab --json`."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.ab.reading import AbCaseRecord, AbRecord, TimingRecord
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.results import WORST_FIRST


@dataclass(frozen=True, kw_only=True)
class Change:
    """A case of a comparison as a row of text."""

    standing: str
    sign: str
    name: str
    time: str
    bounds: str
    pairs: str
    limit: str
    source: str
    size: str
    reason: str


def changes(found: AbRecord) -> list[Change]:
    """Its cases, the worst first."""
    ordered = sorted(found.cases, key=lambda one: (WORST_FIRST.index(one.verdict), one.name))
    return [_change(one) for one in ordered]


def _change(one: AbCaseRecord) -> Change:
    timing, limit = one.timing, one.limits.get("tolerated")
    sizes = (one.base.size_bytes, one.head.size_bytes)
    size = f"{sizes[1]:,} bytes"
    if sizes[0] and sizes[0] != sizes[1]:
        size += f" ({_percent(sizes[1] / sizes[0])})"
    return Change(
        standing=one.verdict.value,
        sign=SIGNS[one.verdict.value],
        name=one.name,
        time="not timed" if timing is None else _times(timing),
        bounds="" if timing is None else f"[{_bound(timing.low)}, {_bound(timing.high)}]",
        pairs="" if timing is None else f"{timing.pairs:,} pairs",
        limit="" if timing is None else f"≤ {_percent(1.0 + timing.tolerated)}",
        source="" if limit is None else limit.source,
        size=size,
        reason=one.reason,
    )


def _times(timing: TimingRecord) -> str:
    return f"{_percent(timing.ratio)} ({timing.base_ms:.3g} → {timing.head_ms:.3g} ms)"


def _bound(ratio: float | None) -> str:
    return "?" if ratio is None else _percent(ratio)


def _percent(ratio: float) -> str:
    return f"{100.0 * (ratio - 1.0):+z.1f} %"
