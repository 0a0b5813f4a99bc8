"""A search for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import edgeassay
from edgeassay.search.looking import Reading
from edgeassay.search.result import Result
from edgeassay.search.tried import Objective, Tried, front, nearest_miss
from edgeassay.spec import Limit, Measurement

SCHEMA: Final = 1
COLUMNS: Final = ("recipe", "bytes", "size", "time", "AUC drop", "at most", "margin")


def progress_line(
    one: Tried,
    count: int,
    bounds_trials: int,
    best: Tried | None,
    *,
    objective: Objective,
    margin: Limit,
) -> str:
    """One trial, as it is told while the search goes on."""
    verdict = "meets" if one.meets(margin) else "misses"
    noted = " (disturbed)" if one.disturbed else ""
    led = "none yet" if best is None else f"{best.value(objective):.4f}"
    return (
        f"trial {count} of {bounds_trials}: {one.recipe.words}: {objective}"
        f" {one.value(objective):.4f}{noted}, drop {one.drop.value:+.4f}, at most"
        f" {_bound(one.drop.high)}: {verdict} {margin.value:g}; best {led}"
    )


def rows(found: Sequence[Tried], margin: Limit, chosen: Tried | None) -> Iterator[tuple[str, ...]]:
    """A table's rows."""
    for one in found:
        mark = " <" if chosen is not None and one.recipe == chosen.recipe else ""
        noted = "*" if one.disturbed else ""
        time = "" if one.latency is None else f"{one.latency.value:.3f}{noted}"
        yield (
            one.recipe.words + mark,
            f"{one.size_bytes:,}",
            f"{one.size_ratio:.4f}",
            time,
            f"{one.drop.value:+.5f}",
            _bound(one.drop.high),
            "meets" if one.meets(margin) else "misses",
        )


def _bound(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.5f}"


def show(result: Result, console: Console) -> None:
    """The front and what was chosen, on the terminal."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    shown = front(result.tried, result.objective)
    timed = any(one.latency is not None for one in shown)
    for name in COLUMNS:
        if name != "time" or timed:
            words = name in ("recipe", "margin")
            table.add_column(name, justify="left" if words else "right", no_wrap=name != "recipe")
    for row in rows(shown, result.margin, result.chosen):
        table.add_row(
            *(cell for name, cell in zip(COLUMNS, row, strict=True) if name != "time" or timed)
        )
    console.print(table)
    for line in sentences(result):
        console.print(line, markup=False, soft_wrap=True)


def sentences(result: Result) -> list[str]:
    """What follows from the table."""
    margin = result.margin
    lines = [
        f"{len(result.tried)} recipes tried, and {result.failed} that didn't work: {result.why}."
        f" The table has those that nothing beats in"
        f" {result.objective} and AUC drop at once, both on the validation split"
    ]
    if any(one.disturbed for one in result.tried):
        disturbed = [one for one in result.tried if one.disturbed]
        lines.append(
            f"* timed while others used the machine ({len(disturbed)} of {len(result.tried)}):"
            f" {disturbed[-1].disturbed}"
        )
    if result.chosen is None:
        return [*lines, nothing(result.tried, margin)]
    lines += [
        f"chosen: {result.chosen.recipe.words}, {_chosen_words(result)}",
        f"validation: {drop_words(result.chosen.drop)}; the margin is {margin.value:g}"
        f" ({margin.source}). It was the best of {len(result.tried)} there, which flatters it",
    ]
    if result.test is not None:
        lines.append(f"test, read once, now: {test_words(result.test)}")
    if result.test_absent is not None:
        lines.append(f"the test split couldn't be read: {result.test_absent}")
    return lines


def _chosen_words(result: Result) -> str:
    chosen = result.chosen
    assert chosen is not None
    words = f"{chosen.size_bytes:,} bytes, {chosen.size_ratio:.4f} of the float network's"
    if chosen.latency is not None:
        bounds = f" [{_bound(chosen.latency.low)}, {_bound(chosen.latency.high)}]"
        words += f", {chosen.latency.value:.4f} of its time{bounds}, timed once more at the end"
        if chosen.disturbed:
            words += f" ({chosen.disturbed})"
    return words


def drop_words(drop: Measurement) -> str:
    """A drop with its bounds."""
    confidence = f", each one-sided {100 * drop.confidence:g} %" if drop.confidence else ""
    return (
        f"AUC drop {drop.value:+.5f} [{_bound(drop.low)}, {_bound(drop.high)}]{confidence},"
        f" {drop.n:,} images"
    )


def test_words(test: Reading) -> str:
    """What the test split says."""
    return (
        f"{drop_words(test.drop)}; AUC {test.auc.value:.5f}, the float network's"
        f" {test.reference.value:.5f}"
    )


def nothing(found: Sequence[Tried], margin: Limit) -> str:
    """That nothing meets the margin, and how close it came."""
    best = nearest_miss(found, margin)
    if best is None:
        return "nothing but the float network was tried: give it more --trials or --time"
    words = (
        f"nothing tried meets the margin of {margin.value:g} ({margin.source}); {best.recipe.words}"
        f" came closest: {drop_words(best.drop)}"
    )
    if best.drop.insufficient is not None:
        return f"{words}; {best.drop.insufficient}"
    if best.drop.value <= margin.value and best.drop.planning is not None:
        words += f"; {best.drop.planning}"
    return words


def document(result: Result) -> dict[str, Any]:
    """All of it for a JSON file."""
    return {
        "schema": SCHEMA,
        "edgeassay": edgeassay.__version__,
        "command": result.command,
        "model": result.model,
        "variant": result.variant,
        "minimise": result.objective,
        "margin": {"value": result.margin.value, "source": result.margin.source},
        "seed": result.seed,
        "versions": dict(result.versions),
        "ended": result.why,
        "failed": result.failed,
        "trials": [_one(one, result.margin) for one in result.tried],
        "front": [one.number for one in front(result.tried, result.objective)],
        "chosen": None if result.chosen is None else _one(result.chosen, result.margin),
        "test": None if result.test is None else asdict(result.test),
        "test_absent": result.test_absent,
    }


def _one(one: Tried, margin: Limit) -> dict[str, Any]:
    return {"number": one.number, "meets": one.meets(margin), **one.to_json()}
