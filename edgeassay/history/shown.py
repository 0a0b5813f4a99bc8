"""A history for people: a table for each machine, and what changed when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgeassay.history.findings import BenchmarkHistory, Change, Drift, MachineHistory
from edgeassay.privacy import Redactor

BARS: Final = "▁▂▃▄▅▆▇█"
COLUMNS: Final = ("benchmark", "runs", "now", "% in 100 runs", "latest runs", "bytes", "AUC")
UNITS: Final = (("s", 1e3), ("ms", 1.0), ("µs", 1e-3), ("ns", 1e-6))  # in ms
PARTS: Final = ("cpu_model", "brand_raw", "gpus")  # of a machine, that people know it by


def sparkline(values: Sequence[float]) -> str:
    """A bar for each value, between the least and the greatest of them."""
    span = np.asarray(values, np.float64)
    low, high = span.min(), span.max()
    if high == low:
        return BARS[0] * len(span)
    steps = np.rint((span - low) / (high - low) * (len(BARS) - 1)).astype(int)
    return "".join(BARS[step] for step in steps)


def duration(ms: float) -> str:
    """A duration in the unit that suits it."""
    unit, size = next(((u, s) for u, s in UNITS if ms >= s), UNITS[-1])
    return f"{ms / size:.4g} {unit}"


def heading(history: MachineHistory) -> str:
    """Which machine, how many runs, and from when to when."""
    named = " ".join(history.machine[part] for part in PARTS if history.machine.get(part))
    machine = f"{history.fingerprint} ({named})" if named else history.fingerprint
    first, last = history.first, history.last
    runs = "1 run" if history.runs == 1 else f"{history.runs:,} runs"
    return (
        f"{machine}: {runs} from {first.short} ({first.saved:%Y-%m-%d}) to {last.short}"
        f" ({last.saved:%Y-%m-%d})"
    )


def cells(found: BenchmarkHistory) -> tuple[str, ...]:
    """A benchmark's row."""
    trend = found.trend
    runs = f"{found.runs:,}"
    if found.disturbed:
        runs += f" (+{found.disturbed:,} disturbed)"
    return (
        found.name,
        runs,
        duration(found.now_ms),
        f"{trend.value:+.2f} [{trend.low:+.2f}, {trend.high:+.2f}]" if trend else "too few runs",
        sparkline(found.recent_ms),
        _size(found.size_bytes),
        _auc(found.mean_auc),
    )


def _size(size: Drift | None) -> str:
    if size is None:
        return ""
    grown = f" ({size.now / size.first - 1.0:+.1%})" if size.now != size.first else ""
    return f"{size.now:,.0f}{grown}"


def _auc(auc: Drift | None) -> str:
    if auc is None:
        return ""
    moved = f" ({auc.now - auc.first:+.4f})" if auc.now != auc.first else ""
    return f"{auc.now:.4f}{moved}"


def told(name: str, change: Change) -> str:
    """A change point as a sentence."""
    slower = change.percent > 0.0
    least, most = sorted((abs(change.low), abs(change.high)))
    if change.low < 0.0 < change.high:
        least = 0.0
    sentence = (
        f"{name}: {abs(change.percent):.1f} % {'slower' if slower else 'faster'}"
        f" ({least:.1f} to {most:.1f} %) from {change.last.short} ({change.last.saved:%Y-%m-%d})"
        f" to {change.first.short} ({change.first.saved:%Y-%m-%d})"
    )
    return f"{sentence}; {'; '.join(change.reasons)}" if change.reasons else sentence


def changes(history: MachineHistory) -> list[str]:
    """Every change point of a machine's benchmarks, the earliest first."""
    found = [(change, one.name) for one in history.benchmarks for change in one.changes]
    found.sort(key=lambda pair: (pair[0].first.saved, pair[1]))
    return [told(name, change) for change, name in found]


def print_history(history: MachineHistory, console: Console) -> None:
    """A machine's table, and its change points below."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(COLUMNS[0], overflow="fold")
    for name in COLUMNS[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for found in history.benchmarks:
        table.add_row(*cells(found))
    console.print(heading(history), markup=False, soft_wrap=True)
    console.print(table)
    for line in changes(history):
        console.print(line, markup=False, soft_wrap=True)


def markdown(histories: Iterable[MachineHistory], left_out: Sequence[str], eraser: Redactor) -> str:
    """The same as Markdown, without names."""

    def said(text: str) -> str:
        return _plain(eraser.text(text))

    def row(words: Iterable[str]) -> str:
        return f"| {' | '.join(map(said, words))} |"

    lines: list[str] = []
    for history in histories:
        lines += [f"### {said(heading(history))}", ""]
        lines += [row(COLUMNS), row(["---", *["---:"] * (len(COLUMNS) - 1)])]
        lines += [row(cells(found)) for found in history.benchmarks]
        lines += ["", *(f"- {said(line)}" for line in changes(history)), ""]
    lines += [f"- left out: {said(line)}" for line in left_out]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """Text in which Markdown sees no table, tag or emphasis."""
    for character in "\\|<>*_`[]":
        text = text.replace(character, f"\\{character}")
    return text
