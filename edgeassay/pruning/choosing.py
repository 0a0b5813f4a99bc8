"""Which units go: over the whole network, the least important for what they cost, until a budget is
met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeassay.errors import ConfigError
from edgeassay.pruning.nodes import Part
from edgeassay.pruning.wiring import Cost, Kept, Wiring, costs, everything, total

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a smaller network may have at most of parameters or multiply-accumulates. Of every layer
    `least` channels stay, and their number is a multiple of `align` where one is removed.
    """

    cost: Cost
    most: float
    least: int = 1
    align: int = 1


class Unreachable(ConfigError):
    """A budget that no removal meets; `smallest` is what can be reached."""

    def __init__(self, smallest: int) -> None:
        super().__init__(f"nothing smaller than {smallest:,} can be reached")
        self.smallest = smallest


@dataclass(frozen=True, kw_only=True, eq=False)
class _Families:
    """Units that are alike: given and taken by the same layers.

    `gives` (families, layers) counts the filters of a layer that a unit is, `takes` the inputs of a
    layer; both in the order of the layers with kernels.
    """

    of: Numbers
    gives: Numbers
    takes: Numbers


def _families(wiring: Wiring) -> _Families:
    layers = wiring.multiplying
    gives = np.zeros((len(wiring.fixed), len(layers)), np.int64)
    takes = np.zeros_like(gives)
    for column, node in enumerate(layers):
        np.add.at(gives[:, column], wiring.units[node.name], 1)
        if node.part is Part.FILTERS:
            np.add.at(takes[:, column], wiring.given(node), 1)
    marks = np.hstack([gives, takes, wiring.fixed[:, None]])
    _, first, of = np.unique(marks, axis=0, return_index=True, return_inverse=True)
    return _Families(of=of.reshape(-1), gives=gives[first], takes=takes[first])


def choose(wiring: Wiring, importance: Floats, budget: Budget) -> Kept:
    """The units that are kept: those removed are, one step after another, the least important for
    what the network then loses of its cost. Unreachable where all that may go isn't enough.

    `importance` has a number from 0 on for each unit. It counts as a share of what is left in the
    units that the same layers have: so layers of any scale are compared, and one that has lost many
    channels loses no more of them before others do.
    """
    kept, left = everything(wiring), total(wiring, everything(wiring), budget.cost)
    families, ledger = _families(wiring), _Ledger(wiring, budget.cost)
    queues = [
        sorted(np.flatnonzero((families.of == f) & ~wiring.fixed).tolist(), key=importance.item)
        for f in range(len(families.gives))
    ]
    while left > budget.most:
        f, chunk = _cheapest(queues, importance, ledger.saved(families), budget)
        if not chunk:
            raise Unreachable(left)
        kept[queues[f][:chunk]] = False
        del queues[f][:chunk]
        ledger.remove(families, f, chunk)
        left = ledger.left
    return kept


def _cheapest(
    queues: Sequence[Sequence[int]], importance: Floats, saved: Floats, budget: Budget
) -> tuple[int, int]:
    """The family that loses least for what is saved, and how many of its units go next: 0 where
    none may. `queues` has its units that are left, the least important first.
    """
    best, count, least = 0, 0, np.inf
    for f, queue in enumerate(queues):
        chunk = len(queue) % budget.align or budget.align
        if len(queue) - chunk < budget.least or saved[f] <= 0:
            continue
        lost = float(importance[queue[:chunk]].sum())
        price = lost / (float(importance[queue].sum()) or 1.0) / (chunk * saved[f])
        if price < least:
            best, count, least = f, chunk, price
    return best, count


class _Ledger:
    """What a network has of a cost while units go, layer by layer."""

    def __init__(self, wiring: Wiring, cost: Cost) -> None:
        layers, whole = wiring.multiplying, everything(wiring)
        by_parameters = cost is Cost.PARAMETERS
        self._kernel = np.array([n.kernel * (1 if by_parameters else n.places) for n in layers])
        self._bias = int(by_parameters)
        self._gives = np.array([len(wiring.units[n.name]) for n in layers])
        filters = [n.part is Part.FILTERS for n in layers]
        self._takes = np.array(
            [len(wiring.given(n)) if f else 1 for n, f in zip(layers, filters, strict=True)]
        )
        assert self.left == sum(costs(wiring, n, whole)[cost] for n in layers)

    @property
    def left(self) -> int:
        """What is left of the cost."""
        return int((self._kernel * self._gives * self._takes + self._bias * self._gives).sum())

    def saved(self, families: _Families) -> Floats:
        """How much less it would be without one unit of each family."""
        gives, takes = families.gives, families.takes
        fewer = (self._gives - gives) * (self._takes - takes)
        saved = self._kernel * (self._gives * self._takes - fewer) + self._bias * gives
        return np.asarray(saved.sum(axis=1), np.float64)

    def remove(self, families: _Families, family: int, units: int) -> None:
        """Take units of a family out."""
        self._gives = self._gives - units * families.gives[family]
        self._takes = self._takes - units * families.takes[family]
