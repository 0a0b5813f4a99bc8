"""A study of Optuna's: which recipe comes next, and what is known of those before.

First come the recipes of one precision, then rungs of the ladder (`space`): few, then between the
last that fails and the first that holds. From there on Optuna's TPE (Bergstra et al. 2011;
multivariate: Falkner et al. 2018) has its turn, with the drop's upper bound as a constraint. Of
bytes it is known beforehand which proposals can't be the least, and these aren't tried.
"""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psutil

from edgeassay.errors import ConfigError
from edgeassay.search.recipe import Recipe
from edgeassay.search.space import Space
from edgeassay.search.storage import reason
from edgeassay.search.tried import Objective, Tried, meeting
from edgeassay.spec import Limit

CONSTRAINT: Final = "mean_auc_drop"
# Proposals for one round that were tried before or can't be better, until nothing is left to try.
PATIENCE: Final = 60
# After so many of them, one beside the best recipe; and so many draws of that.
TURNS: Final = 4
DRAWS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A recipe to try, and Optuna's trial of it."""

    trial: Any
    recipe: Recipe


class Study:
    """What was tried, by this process and others, and what to try next."""

    def __init__(
        self, study: Any, space: Space, *, objective: Objective, margin: Limit, seed: int
    ) -> None:
        self._study = study
        self.space = space
        self._objective = objective
        self._margin = margin
        self._rng = np.random.default_rng([seed, len(study.get_trials(deepcopy=False))])

    def enqueue(self, recipes: Sequence[Recipe]) -> None:
        """Have these tried first, and then rungs of the ladder, twice as high each time."""
        for recipe in recipes:
            self._enqueue(self.space.nearest(recipe), recipe)
        rung = 0
        while rung < self.space.rungs:
            self._enqueue(self.space.at(rung))
            rung = max(1, 2 * rung)
        self._enqueue(self.space.at(self.space.rungs))

    def _enqueue(self, numbers: Mapping[str, int], recipe: Recipe | None = None) -> None:
        attributes: dict[str, Any] = {"queued": True}
        if recipe is not None:
            attributes["recipe"] = dict(recipe.layers)
        self._study.enqueue_trial(dict(numbers), user_attrs=attributes)

    def tried(self) -> list[Tried]:
        """All that was made and measured, each recipe once."""
        known: dict[str, Tried] = {}
        for trial in self._finished("COMPLETE"):
            if "found" in trial.user_attrs:
                one = Tried.from_json(trial.number, trial.user_attrs["found"])
                known.setdefault(one.recipe.digest, one)
        return list(known.values())

    def failed(self) -> dict[str, str]:
        """What didn't work, by the recipe's digest, and why."""
        return {
            trial.user_attrs["digest"]: trial.user_attrs["failed"]
            for trial in self._finished("FAIL")
            if "failed" in trial.user_attrs
        }

    def _finished(self, *states: str) -> list[Any]:
        from optuna.trial import TrialState

        wanted = tuple(TrialState[state] for state in states)
        found: list[Any] = self._study.get_trials(deepcopy=False, states=wanted)
        return found

    def is_answered(self) -> bool:
        """Whether nothing better can be had: the cheapest recipe holds, what was enqueued is done,
        and what is minimised is known beforehand, as bytes are.
        """
        if self._objective != "size" or self._finished("WAITING", "RUNNING"):
            return False
        cheapest = self.space.recipe(self.space.at(0))
        return any(one.recipe == cheapest and one.meets(self._margin) for one in self.tried())

    def propose(self, most: int) -> list[Proposal]:
        """Recipes that nobody has tried; fewer, and in the end none, where there are no more."""
        found: list[Proposal] = []
        tried = {one.recipe.digest: one for one in self.tried()}
        failed, refused = self.failed(), 0
        if not self._finished("WAITING"):
            self._enqueue_between(tried, failed, most)
        least = self._least(tried)
        while len(found) < most and refused < PATIENCE:
            trial = self._study.ask()
            trial.set_user_attr("by", _this_process())
            numbers = {
                name: trial.suggest_int(name, *ends) for name, ends in self.space.numbers.items()
            }
            recipe = _given(trial) or self.space.recipe(numbers)
            begun = {other.recipe.digest for other in found}
            is_known = recipe.digest in {*tried, *failed, *begun}
            is_queued = "queued" in trial.user_attrs
            if is_known or (not is_queued and self.space.cost(numbers) >= least):
                self._refuse(trial)
            else:
                found.append(Proposal(trial=trial, recipe=recipe))
                continue
            refused += 1
            if refused % TURNS == 0:
                self._enqueue_neighbour(list(tried.values()))
        return found

    def _refuse(self, trial: Any) -> None:
        from optuna.trial import TrialState

        self._study.tell(trial, state=TrialState.FAIL)

    def _least(self, tried: Mapping[str, Tried]) -> float:
        """What the best recipe by now costs, where costs are known beforehand: what costs as much
        can't be better.
        """
        if self._objective != "size":
            return math.inf
        best = next(iter(meeting(list(tried.values()), self._margin, "size")), None)
        return math.inf if best is None else self._numbers_and_cost(best)[1]

    def _numbers_and_cost(self, best: Tried) -> tuple[dict[str, int], float]:
        """The numbers that a recipe was tried with, and what they cost."""
        for trial in self._finished("COMPLETE"):
            if trial.number == best.number:
                if _given(trial) is None:
                    return dict(trial.params), self.space.cost(trial.params)
                break
        return self.space.nearest(best.recipe), math.inf

    def _enqueue_between(
        self, tried: Mapping[str, Tried], failed: Container[str], most: int
    ) -> None:
        """Rungs between the highest that fails below one that holds, and that one."""
        ladder = self.space.ladder
        known = {
            rung: tried[digest].meets(self._margin)
            for rung, digest in enumerate(ladder)
            if digest in tried
        }
        holds = min((rung for rung, good in known.items() if good), default=None)
        if holds is None:
            return
        below = max((rung for rung in known if rung < holds), default=holds)
        inner = np.linspace(below, holds, most + 2).round().astype(int)[1:-1]
        for rung in sorted({int(r) for r in inner} - {below, holds}):
            if ladder[rung] not in failed:
                self._enqueue(self.space.at(rung))

    def _enqueue_neighbour(self, tried: Sequence[Tried]) -> None:
        """Beside the best one, with one or two numbers a little off, and less costly if that is
        known.
        """
        best = next(iter(meeting(tried, self._margin, self._objective)), None)
        numbers, cost = self.space.at(0), math.inf
        if best is not None:
            numbers, cost = self._numbers_and_cost(best)
        ranges = list(self.space.numbers.items())
        for _ in range(DRAWS):
            moved = dict(numbers)
            for _ in range(int(self._rng.integers(1, 4))):
                name, (low, high) = ranges[int(self._rng.integers(len(ranges)))]
                move = int(self._rng.choice([-2, -1, 1, 2]))
                moved[name] = min(max(moved[name] + move, low), high)
            if self._objective != "size" or self.space.cost(moved) < cost:
                self._enqueue(moved)
                return

    def close(self, proposal: Proposal, one: Tried) -> None:
        """Keep what was measured."""
        trial = proposal.trial
        trial.set_user_attr("found", one.to_json())
        trial.set_constraint(CONSTRAINT, one.excess(self._margin))
        self._study.tell(trial, one.value(self._objective))

    def close_failed(self, proposal: Proposal, why: str) -> None:
        """Keep that it doesn't work."""
        from optuna.trial import TrialState

        proposal.trial.set_user_attr("digest", proposal.recipe.digest)
        proposal.trial.set_user_attr("failed", why)
        self._study.tell(proposal.trial, state=TrialState.FAIL)

    def give_back(self, proposals: Sequence[Proposal]) -> None:
        """What was begun and not finished waits for whoever goes on."""
        from optuna.trial import TrialState

        for proposal in proposals:
            self._study.tell(proposal.trial, state=TrialState.FAIL, skip_if_finished=True)
            self._enqueue(self.space.nearest(proposal.recipe), proposal.recipe)

    def take_over(self) -> int:
        """Give back what processes of this machine that are gone had begun; how many that were."""
        from optuna.trial import TrialState

        left = [t for t in self._finished("RUNNING") if _is_gone(t.user_attrs.get("by"))]
        for trial in left:
            self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            self._enqueue(self.space.at(0) | trial.params, _given(trial))
        return len(left)


def _given(trial: Any) -> Recipe | None:
    """The recipe that a trial was enqueued with, which no steps may lead to."""
    layers = trial.user_attrs.get("recipe")
    return None if layers is None else Recipe(layers=layers)


def _this_process() -> list[Any]:
    return [socket.gethostname(), os.getpid(), psutil.Process().create_time()]


def _is_gone(by: list[Any] | None) -> bool:
    """Whether a process was of this machine, and is no more."""
    if by is None or by[0] != socket.gethostname():
        return False
    try:
        return bool(psutil.Process(by[1]).create_time() != by[2])
    except psutil.NoSuchProcess:
        return True


@contextmanager
def storage_answers(where: str) -> Iterator[None]:
    """A ConfigError where the storage fails while it is used."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise ConfigError(
            f"--storage {where} doesn't answer any more: {reason(error)}; what was tried before is"
            " in it, and the same command goes on from there"
        ) from None
