"""Which units go: over the whole network, the least important for what they cost, until a budget is
met.
"""

from __future__ import annotations

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
    rows, first, of = np.unique(marks, axis=0, return_index=True, return_inverse=True)
    del rows
    return _Families(of=of.reshape(-1), gives=gives[first], takes=takes[first])


def normalised(importance: Floats, wiring: Wiring) -> Floats:
    """Importance by the mean of the units that the same layers give and take: layers of another
    scale are compared by how a unit stands among its like.
    """
    of = _families(wiring).of
    sums, counts = np.bincount(of, importance), np.bincount(of)
    means = np.where(sums > 0.0, sums / np.maximum(counts, 1), 1.0)
    return importance / means[of]


def choose(wiring: Wiring, importance: Floats, budget: Budget) -> Kept:
    """The units that are kept: those removed are, one step after another, the least important for
    what the network then loses of its cost. Unreachable where all that may go isn't enough.

    `importance` has a number from 0 on for each unit.
    """
    kept, left = everything(wiring), total(wiring, everything(wiring), budget.cost)
    families, ledger = _families(wiring), _Ledger(wiring, budget.cost)
    queues = [
        sorted(np.flatnonzero((families.of == f) & ~wiring.fixed), key=lambda u: importance[u])
        for f in range(len(families.gives))
    ]
    while left > budget.most:
        saved = ledger.saved(families)
        best, least = None, np.inf
        for f, queue in enumerate(queues):
            chunk = len(queue) % budget.align or budget.align
            if len(queue) - chunk < budget.least or saved[f] <= 0:
                continue
            price = float(sum(importance[u] for u in queue[:chunk])) / (chunk * saved[f])
            if price < least:
                best, least = f, price
        if best is None:
            raise Unreachable(left)
        chunk = len(queues[best]) % budget.align or budget.align
        kept[queues[best][:chunk]] = False
        del queues[best][:chunk]
        ledger.remove(families, best, chunk)
        left = ledger.left
    return kept


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
