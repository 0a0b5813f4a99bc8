"""Advice for people, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.advising.candidates import Candidate
from edgeassay.advising.choosing import Advice, Outcome
from edgeassay.advising.measuring import Found
from edgeassay.advising.wording import Asked
from edgeassay.machine import Machine, hashed, recorded
from edgeassay.spec import Measurement

SCHEMA: Final = 1
COLUMNS: Final = (
    "variant",
    "bytes",
    "of fp32",
    "p50 ms",
    "of fp32's time",
    "AUC",
    "AUC drop",
    "at most",
    "",
)


def row(candidate: Candidate, reference: Candidate, advice: Advice) -> tuple[str, ...]:
    """A candidate's cells."""
    drop = candidate.drop
    return (
        candidate.name,
        f"{candidate.size_bytes:,}",
        f"{candidate.size_bytes / reference.size_bytes:.3f}",
        "" if candidate.p50_ms is None else f"{candidate.p50_ms:.3g}",
        _time(candidate),
        "" if candidate.auc is None else f"{candidate.auc:.4f}",
        "" if drop is None else f"{drop.value:+z.4f}",
        "" if drop is None or drop.high is None else f"{drop.high:.4f}",
        _mark(candidate, advice),
    )


def _time(candidate: Candidate) -> str:
    ratio = candidate.ratio
    if ratio is None:
        return ""
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.2f}"
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _mark(candidate: Candidate, advice: Advice) -> str:
    """What became of it."""
    if advice.chosen is not None and candidate.name == advice.chosen.name:
        return "ship it" if advice.outcome is Outcome.ADVISED else "leads"
    if advice.runner_up is not None and candidate.name == advice.runner_up.name:
        return "runner-up"
    if candidate.name in advice.beaten:
        return f"beaten by {advice.beaten[candidate.name]}"
    return str(candidate.standing)


def show(
    found: Found, advice: Advice, lines: Sequence[str], steps: Sequence[str], console: Console
) -> None:
    """On the terminal."""
    reference = next(c for c in found.candidates if c.is_reference)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        title = name.replace("fp32", reference.name)
        table.add_column(title, justify="left" if name in ("variant", "") else "right")
    for candidate in sorted(found.candidates, key=lambda c: -c.size_bytes):
        table.add_row(*(Text(cell) for cell in row(candidate, reference, advice)))
    console.print(table)
    for line in (*lines, *steps):
        console.print(line, markup=False, soft_wrap=True)


def document(
    asked: Asked,
    found: Found,
    advice: Advice,
    lines: Sequence[str],
    *,
    machine: Machine,
    next_steps: dict[str, Any],
) -> dict[str, Any]:
    """All of it for a JSON file."""
    return {
        "schema": SCHEMA,
        "edgeassay": edgeassay.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "fingerprint": machine.fingerprint,
            "hardware": hashed(machine),
            "recorded": recorded(machine),
        },
        "model": asked.model,
        "device": asked.device,
        "runtime": asked.runtime,
        "kind": asked.kind.value,
        "split": "validation",
        "images": asked.images,
        "split_images": asked.whole,
        "margin": {"value": asked.margin.value, "source": asked.margin.source},
        "prefer": advice.prefer.value,
        "outcome": advice.outcome.value,
        "chosen": None if advice.chosen is None else advice.chosen.name,
        "runner_up": None if advice.runner_up is None else advice.runner_up.name,
        "alike": list(advice.alike),
        "front": [c.name for c in advice.front],
        "beaten": dict(advice.beaten),
        "why": advice.why,
        "candidates": {c.name: _candidate(c) for c in found.candidates},
        "left_out": [asdict(one) for one in found.left_out],
        "says": list(lines),
        "next": next_steps,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    settings = {k: v for k, v in asdict(candidate.spec).items() if v}
    return {
        "settings": settings,
        "declared": candidate.declared,
        "reference": candidate.is_reference,
        "standing": candidate.standing.value,
        "size_bytes": candidate.size_bytes,
        "p50_ms": candidate.p50_ms,
        "latency_ratio": _measured(candidate.ratio),
        "mean_auc": candidate.auc,
        "mean_auc_drop": _measured(candidate.drop),
        "broken": list(candidate.broken),
        "not_shown": list(candidate.unshown),
    }


def _measured(measurement: Measurement | None) -> dict[str, Any] | None:
    if measurement is None:
        return None
    return {
        "value": measurement.value,
        "low": measurement.low,
        "high": measurement.high,
        "n": measurement.n,
        "insufficient": measurement.insufficient,
    }
