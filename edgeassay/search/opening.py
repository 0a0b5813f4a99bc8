"""A study made, or found again: only where it is of the same question."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.search.space import Space

# Whoever makes a study tells at once what it is of; so long others wait for it.
PATIENCE_S: Final = 10.0
SAMPLER_STARTUP: Final = 8


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a study is of, and its space, which all who share it have from who made it."""

    question: Mapping[str, Any]
    space: Space


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A study of Optuna's with its plan; `is_new` where this process made it."""

    study: Any
    plan: Plan
    is_new: bool


def open_study(
    storage: Any,
    name: str,
    *,
    seed: int,
    question: Mapping[str, Any],
    where: str,
    make_space: Callable[[], Space],
) -> Opened:
    """The study of this name; made with `make_space` where there is none. ConfigError where the
    storage has one of another question.
    """
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=SAMPLER_STARTUP)
    try:
        study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
    except KeyError:
        space = make_space()
        try:
            study = optuna.create_study(
                study_name=name, storage=storage, sampler=sampler, direction="minimize"
            )
        except optuna.exceptions.DuplicatedStudyError:  # another was quicker, and its space counts
            study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
        else:
            plan = Plan(question=question, space=space)
            study.set_user_attr("plan", {"question": dict(question), "space": space.to_json()})
            return Opened(study=study, plan=plan, is_new=True)
    plan = _plan_of(study, name, where)
    check_question(plan.question, question, name, where)
    return Opened(study=study, plan=plan, is_new=False)


def _plan_of(study: Any, name: str, where: str) -> Plan:
    deadline = time.monotonic() + PATIENCE_S
    while (kept := study.user_attrs.get("plan")) is None:
        if time.monotonic() > deadline:
            raise ConfigError(
                f"--storage {where}: the study {name!r} isn't one of edgeassay's, or was left when"
                " it was hardly begun; name another with --study"
            )
        time.sleep(0.1)
    return Plan(question=kept["question"], space=Space.from_json(kept["space"]))


def check_question(
    kept: Mapping[str, Any], asked: Mapping[str, Any], name: str, where: str
) -> None:
    """ConfigError names in what two searches differ."""
    differ = [key for key in {**kept, **asked} if kept.get(key) != asked.get(key)]
    if differ:
        parts = [
            f"{key} ({_shown(kept.get(key))} there, {_shown(asked.get(key))} here)"
            for key in differ
        ]
        raise ConfigError(
            f"--storage {where}: the study {name!r} is of another {', '.join(parts)}; ask the same,"
            " or name another study with --study"
        )


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) and len(value) == 64:  # a digest
        return f"{value[:12]}…"
    return str(value)
