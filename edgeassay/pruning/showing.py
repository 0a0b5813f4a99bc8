"""What is left of a network, layer by layer, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from edgeassay.pruning.wiring import Cost, Kept, Wiring, channels, costs, everything, total

MILLION: Final = 1e6


def plan_table(wiring: Wiring, kept: Kept) -> Table:
    """The channels, parameters and multiply-accumulates of each layer with a kernel, before and
    after.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("layer", no_wrap=True)
    for name in ("inputs", "channels", "parameters", "million MACs"):
        table.add_column(name, justify="right", no_wrap=True)
    whole = everything(wiring)
    for node in wiring.multiplying:
        (took, gave), (takes, gives) = (channels(wiring, node, k) for k in (whole, kept))
        had, has = (costs(wiring, node, k) for k in (whole, kept))
        cells = [_change(took, takes), _change(gave, gives)]
        table.add_row(*(Text(cell) for cell in (node.name, *cells, *_costs(had, has))))
    had, has = ({cost: total(wiring, k, cost) for cost in Cost} for k in (whole, kept))
    table.add_row("all", "", "", *_costs(had, has))
    return table


def _costs(had: Mapping[Cost, int], has: Mapping[Cost, int]) -> list[str]:
    macs = [f"{costs[Cost.MACS] / MILLION:.4g}" for costs in (had, has)]
    return [_change(had[Cost.PARAMETERS], has[Cost.PARAMETERS]), " -> ".join(dict.fromkeys(macs))]


def _change(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"
