"""A study of Optuna's: which recipe comes next, and what is known of those before.

First come the recipes of one precision, then rungs of the ladder (`space`): few, then between the
last that fails and the first that holds. From there on Optuna's TPE (Bergstra et al. 2011;
multivariate: Falkner et al. 2018) moves the groups, with the drop's upper bound as a constraint.
"""

from __future__ import annotations

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
# Proposals that were tried before, one after the other, until nothing new is to be had.
REPEATS: Final = 60


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
        count = 0
        while count < self.space.rungs:
            self._enqueue(self.space.rung(count))
            count = max(1, 2 * count)
        self._enqueue(self.space.rung(self.space.rungs))

    def _enqueue(self, taken: Sequence[int], recipe: Recipe | None = None) -> None:
        attributes = None if recipe is None else {"recipe": dict(recipe.layers)}
        params = {f"group {k}": count for k, count in enumerate(taken)}
        self._study.enqueue_trial(params, user_attrs=attributes)

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

    def propose(self, most: int) -> list[Proposal]:
        """Recipes that nobody has tried; fewer, and in the end none, where there are no more."""
        found: list[Proposal] = []
        tried = {one.recipe.digest: one for one in self.tried()}
        failed, repeats = self.failed(), 0
        if not self._finished("WAITING"):
            self._enqueue_between(tried, failed, most)
        while len(found) < most and repeats < REPEATS:
            trial = self._study.ask()
            trial.set_user_attr("by", _this_process())
            taken = self._taken(trial)
            recipe = _given(trial) or self.space.recipe(taken)
            begun = {other.recipe.digest for other in found}
            if recipe.digest in {*tried, *failed, *begun}:
                self._close_repeat(trial, tried.get(recipe.digest))
                self._enqueue_neighbour(list(tried.values()))
                repeats += 1
            else:
                found.append(Proposal(trial=trial, recipe=recipe))
        return found

    def _taken(self, trial: Any) -> tuple[int, ...]:
        return tuple(
            trial.suggest_int(f"group {k}", 0, len(group.steps))
            for k, group in enumerate(self.space.groups)
        )

    def _enqueue_between(
        self, tried: Mapping[str, Tried], failed: Container[str], most: int
    ) -> None:
        """Rungs between the highest that fails below one that holds, and that one."""
        known = {}
        for count in range(self.space.rungs + 1):
            one = tried.get(self.space.recipe(self.space.rung(count)).digest)
            if one is not None:
                known[count] = one.meets(self._margin)
        holds = min((count for count, good in known.items() if good), default=None)
        if holds is None:
            return
        below = max((count for count in known if count < holds), default=holds)
        inner = np.linspace(below, holds, most + 2).round().astype(int)[1:-1]
        for count in sorted({int(c) for c in inner} - {below, holds}):
            taken = self.space.rung(count)
            if self.space.recipe(taken).digest not in failed:
                self._enqueue(taken)

    def _enqueue_neighbour(self, tried: Sequence[Tried]) -> None:
        """Beside the best one, where one group or two are a step or a few away."""
        best = next(iter(meeting(tried, self._margin, self._objective)), None)
        taken = list(self.space.rung(0) if best is None else self.space.nearest(best.recipe))
        sizes = [len(group.steps) for group in self.space.groups]
        for _ in range(int(self._rng.integers(1, 3))):
            k = int(self._rng.integers(len(sizes)))
            move = int(self._rng.geometric(0.5)) * int(self._rng.choice([-1, 1]))
            taken[k] = min(max(taken[k] + move, 0), sizes[k])
        self._enqueue(taken)

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

    def _close_repeat(self, trial: Any, known: Tried | None) -> None:
        from optuna.trial import TrialState

        if known is None:
            self._study.tell(trial, state=TrialState.FAIL)
            return
        trial.set_constraint(CONSTRAINT, known.excess(self._margin))
        self._study.tell(trial, known.value(self._objective))

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
            taken = [trial.params.get(f"group {k}", 0) for k in range(len(self.space.groups))]
            self._enqueue(taken, _given(trial))
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
