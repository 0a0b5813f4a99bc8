"""What a search chooses from: steps up from the cheapest recipe, the worthiest first.

A plain choice for every layer has more recipes than any search can look at (3^53 of a
MobileNetV2), and nearly all of them are bad. Here a unit (a layer; where time counts, a block of
neighbours, since every change of form between layers takes time) climbs from its cheapest
precision, and only over those on the lower convex hull of cost and damage (Shoham and Gersho,
Efficient Bit Allocation for an Arbitrary Set of Quantizers, 1988). All steps of all units, in the
order of the damage that a byte or a millisecond buys off, make one ladder, whose rungs solve the
problem in which damages add up.

Since they don't quite, units form groups, and every group climbs its own part of the ladder as far
as the search tells it: one that was judged too hard or too mildly is put right by what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from edgeassay.search.recipe import Recipe
from edgeassay.variants.precisions import FLOAT

# Groups: so many numbers a search has to find. TPE finds its way among these in tens of trials.
MOST_GROUPS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Option:
    """A precision of a unit: what it costs, and what damage it does, both to be small."""

    precision: str
    cost: float
    damage: float


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Layers that go together, with what each can be: where one has no form in a precision, it
    stays float there.
    """

    layers: tuple[str, ...]
    options: tuple[Option, ...]
    forms: Mapping[str, frozenset[str]]

    def chosen(self, precision: str) -> dict[str, str]:
        """The precision of each of its layers."""
        return {
            layer: precision if precision in self.forms[layer] else FLOAT for layer in self.layers
        }


@dataclass(frozen=True, kw_only=True)
class Step:
    """A unit, by its layers, in its next better precision; `worth` is the damage it saves by what
    it costs.
    """

    layers: Mapping[str, str]
    worth: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """Units that climb together: where they start, and their steps, the worthiest first."""

    start: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Space:
    """All recipes that a search can reach: for each group, how many of its steps are taken."""

    layers: tuple[str, ...]
    groups: tuple[Group, ...]

    def recipe(self, taken: Sequence[int]) -> Recipe:
        """The recipe in which each group has taken so many steps."""
        found: dict[str, str] = {}
        for group, count in zip(self.groups, taken, strict=True):
            found |= group.start
            for step in group.steps[:count]:
                found |= step.layers
        return Recipe(layers={layer: found[layer] for layer in self.layers})

    @property
    def size(self) -> int:
        """The number of recipes."""
        count = 1
        for group in self.groups:
            count *= len(group.steps) + 1
        return count

    @property
    def rungs(self) -> int:
        """The number of all steps."""
        return sum(len(group.steps) for group in self.groups)

    def rung(self, count: int) -> tuple[int, ...]:
        """Where the groups are when the worthiest `count` steps of all are taken."""
        ranked = sorted(
            (-step.worth, k, i)
            for k, group in enumerate(self.groups)
            for i, step in enumerate(group.steps)
        )
        taken = [0] * len(self.groups)
        for _, k, _ in ranked[:count]:
            taken[k] += 1
        return tuple(taken)

    def nearest(self, recipe: Recipe) -> tuple[int, ...]:
        """Where each group has the most layers as a recipe has them."""
        taken = []
        for group in self.groups:
            now = dict(group.start)
            alike = [_alike(now, recipe)]
            for step in group.steps:
                now |= step.layers
                alike.append(_alike(now, recipe))
            taken.append(alike.index(max(alike)))
        return tuple(taken)

    def to_json(self) -> dict[str, Any]:
        """What a storage keeps of it."""
        return {
            "layers": list(self.layers),
            "groups": [
                {
                    "start": dict(group.start),
                    "steps": [[dict(step.layers), step.worth] for step in group.steps],
                }
                for group in self.groups
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Space:
        """The same again."""
        groups = [
            Group(
                start=group["start"],
                steps=tuple(Step(layers=layers, worth=worth) for layers, worth in group["steps"]),
            )
            for group in kept["groups"]
        ]
        return cls(layers=tuple(kept["layers"]), groups=tuple(groups))


def _alike(one: Mapping[str, str], recipe: Recipe) -> int:
    return sum(recipe.layers[layer] == precision for layer, precision in one.items())


def space_of(layers: Sequence[str], groups: Sequence[Sequence[Unit]]) -> Space:
    """The space of these groups of units, which have all layers between them."""
    return Space(layers=tuple(layers), groups=tuple(_group(units) for units in groups))


def _group(units: Sequence[Unit]) -> Group:
    start: dict[str, str] = {}
    steps: list[tuple[float, int, int, Step]] = []
    for place, unit in enumerate(units):
        ladder = hull(unit.options)
        start |= unit.chosen(ladder[0].precision)
        for rung, (lower, upper) in enumerate(pairwise(ladder)):
            worth = (lower.damage - upper.damage) / (upper.cost - lower.cost)
            step = Step(layers=unit.chosen(upper.precision), worth=worth)
            steps.append((-worth, place, rung, step))
    return Group(start=start, steps=tuple(s for *_, s in sorted(steps, key=lambda one: one[:3])))


def hull(options: Sequence[Option]) -> list[Option]:
    """From the cheapest option to the one of least damage, those that lie on the lower convex hull
    of cost and damage: each next step buys less than the one before.
    """
    found: list[Option] = []
    for option in sorted(options, key=lambda o: (o.cost, o.damage)):
        if found and option.damage >= found[-1].damage:
            continue
        while found and (option.cost == found[-1].cost or _is_beaten(found, option)):
            found.pop()
        found.append(option)
    return found


def _is_beaten(found: Sequence[Option], option: Option) -> bool:
    """Whether the last one found lies above the line from the one before it to the option."""
    if len(found) < 2:
        return False
    before, last = found[-2], found[-1]
    first = (before.damage - last.damage) / (last.cost - before.cost)
    return (last.damage - option.damage) / (option.cost - last.cost) >= first


def parts(items: Sequence[Any], most: int) -> list[list[Any]]:
    """Neighbours together, in `most` parts of about equal number, or each alone where they are
    fewer.
    """
    count = min(most, len(items))
    edges = [round(k * len(items) / count) for k in range(count + 1)] if count else []
    return [list(items[a:b]) for a, b in pairwise(edges)]
