"""What is left of a network, layer by layer, for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from edgeassay.pruning.wiring import Cost, Kept, Wiring, channels, costs, everything, total


def plan_table(wiring: Wiring, kept: Kept) -> Table:
    """The channels, parameters and multiply-accumulates of each layer with a kernel, before and
    after.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("layer", overflow="fold")
    table.add_column("kind")
    for name in ("inputs", "channels", "parameters", "MACs"):
        table.add_column(name, justify="right", no_wrap=True)
    whole = everything(wiring)
    for node in wiring.multiplying:
        (took, gave), (takes, gives) = (channels(wiring, node, k) for k in (whole, kept))
        had, has = (costs(wiring, node, k) for k in (whole, kept))
        cells = [_change(took, takes), _change(gave, gives)]
        cells += [_change(had[cost], has[cost]) for cost in Cost]
        table.add_row(*(Text(cell) for cell in (node.name, node.kind, *cells)))
    sums = [(total(wiring, whole, cost), total(wiring, kept, cost)) for cost in Cost]
    table.add_row("all", "", "", "", *(_change(had, has) for had, has in sums))
    return table


def _change(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"
