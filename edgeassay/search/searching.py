"""The search itself: recipes proposed, made and measured, until trials, time or recipes run out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.search.looking import FAILURES, Looker, told
from edgeassay.search.study import Proposal, Study
from edgeassay.search.tried import Tried

# Recipes that one converter process makes: it takes the ranges of activations once for all.
AT_ONCE: Final = 4


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """When a search ends: at so many `trials` in the whole study, or at a moment of the monotonic
    clock.
    """

    trials: int
    deadline: float | None

    @property
    def is_late(self) -> bool:
        """Whether time is up."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a search has when it ends, and why it did."""

    tried: tuple[Tried, ...]
    failed: int
    why: str


def search(
    study: Study,
    looker: Looker,
    bounds: Bounds,
    *,
    hear: Callable[[Tried, Sequence[Tried]], None],
    hear_failed: Callable[[str], None],
) -> Ended:
    """Try recipe after recipe; `hear` is told of each, with all that were tried by then. What was
    begun when something interrupts it is given back to the study.
    """
    while True:
        tried, failed = study.tried(), len(study.failed())
        left = bounds.trials - len(tried) - failed
        if left <= 0 or bounds.is_late:
            why = "the time is up" if left > 0 else f"{bounds.trials} recipes have been tried"
            return Ended(tried=tuple(tried), failed=failed, why=why)
        if study.is_answered():
            why = "the cheapest recipe of all meets the margin"
            return Ended(tried=tuple(tried), failed=failed, why=why)
        begun = study.propose(min(AT_ONCE, left))
        if not begun:
            return Ended(tried=tuple(tried), failed=failed, why="nothing new is left to try")
        _try(study, looker, begun, bounds, tried=tried, hear=hear, hear_failed=hear_failed)


def _try(
    study: Study,
    looker: Looker,
    begun: Sequence[Proposal],
    bounds: Bounds,
    *,
    tried: list[Tried],
    hear: Callable[[Tried, Sequence[Tried]], None],
    hear_failed: Callable[[str], None],
) -> None:
    left = list(begun)
    try:
        looker.prepare([proposal.recipe for proposal in begun])
        while left and not bounds.is_late:
            proposal = left[0]
            try:
                one = looker.look(proposal.trial.number, proposal.recipe)
            except FAILURES as error:
                study.close_failed(proposal, told(error))
                hear_failed(f"{proposal.recipe.words}: {told(error)}")
            else:
                study.close(proposal, one)
                tried.append(one)
                hear(one, tried)
            del left[0]
    finally:
        study.give_back(left)
