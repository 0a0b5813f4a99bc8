"""`edgeassay prune`: what it does with its options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.config import choose, load_models
from edgeassay.errors import Absent, BuildUnavailable, ConfigError
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.pruning.making import (
    check_installed,
    open_for_pruning,
    prune,
    settings_of,
    tuning_of,
)
from edgeassay.pruning.showing import plan_table
from edgeassay.pruning.wiring import total
from edgeassay.spec import Importance, ModelSpec
from edgeassay.training.command import INTERRUPTED, MISSING
from edgeassay.training.material import load_material

# In columns, where the table is written into a file.
WIDTH: Final = 120
# What looks at images to say how much a channel matters.
LOOKING: Final = (Importance.ACTIVATION, Importance.TAYLOR)


def prune_command(
    model: str,
    variant: str,
    *,
    plan: bool,
    again: bool,
    models_dir: list[Path] | None,
) -> None:
    """What `edgeassay prune` does with its options."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    spec = models[choose("model", [model], models, given_as="MODEL")[0]]
    choose("variant", [variant], spec.variants)
    if spec.variants[variant].pruning is None:
        able = [name for name, found in spec.variants.items() if found.pruning]
        raise ConfigError(
            f"--variant {variant}: {spec.file} doesn't say how it is pruned; pruned variants:"
            f" {', '.join(able) or 'none'}"
        )
    try:
        if plan:
            _plan(spec, variant, console)
        else:
            prune(spec, variant, root, again=again, console=console)
    except (Absent, BuildUnavailable) as error:
        console.print(f"edgeassay: {error}")
        raise typer.Exit(MISSING) from None
    except KeyboardInterrupt:
        console.print("edgeassay: interrupted; the same command goes on after the last whole epoch")
        raise typer.Exit(INTERRUPTED) from None


def _plan(spec: ModelSpec, name: str, console: Console) -> None:
    """Show what would be left, by importance as it is in the network that is begun with."""
    from edgeassay.pruning.choosing import choose as choose_units
    from edgeassay.pruning.importance import by_weights

    settings = settings_of(spec, name)
    check_installed(spec)
    subject = open_for_pruning(spec, name)
    if settings.importance in LOOKING:
        material, _ = load_material(spec, settings, ConsoleReporter(console))
        importance = tuning_of(subject, material).importance(subject.wiring)
    else:
        importance = by_weights(subject.begin, subject.wiring, settings.importance)
    kept = choose_units(subject.wiring, importance, subject.budget)
    shown = Console(soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
    shown.print(plan_table(subject.wiring, kept))
    left = total(subject.wiring, kept, subject.budget.cost)
    console.print(
        f"{subject.times_fewer(left):.4g} times fewer {subject.budget.cost.value} than"
        f" {spec.id}'s own network, in one step; each of {settings.steps} steps looks anew"
    )
