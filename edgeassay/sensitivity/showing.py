"""The sensitivity of layers for people, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.machine import Machine, hashed, recorded
from edgeassay.sensitivity.measuring import LayerSensitivity
from edgeassay.sensitivity.study import Study, cut, decibels, heading, left_out, notes
from edgeassay.spec import Measurement

COLUMNS: Final = ("layer", "SNR dB", "weights", "AUC drop", "low", "high", "saves")
GAP: Final = 2  # between columns, and around them all
SHOWN: Final = 8  # layers of a precision
SCHEMA: Final = 1


def show(study: Study, console: Console, *, every: bool = False) -> None:
    """On the terminal: of each precision the layers that hurt most, or all."""
    for precision in study.precisions:
        console.print(heading(study, precision), markup=False, soft_wrap=True)
        measured = study.worst_first(precision)
        shown = measured if every else measured[:SHOWN]
        if shown:
            console.print(_table(study, shown, console.width))
        if len(shown) < len(measured):
            console.print(f"and {len(measured) - len(shown)} that hurt less: --all shows them")
        for line in left_out(study, precision):
            console.print(line, markup=False, soft_wrap=True)
        console.print()
    for line in notes(study):
        console.print(line, markup=False, soft_wrap=True)


def _table(study: Study, shown: list[LayerSensitivity], width: int) -> Table:
    """What is left of the width beside the numbers is for the layers' names."""
    numbers = [list(cells(study, one)) for one in shown]
    columns = zip(*numbers, COLUMNS[1:], strict=True)
    letters = width - GAP - sum(GAP + max(map(len, column)) for column in columns)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "layer" else "right", no_wrap=True)
    for one, row in zip(shown, numbers, strict=True):
        table.add_row(*map(Text, (cut(one.layer, letters), *row)))
    return table


def cells(study: Study, one: LayerSensitivity) -> Iterator[str]:
    """Of a row: both ratios, what it does to the mean AUC, what it saves."""
    drop = one.auc_drop
    yield decibels(one.snr_db)
    yield decibels(one.weight_snr_db)
    yield "-" if drop is None else f"{_auc(drop.value)}{'*' if study.is_beyond(one) else ''}"
    yield _auc(None if drop is None else drop.low)
    yield _auc(None if drop is None else drop.high)
    yield "-" if one.saved_bytes is None else f"{one.saved_bytes:,}"


def _auc(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 4) + 0.0:.4f}"  # never -0.0000


def document(study: Study, machine: Machine) -> dict[str, Any]:
    """All of it for a JSON file. An SNR is null where nothing differs, and where `reason` says why
    there is none.
    """
    return {
        "schema": SCHEMA,
        "edgeassay": edgeassay.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "fingerprint": machine.fingerprint,
            "hardware": hashed(machine),
            "recorded": recorded(machine),
        },
        "model": study.model,
        "runtime": study.runtime,
        "device": study.device,
        "kind": study.kind.value,
        "images": study.images,
        "split_images": study.split_images,
        "calibration_images": study.calibration_images,
        "float": {
            "bytes": study.float_bytes,
            "sha256": study.float_sha256,
            "mean_auc": _measurement(study.auc),
        },
        "limit": None if study.limit is None else asdict(study.limit),
        "layers": [_layer(one) for one in study.found],
    }


def _layer(one: LayerSensitivity) -> dict[str, Any]:
    return {
        "layer": one.layer,
        "place": one.place,
        "kind": one.kind,
        "weights": one.weights,
        "macs": one.macs,
        "precision": one.precision,
        "snr_db": _finite(one.snr_db),
        "identical": one.snr_db == math.inf,
        "weight_snr_db": _finite(one.weight_snr_db),
        "auc_drop": _measurement(one.auc_drop),
        "saved_bytes": one.saved_bytes,
        "reason": one.reason,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _measurement(found: Measurement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("value", "low", "high", "confidence", "n", "insufficient")
    return {
        name: _finite(v) if isinstance(v := getattr(found, name), float) else v for name in names
    }
