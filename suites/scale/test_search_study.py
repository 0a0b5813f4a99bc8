"""What a search tries and finds, on networks whose damages are made up: no worker, no converter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.errors import BuildFailed
from edgeassay.search.opening import open_study
from edgeassay.search.recipe import Recipe
from edgeassay.search.searching import Bounds, Ended, search
from edgeassay.search.space import MOST_GROUPS, Option, Space, Unit, parts, space_of
from edgeassay.search.storage import open_storage
from edgeassay.search.study import Study
from edgeassay.search.tried import Objective, Tried, meeting
from edgeassay.spec import Limit, Measurement

optuna = pytest.importorskip("optuna", reason="the search needs Optuna: edgeassay[search]")

BITS = {"w4": 4, "w8": 8, "float": 32}
LAYERS = 53
# All of one precision, and rungs 0, 1, 2, 4, ... of 106, of which the ends are of one too.
ENQUEUED = 10


class World:
    """A network whose layers' damages add up, and are other than was measured of each alone."""

    def __init__(self, seed: int, error: float) -> None:
        rng = np.random.default_rng(seed)
        self.names = [f"l{k}" for k in range(LAYERS)]
        self.weights = np.exp(rng.normal(8.0, 1.6, LAYERS))
        alone = np.exp(rng.normal(-9.0, 2.0, LAYERS))
        regional = np.repeat(rng.normal(0.0, error, 9), math.ceil(LAYERS / 9))[:LAYERS]
        off = np.exp(regional + rng.normal(0.0, 0.3 * error, LAYERS))
        self.believed = {"w4": alone, "w8": alone / 250.0, "float": 0.0 * alone}
        self.true = {name: damage * off for name, damage in self.believed.items()}
        self.margin = Limit(value=0.1 * float(self.true["w4"].sum()), source="made up")
        self.looked = 0
        self.broken: set[str] = set()

    @property
    def space(self) -> Space:
        units = [self._unit(k) for k in range(LAYERS)]
        return space_of(self.names, parts(units, MOST_GROUPS))

    def _unit(self, k: int) -> Unit:
        return Unit(
            layers=(self.names[k],),
            options=tuple(
                Option(
                    precision=name,
                    cost=float(self.weights[k]) * bits / 8,
                    damage=float(self.believed[name][k]),
                )
                for name, bits in BITS.items()
            ),
            forms={self.names[k]: frozenset(BITS)},
        )

    def prepare(self, recipes: Sequence[Recipe]) -> None:
        """Nothing has to be made."""

    def look(self, number: int, recipe: Recipe) -> Tried:
        self.looked += 1
        if self.broken & set(recipe.layers.values()):
            raise BuildFailed("tiny/mixed: no such form.")
        chosen = list(recipe.layers.values())
        size = sum(w * BITS[p] / 8 for w, p in zip(self.weights, chosen, strict=True))
        drop = float(sum(self.true[p][k] for k, p in enumerate(chosen)))
        return Tried(
            number=number,
            recipe=recipe,
            sha256="",
            size_bytes=int(size),
            size_ratio=size / (4.0 * float(self.weights.sum())),
            drop=Measurement(
                value=drop, unit="AUC", n=500, low=0.5 * drop, high=1.5 * drop, confidence=0.95
            ),
        )

    def uniform(self) -> list[Recipe]:
        return [Recipe(layers=dict.fromkeys(self.names, name)) for name in BITS]


def study_in(world: World, storage: Any, *, seed: int = 0, objective: Objective = "size") -> Study:
    opened = open_study(
        storage, "s", seed=seed, question={"a": 1}, where="here", make_space=lambda: world.space
    )
    study = Study(
        opened.study, opened.plan.space, objective=objective, margin=world.margin, seed=seed
    )
    if opened.is_new:
        study.enqueue(world.uniform())
    return study


def run(study: Study, world: Any, trials: int, heard: list[Tried] | None = None) -> Ended:
    told = [] if heard is None else heard
    return search(
        study,
        world,
        Bounds(trials=trials, deadline=None),
        hear=lambda one, _: told.append(one),
        hear_failed=lambda _: None,
    )


def best(world: World, found: Sequence[Tried]) -> float:
    return meeting(found, world.margin, "size")[0].size_ratio


