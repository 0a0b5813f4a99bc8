"""What was found, for people and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.machine import Machine, hashed, recorded
from edgeassay.saliency.finding import Found, Row
from edgeassay.spec import Kind, Measurement

SCHEMA: Final = 1
COLUMNS: Final = (
    "variant",
    "runtime",
    "most weights",
    "most tensors",
    "rank correlation",
    "overlap of the top",
    "images",
)


def bounded(measured: Measurement | None) -> str:
    """A value with its bounds."""
    if measured is None:
        return ""
    low, high = (f"{bound:.3f}" for bound in (measured.low or 0.0, measured.high or 0.0))
    if measured.low is None or measured.high is None or not math.isfinite(measured.low):
        return f"{measured.value:.4f}"
    return f"{measured.value:.4f} ({low} to {high})"


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    count = "" if row.correlation is None else f"{row.correlation.n:,}"
    kind = "" if row.kind is Kind.MEASURED else f" [{row.kind}]"
    return (
        row.case.variant,
        f"{row.case.runtime}{kind}",
        row.types.weights,
        row.types.tensors,
        bounded(row.correlation),
        bounded(row.overlap),
        count,
    )


def sentences(found: Found) -> Iterator[str]:
    """What a reader must know beside the table."""
    settings, grid = found.model.saliency, found.inputs.grid
    rows, columns = grid.shape
    yield (
        f"{len(found.inputs.split):,} images, each of another patient where the data names"
        f" patients; {rows} x {columns} places of a patch of {grid.side} pixels; the map is by how"
        " much the score of the class falls to which the reference gives its highest"
    )
    yield (
        f"bounds are one-sided, {100 * found.model.statistics.confidence:g} % each; by chance the"
        f" correlation would be 0 and the overlap {settings.top:g}"
    )
    told: dict[str, list[str]] = {}
    for row in found.rows:
        measured = row.correlation
        said = (measured.detail, measured.insufficient) if measured else (row.reason,)
        for words in filter(None, said):
            told.setdefault(words, []).append(f"{row.case.variant} on {row.case.runtime}")
    for words, cases in told.items():
        yield words if len(cases) == len(found.rows) else f"{', '.join(cases)}: {words}"


def show(found: Found, console: Console) -> None:
    """On the terminal."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="left" if number < 4 else "right", no_wrap=True)
    for row in found.rows:
        table.add_row(*map(Text, cells(row)))
    console.print(table)
    for line in sentences(found):
        console.print(line, markup=False, soft_wrap=True)


def document(found: Found, *, machine: Machine) -> dict[str, Any]:
    """All of it for a JSON file; what isn't known is null."""
    settings, grid = found.model.saliency, found.inputs.grid
    return {
        "schema": SCHEMA,
        "edgeassay": edgeassay.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "fingerprint": machine.fingerprint,
            "hardware": hashed(machine),
            "recorded": recorded(machine),
        },
        "model": found.model.id,
        "reference": found.model.reference.variant,
        "covered_images": list(found.inputs.split.names),
        "patch_pixels": grid.side,
        "tops": list(grid.tops),
        "lefts": list(grid.lefts),
        "top": settings.top,
        "least_range": settings.least_range,
        "cases": [_case(found, row) for row in found.rows],
    }


def _case(found: Found, row: Row) -> dict[str, Any]:
    compared = row.compared
    facts: dict[str, Any] = {
        "variant": row.case.variant,
        "runtime": row.case.runtime,
        "device": row.case.device,
        "kind": row.kind.value,
        "weights": row.types.weights or None,
        "tensors": row.types.tensors or None,
        "correlation": _measured(row.correlation),
        "overlap": _measured(row.overlap),
        "reason": row.reason,
    }
    if compared is None:
        return facts
    return facts | {
        "images": list(compared.inputs.split.names),
        "flat": int(compared.flat.sum()),
        "classes": [found.model.classes[k] for k in compared.classes],
        "correlations": compared.correlations.tolist(),
        "overlaps": compared.overlaps.tolist(),
    }


def _measured(measured: Measurement | None) -> dict[str, Any] | None:
    if measured is None:
        return None
    return {
        "value": measured.value,
        "low": None if measured.low is None else _finite(measured.low),
        "high": None if measured.high is None else _finite(measured.high),
        "confidence": measured.confidence,
        "n": measured.n,
        "insufficient": measured.insufficient,
        "detail": measured.detail,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
