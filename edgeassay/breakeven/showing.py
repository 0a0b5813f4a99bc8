"""A break-even for people, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import edgeassay
from edgeassay.breakeven.finding import Cost, Found, headline
from edgeassay.breakeven.networks import Network
from edgeassay.breakeven.timing import Timed, Times
from edgeassay.machine import Machine, hashed, recorded
from edgeassay.privacy import Redactor
from edgeassay.report.markdown import escaped
from edgeassay.spec import Kind
from edgeassay.stats.launch import Bounded

COLUMNS: Final = (
    "network",
    "MMACs",
    "runtime",
    "initialise",
    "first",
    "upload",
    "compute",
    "read-back",
    "whole",
    "ratio",
)
PHASES: Final = ("init", "first", "upload", "compute", "read_back", "total")
SCHEMA: Final = 1


def rows(found: Found) -> Iterator[tuple[str, ...]]:
    """Two rows a network, the almost empty one first; times in ms."""
    networks = (found.floor, *found.networks)
    ratios = (None, *found.ratios)
    for number, (network, ratio) in enumerate(zip(networks, ratios, strict=True)):
        for cost in (found.candidate, found.against):
            times = (cost.floor, *cost.rungs)[number]
            first = cost is found.candidate
            yield (
                network.name if first else "",
                f"{network.mmacs:,.4g}" if first else "",
                cost.id,
                *(f"{times.median_ms(phase):.4g}" for phase in PHASES),
                f"{ratio.value:.3g}" if first and ratio is not None else "",
            )


def sentences(found: Found, doubts: Sequence[str]) -> list[str]:
    """What follows from the table."""
    lines = [headline(found)]
    for cost in (found.candidate, found.against):
        speed = "none measurable" if cost.gmacs is None else f"{cost.gmacs:,.4g} GMAC/s"
        named = f" ({cost.adapter})" if cost.adapter else ""
        lines.append(
            f"{cost.id}{named}: {cost.fixed_ms.value:.4g} ms"
            f" ({cost.fixed_ms.low:.4g} to {cost.fixed_ms.high:.4g}) whatever the size, then"
            f" {speed}; {cost.floor.median_ms('total'):.4g} ms for an almost empty network"
        )
    if found.kind is not Kind.MEASURED:
        lines.append(
            f"every time here is labelled {found.kind}: software stands in for the accelerator"
        )
    lines.append(
        "compute ends when an accelerator was told to, and read-back waits for it: only the whole"
        " counts"
    )
    return [*lines, *doubts]


def show(found: Found, doubts: Sequence[str], console: Console) -> None:
    """On the terminal."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        words = name in ("network", "runtime")
        table.add_column(name, justify="left" if words else "right", no_wrap=True)
    for row in rows(found):
        table.add_row(*row)
    console.print(table)
    for line in sentences(found, doubts):
        console.print(line, markup=False, soft_wrap=True)


def markdown(found: Found, doubts: Sequence[str], machine: Machine, eraser: Redactor) -> str:
    """As Markdown, without names."""
    lines = [f"### {escaped(headline(found))}", ""]
    lines += [f"{escaped(str(hashed(machine)['cpu_model']))}, times in ms, {found.kind}", ""]
    lines += [_row(COLUMNS), _row(["---", "---:", "---", *["---:"] * (len(COLUMNS) - 3)])]
    lines += [_row([escaped(cell) for cell in row]) for row in rows(found)]
    lines += ["", *(f"- {escaped(eraser.text(line))}" for line in sentences(found, doubts)[1:])]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def document(
    found: Found, doubts: Sequence[str], timed: Timed, *, machine: Machine, device: str, seed: int
) -> dict[str, Any]:
    """All of it for a JSON file; a bound that doesn't exist is null."""
    return {
        "schema": SCHEMA,
        "edgeassay": edgeassay.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "fingerprint": machine.fingerprint,
            "hardware": hashed(machine),
            "recorded": recorded(machine),
        },
        "device": device,
        "seed": seed,
        "kind": found.kind.value,
        "confidence": found.confidence,
        "break_even": {
            "says": headline(found),
            "within_ladder": found.is_within,
            "mmacs": _bounded(found.mmacs),
        },
        "doubts": list(doubts),
        "runtimes": {
            cost.id: _cost(found, cost) | {"worker": timed.workers[cost.id]}
            for cost in (found.candidate, found.against)
        },
        "ratios": {
            network.name: _bounded(ratio)
            for network, ratio in zip(found.networks, found.ratios, strict=True)
        },
    }


def _cost(found: Found, cost: Cost) -> dict[str, Any]:
    return {
        "adapter": cost.adapter,
        "fixed_ms": _bounded(cost.fixed_ms),
        "ms_per_mmac": _bounded(cost.ms_per_mmac),
        "gmacs": cost.gmacs,
        "misfit": cost.misfit,
        "floor": _network(found.floor, cost.floor),
        "networks": [_network(n, t) for n, t in zip(found.networks, cost.rungs, strict=True)],
    }


def _network(network: Network, times: Times) -> dict[str, Any]:
    return {
        "name": network.name,
        "nodes": network.nodes,
        "mmacs": network.mmacs,
        "ms": {phase: times.phases[phase] for phase in PHASES},
        "facts": times.facts,
    }


def _bounded(number: Bounded) -> dict[str, float | None]:
    return {name: v if math.isfinite(v) else None for name, v in asdict(number).items()}