def test_a_search_finds_no_less_than_the_best_rung_of_the_ladder() -> None:
    world = World(0, 1.5)
    space = world.space
    rungs = [world.look(0, space.recipe(space.at(rung))) for rung in range(space.rungs + 1)]
    found = run(study_in(world, open_storage(None)), world, 48)
    assert best(world, found.tried) <= best(world, rungs)
    # Plain TPE, with a choice for every layer, as long as this.
    plain = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    tried = []
    for _ in range(48):
        trial = plain.ask()
        layers = {name: trial.suggest_categorical(name, list(BITS)) for name in world.names}
        tried.append(world.look(0, Recipe(layers=layers)))
        trial.set_constraint("drop", tried[-1].excess(world.margin))
        plain.tell(trial, tried[-1].size_ratio)
    fit = meeting(tried, world.margin, "size")
    assert not fit or fit[0].size_ratio > 1.3 * best(world, found.tried)


@pytest.mark.long
def test_the_same_seed_tries_the_same_and_another_one_something_else() -> None:
    ran = []
    for seed in (0, 0, 1):
        world = World(1, 1.5)
        found = run(study_in(world, open_storage(None), seed=seed), world, 24)
        ran.append([one.recipe for one in found.tried])
        assert len({one.recipe.digest for one in found.tried}) == len(found.tried) == 24
    assert ran[0] == ran[1]
    assert ran[0] != ran[2]


def test_the_first_recipes_are_of_one_precision_and_the_next_climb_the_ladder() -> None:
    world, heard = World(2, 0.5), list[Tried]()
    run(study_in(world, open_storage(None)), world, 10, heard)
    assert [one.recipe for one in heard[:3]] == world.uniform()
    costs = [one.size_ratio for one in heard[3:]]
    assert costs == sorted(costs)


def test_the_cheapest_recipe_that_holds_ends_the_search() -> None:
    world = World(3, 0.5)
    world.margin = Limit(value=10.0 * float(world.true["w4"].sum()), source="made up")
    found = run(study_in(world, open_storage(None)), world, 60)
    assert found.why == "the cheapest recipe of all meets the margin"
    assert world.looked == len(found.tried) < 20


def test_a_recipe_that_does_not_work_is_left_out_and_the_search_goes_on() -> None:
    world = World(4, 0.5)
    world.broken = {"float"}
    found = run(study_in(world, open_storage(None)), world, 20)
    assert found.failed >= 1
    assert found.failed + len(found.tried) == 20
    assert meeting(found.tried, world.margin, "size")


class Interrupted(World):
    """A machine that is switched off at its n-th recipe."""

    def __init__(self, seed: int, at: int) -> None:
        super().__init__(seed, 1.0)
        self._at = at

    def look(self, number: int, recipe: Recipe) -> Tried:
        if self.looked == self._at:
            raise KeyboardInterrupt
        return super().look(number, recipe)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["study.journal", "sqlite:///{folder}/study.db"])
def test_what_was_begun_when_it_is_cut_off_is_tried_by_who_goes_on(
    tmp_path: Path, kind: str
) -> None:
    where = kind.format(folder=tmp_path) if "://" in kind else str(tmp_path / kind)
    world = Interrupted(5, at=5)
    with pytest.raises(KeyboardInterrupt):
        run(study_in(world, open_storage(where)), world, ENQUEUED)
    later = World(5, 1.0)
    study = study_in(later, open_storage(where))
    assert len(study.tried()) == 5
    found = run(study, later, ENQUEUED)
    assert later.looked == ENQUEUED - 5
    whole = run(study_in(World(5, 1.0), open_storage(None)), World(5, 1.0), ENQUEUED)
    both = [{json.dumps(dict(one.recipe.layers)) for one in f.tried} for f in (found, whole)]
    assert both[0] == both[1]


def test_a_process_that_is_gone_leaves_its_trials_to_the_next(tmp_path: Path) -> None:
    where, world = str(tmp_path / "study.journal"), World(6, 1.0)
    study = study_in(world, open_storage(where))
    begun = study.propose(3)
    again = study_in(world, open_storage(where))
    assert again.take_over() == 0  # this process lives
    for proposal in begun:
        host, pid, _ = proposal.trial.user_attrs["by"]
        proposal.trial.set_user_attr("by", [host, pid, 1.0])  # another process had the number
    assert again.take_over() == 3
    found = run(again, world, 12)
    assert {p.recipe.digest for p in begun} <= {one.recipe.digest for one in found.tried}
