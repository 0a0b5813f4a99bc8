"""A change of one quantity of one benchmark, from base to head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgeassay.runs.saved import Timed
from edgeassay.spec import Allowed, Limit, Verdict


class Quantity(StrEnum):
    """What may change."""

    TIME = "time"
    SIZE = "size"
    MEAN_AUC = "mean_auc"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One benchmark of both sides, and what may change of it."""

    base: Timed
    head: Timed
    allowed: Allowed

    @property
    def same_artifact(self) -> bool:
        """Whether both ran the same bytes on the same stack."""
        digest = self.base.artifact_sha256
        known = digest is not None and digest == self.head.artifact_sha256
        return known and self.base.stack == self.head.stack


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How much changed: a ratio head/base, or the drop base - head of an AUC, over `n` samples of
    base and head (processes, images).

    Its bounds are one-sided, each with its own confidence; None where it is exact, or where no
    bound is known, which the reason says.
    """

    value: float
    unit: str
    n: tuple[int, int] | None = None
    low: float | None = None
    low_confidence: float | None = None
    high: float | None = None
    high_confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A quantity in base and head, and what can be said of it.

    `base` and `head` are in `unit`, None where a side hasn't it. `unchanged`: there is nothing to
    test, both are the same. `improved`: the evidence shows that it got better.
    """

    quantity: Quantity
    verdict: Verdict
    reason: str
    unit: str
    base: float | None
    head: float | None
    effect: Effect | None = None
    limits: Sequence[Limit] = ()
    unchanged: bool = False
    improved: bool = False


def percent(ratio: float) -> str:
    """A ratio as a change: +5.2 %."""
    return f"{100.0 * (ratio - 1.0):+z.1f} %"


def sources(limits: Sequence[Limit]) -> str:
    """Who set the limits, in words."""
    told = [
        f"{limit.source}{f' ({limit.rationale})' if limit.rationale else ''}" for limit in limits
    ]
    return f"set by {' and '.join(told)}"
