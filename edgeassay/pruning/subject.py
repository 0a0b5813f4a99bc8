"""What is pruned, and into what: a model's network, what it begins with, and what it may cost.

Needs the [build] extra.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.errors import ConfigError, why
from edgeassay.networks import open_network
from edgeassay.plain_files import open_plain
from edgeassay.pruning.choosing import Budget, Unreachable, choose
from edgeassay.pruning.reading import read_network
from edgeassay.pruning.wiring import Cost, Wiring, everything, total
from edgeassay.spec import ModelSpec, Pruning
from edgeassay.variants.pruned import begins_with


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """The model's own network (`teacher`) and the one that is begun with, with their wirings."""

    settings: Pruning
    teacher: Any
    whole: Wiring
    begin: Any
    wiring: Wiring
    budget: Budget

    def times_fewer(self, left: int) -> float:
        """How many times fewer than the model's own network that is."""
        return total(self.whole, everything(self.whole), self.budget.cost) / left


def open_subject(spec: ModelSpec, name: str) -> Subject:
    """Load what a variant is pruned from; ConfigError where it can't be loaded, its channels can't
    be followed, or what is asked for can't be reached.
    """
    settings = spec.variants[name].pruning
    assert settings is not None, "only for a variant that is pruned"
    assert spec.weights is not None, "`check_prunings` has seen to it"
    start = begins_with(spec, name)
    teacher = _load(spec, spec.weights, None)
    begin = teacher
    if settings.start is not None:
        begin = _load(spec, start, settings.start)
    whole, wiring = (
        read_network(net, str(p)) for net, p in ((teacher, spec.weights), (begin, start))
    )
    cost = Cost.PARAMETERS if settings.parameters is not None else Cost.MACS
    ratio = settings.parameters if settings.parameters is not None else settings.macs
    assert ratio is not None, "`check_pruning` has seen to it"
    had, has = (total(w, everything(w), cost) for w in (whole, wiring))
    budget = Budget(
        cost=cost, most=had / ratio, least=settings.least_channels, align=settings.align
    )
    key = f"{spec.file}: variants.{name}.pruning.{cost} = {ratio:g}"
    if has <= budget.most:
        raise ConfigError(
            f"{key} is reached by {settings.start} already, which has {had / has:.4g} times fewer"
            " than the model's network; ask for more, or begin with another `start`"
        )
    try:
        choose(wiring, np.ones(len(wiring.fixed)), budget)
    except Unreachable as error:
        most = np.floor(100.0 * had / error.smallest) / 100.0
        remedy = f"ask for {most:.2f} at most" if most > 1.0 else "leave the variant out"
        raise ConfigError(
            f"{key} can't be reached: with least_channels = {settings.least_channels} and align ="
            f" {settings.align}, {error.smallest:,} of {had:,} {cost.value} stay at least; {remedy}"
        ) from None
    return Subject(
        settings=settings, teacher=teacher, whole=whole, begin=begin, wiring=wiring, budget=budget
    )


def _load(spec: ModelSpec, path: Path, start: str | None) -> Any:
    """The model's own network, or that of the variant that is begun with (`start`); ConfigError
    where it can't be read.
    """
    try:
        with open_plain(path):
            pass
        return open_network(path)
    except OSError as error:
        what, remedy = "its weights", "name another"
        if start is not None:
            what = f"the network of {start}"
            remedy = f"make it by `edgeassay prune {spec.id} --variant {start}`"
        raise ConfigError(
            f"{spec.file}: {path.name!r}, {what}, can't be read: {why(error)}; copy it there, or"
            f" {remedy}"
        ) from None
