"""What a search chooses from: steps up from the cheapest recipe, the worthiest first.

A plain choice for every layer has more recipes than any search can look at (3^53 of a
MobileNetV2), and nearly all of them are bad. Here a unit (a layer; where time counts, a block of
neighbours, since every change of form between layers takes time) climbs from its cheapest
precision, and only over those on the lower convex hull of cost and damage (Shoham and Gersho,
Efficient Bit Allocation for an Arbitrary Set of Quantizers, 1988). All steps of all units, in the
order of the damage that a byte or a millisecond buys off, make one ladder, whose rungs solve the
problem in which damages add up.

Since they don't quite, units form groups, and each group may be a few steps before or behind the
others: one that was judged too hard or too mildly is put right by what is measured. A recipe is
thus few numbers, a rung of the ladder and each group's shift, and most of them are worth a look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from edgeassay.search.recipe import Recipe
from edgeassay.variants.precisions import FLOAT

# So many numbers a search has to find beside the rung, and how far each goes. Groups that were free
# to climb anywhere gave TPE a space in which 30 trials found nothing that the ladder hadn't.
MOST_GROUPS: Final = 8
MOST_SHIFT: Final = 2


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
    """A unit, by its layers, in its next better precision, what that costs, and its `worth`: the
    damage it saves by what it costs.
    """

    layers: Mapping[str, str]
    cost: float
    worth: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """Units that climb together: where they start, and their steps, the worthiest first."""

    start: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Space:
    """The recipes that a search can reach: a rung of the ladder, and for each group a shift."""

    layers: tuple[str, ...]
    groups: tuple[Group, ...]

    @cached_property
    def ladder(self) -> tuple[str, ...]:
        """The digest of every rung's recipe."""
        return tuple(self.recipe(self.at(rung)).digest for rung in range(self.rungs + 1))

    @property
    def rungs(self) -> int:
        """The number of all steps: the highest rung."""
        return sum(len(group.steps) for group in self.groups)

    @property
    def numbers(self) -> dict[str, tuple[int, int]]:
        """What has to be found: each number's name, and its range."""
        found = {"rung": (0, self.rungs)}
        for k, group in enumerate(self.groups):
            most = min(MOST_SHIFT, len(group.steps))
            found[f"shift {k}"] = (-most, most)
        return found

    def at(self, rung: int) -> dict[str, int]:
        """The numbers of a rung of the ladder as it is."""
        return dict.fromkeys(self.numbers, 0) | {"rung": rung}

    def recipe(self, numbers: Mapping[str, int]) -> Recipe:
        """The recipe that the numbers stand for."""
        found: dict[str, str] = {}
        for group, count in zip(self.groups, self._taken(numbers), strict=True):
            found |= group.start
            for step in group.steps[:count]:
                found |= step.layers
        return Recipe(layers={layer: found[layer] for layer in self.layers})

    def cost(self, numbers: Mapping[str, int]) -> float:
        """What it costs beside the cheapest recipe, if costs add up."""
        taken = zip(self.groups, self._taken(numbers), strict=True)
        return sum(step.cost for group, count in taken for step in group.steps[:count])

    def nearest(self, recipe: Recipe) -> dict[str, int]:
        """The rung that has the most layers as a recipe has them."""
        alike = [
            sum(self.recipe(self.at(rung)).layers[k] == v for k, v in recipe.layers.items())
            for rung in range(self.rungs + 1)
        ]
        return self.at(alike.index(max(alike)))

    @cached_property
    def _climbers(self) -> list[int]:
        """The group of each step, the worthiest step first."""
        ranked = sorted(
            (-step.worth, k, i)
            for k, group in enumerate(self.groups)
            for i, step in enumerate(group.steps)
        )
        return [k for _, k, _ in ranked]

    def _taken(self, numbers: Mapping[str, int]) -> list[int]:
        """How many of its steps each group takes."""
        counts = [0] * len(self.groups)
        for k in self._climbers[: numbers["rung"]]:
            counts[k] += 1
        return [
            min(max(count + numbers[f"shift {k}"], 0), len(group.steps))
            for k, (count, group) in enumerate(zip(counts, self.groups, strict=True))
        ]

    def to_json(self) -> dict[str, Any]:
        """What a storage keeps of it."""
        return {
            "layers": list(self.layers),
            "groups": [
                {
                    "start": dict(group.start),
                    "steps": [[dict(step.layers), step.cost, step.worth] for step in group.steps],
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
                steps=tuple(Step(layers=a, cost=b, worth=c) for a, b, c in group["steps"]),
            )
            for group in kept["groups"]
        ]
        return cls(layers=tuple(kept["layers"]), groups=tuple(groups))


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
            cost = upper.cost - lower.cost
            worth = (lower.damage - upper.damage) / cost
            step = Step(layers=unit.chosen(upper.precision), cost=cost, worth=worth)
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
