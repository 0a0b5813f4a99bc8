"""What was found out about a recipe, and what follows of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

from edgeassay.gates import verdict_of
from edgeassay.search.recipe import Recipe
from edgeassay.spec import Limit, Measurement, Sense, Verdict

Objective: TypeAlias = Literal["size", "latency"]
# What stands for a bound that isn't known where a number must stand: no AUC drops by more.
NO_BOUND: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A recipe that was made and measured: its bytes with their digest, and their ratio to the
    float network's, the drop of the mean AUC on the validation split, and the ratio of its time
    where that was taken.
    """

    number: int
    recipe: Recipe
    sha256: str
    size_bytes: int
    size_ratio: float
    drop: Measurement
    latency: Measurement | None = None

    @property
    def disturbed(self) -> str | None:
        """Why its time is none to rely on; None where it is, or where there is none."""
        return None if self.latency is None else self.latency.insufficient

    def value(self, objective: Objective) -> float:
        """What is minimised."""
        if objective == "size":
            return self.size_ratio
        assert self.latency is not None, "what is minimised is measured"
        return self.latency.value

    def excess(self, margin: Limit) -> float:
        """By how much the drop's upper bound is beyond the margin: feasible at 0 and below."""
        if self.drop.insufficient is not None or self.drop.high is None:
            return NO_BOUND
        high = self.drop.high
        return min(high - margin.value, NO_BOUND) if math.isfinite(high) else NO_BOUND

    def meets(self, margin: Limit) -> bool:
        """Whether its drop passes as a claim of this limit would."""
        return verdict_of(self.drop, margin.value, Sense.AT_MOST) is Verdict.PASS

    def to_json(self) -> dict[str, Any]:
        """What a storage keeps of it."""
        return {
            "recipe": dict(self.recipe.layers),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "size_ratio": self.size_ratio,
            "drop": asdict(self.drop),
            "latency": None if self.latency is None else asdict(self.latency),
        }

    @classmethod
    def from_json(cls, number: int, kept: Mapping[str, Any]) -> Tried:
        """The same again."""
        latency = kept["latency"]
        return cls(
            number=number,
            recipe=Recipe(layers=kept["recipe"]),
            sha256=kept["sha256"],
            size_bytes=kept["size_bytes"],
            size_ratio=kept["size_ratio"],
            drop=Measurement(**kept["drop"]),
            latency=None if latency is None else Measurement(**latency),
        )


def meeting(found: Sequence[Tried], margin: Limit, objective: Objective) -> list[Tried]:
    """Those that meet the margin and change something, the best first; of equals the one that loses
    less.
    """
    fit = [one for one in found if one.meets(margin) and not one.recipe.is_float]
    return sorted(fit, key=lambda one: (one.value(objective), one.drop.value, one.number))


def nearest_miss(found: Sequence[Tried], margin: Limit) -> Tried | None:
    """Of those that change something, the one whose drop's upper bound is least."""
    tried = [one for one in found if not one.recipe.is_float]
    return min(tried, key=lambda one: (one.excess(margin), one.drop.value), default=None)


def front(found: Sequence[Tried], objective: Objective) -> list[Tried]:
    """Those that nothing beats both in what is minimised and in the drop of the AUC (Pareto), from
    the cheapest on. A drop below 0 is none: a validation split can't show that rounding helps.
    """
    kept: list[Tried] = []
    for one in sorted(found, key=lambda o: (o.value(objective), _loss(o), o.number)):
        if not kept or _loss(one) < _loss(kept[-1]):
            kept.append(one)
    return kept


def _loss(one: Tried) -> float:
    return max(0.0, one.drop.value)


def alike(found: Sequence[Tried], most: int) -> list[Tried]:
    """Of what meets the margin, fastest first, those whose time may be the least: their lower
    bounds lie below the upper one of the fastest; at most so many.
    """
    if not found:
        return []
    reach = _high(found[0])
    return [one for one in found if _low(one) <= reach][:most]


def _low(one: Tried) -> float:
    assert one.latency is not None
    return one.latency.value if one.latency.low is None else one.latency.low


def _high(one: Tried) -> float:
    assert one.latency is not None
    return one.latency.value if one.latency.high is None else one.latency.high
