"""Which channels of a network belong together: of what is added, all or none can go.

Channels that are added, multiplied or filtered one by one are one *unit*. A unit is the least that
can be removed; what is concatenated stays apart, and each layer takes its own part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from edgeassay.pruning.nodes import Node, Part

Units = npt.NDArray[np.int64]
Kept = npt.NDArray[np.bool_]


class Cost(StrEnum):
    """What is made less: the denominator of a ratio."""

    PARAMETERS = "parameters"
    MACS = "macs"


@dataclass(frozen=True, kw_only=True, eq=False)
class Wiring:
    """The layers of a network, in an order in which they can be computed, and of each the unit of
    every channel that it gives. What is `fixed` of the units can't go: the inputs' and outputs'.

    Units are numbered by the first layer that gives them, so that a smaller network's are numbered
    as those that were kept of the whole one's.
    """

    nodes: tuple[Node, ...]
    units: Mapping[str, Units]
    fixed: Kept

    @property
    def multiplying(self) -> tuple[Node, ...]:
        """The layers with kernels."""
        return tuple(node for node in self.nodes if node.multiplies)

    def given(self, node: Node) -> Units:
        """The units of the channels that a layer with one input takes."""
        return self.units[node.inputs[0]]


def wire(nodes: Sequence[Node], outputs: Sequence[str]) -> Wiring:
    """Follow the channels from the inputs to the named outputs."""
    union = _Union()
    mixed: list[Units] = []
    found: dict[str, Units] = {}
    for node in nodes:
        given = [found[name] for name in node.inputs]
        if node.part in (Part.INPUT, Part.FILTERS):
            found[node.name] = union.new(node.channels)
        elif node.part is Part.JOINS:
            found[node.name] = _joined(union, given)
        elif node.part is Part.APPENDS:
            found[node.name] = np.concatenate(given)
        elif node.part is Part.REPEATS:
            found[node.name] = np.tile(given[0], node.channels // len(given[0]))
        elif node.part is Part.DEPTHWISE:
            found[node.name] = np.repeat(given[0], node.channels // len(given[0]))
        else:
            found[node.name] = given[0]
        if node.part is Part.MIXES:
            mixed.append(given[0])
    roots = union.roots()
    named, numbers = np.unique(roots, return_inverse=True)
    units = {name: numbers[channels] for name, channels in found.items()}
    fixed = np.zeros(len(named), np.bool_)
    stay = [node.name for node in nodes if node.part is Part.INPUT] + list(outputs)
    for channels in (*(found[name] for name in stay), *mixed):
        fixed[numbers[channels]] = True
    return Wiring(nodes=tuple(nodes), units=units, fixed=fixed)


def _joined(union: _Union, given: Sequence[Units]) -> Units:
    """The channels of several inputs as one; one that has a single channel goes with all others."""
    widest = max(given, key=len)
    for channels in given:
        if len(channels) == len(widest):
            union.join(widest, channels)
    return widest


class _Union:
    """Channels that are one, by the first of them (a disjoint-set forest)."""

    def __init__(self) -> None:
        self._parents: list[int] = []

    def new(self, count: int) -> Units:
        start = len(self._parents)
        self._parents.extend(range(start, start + count))
        return np.arange(start, start + count)

    def join(self, these: Units, those: Units) -> None:
        for one, other in zip(these.tolist(), those.tolist(), strict=True):
            first, second = sorted((self._root(one), self._root(other)))
            self._parents[second] = first

    def roots(self) -> Units:
        return np.array([self._root(i) for i in range(len(self._parents))], np.int64)

    def _root(self, i: int) -> int:
        while self._parents[i] != i:
            self._parents[i] = self._parents[self._parents[i]]
            i = self._parents[i]
        return i


def channels(wiring: Wiring, node: Node, kept: Kept) -> tuple[int, int]:
    """How many channels a layer takes, and gives, where only some units are kept."""
    taken = int(kept[wiring.given(node)].sum()) if node.inputs else 0
    return taken, int(kept[wiring.units[node.name]].sum())


def costs(wiring: Wiring, node: Node, kept: Kept) -> dict[Cost, int]:
    """The parameters and multiply-accumulates of a layer with a kernel, as a converter keeps it:
    with a bias, into which a batch normalization behind it is folded.
    """
    taken, gives = channels(wiring, node, kept)
    kernel = node.kernel * gives * (1 if node.part is Part.DEPTHWISE else taken)
    return {Cost.PARAMETERS: kernel + gives, Cost.MACS: kernel * node.places}


def total(wiring: Wiring, kept: Kept, cost: Cost) -> int:
    """The parameters or multiply-accumulates of a whole network."""
    return sum(costs(wiring, node, kept)[cost] for node in wiring.multiplying)


def everything(wiring: Wiring) -> Kept:
    """All units kept."""
    return np.ones(len(wiring.fixed), np.bool_)
