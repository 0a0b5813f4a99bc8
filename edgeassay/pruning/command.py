"""`edgeassay prune`: its options, and what it does with them."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.config import choose, load_models
from edgeassay.errors import Absent, BuildUnavailable, ConfigError
from edgeassay.options import ModelsDirs
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
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    variant: Annotated[
        str,
        typer.Option("--variant", metavar="ID", help="The variant: one that has `pruning`."),
    ],
    *,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="Show what one removal would leave, and train and write nothing."
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Begin anew: what was pruned or begun with these settings is dropped."
        ),
    ] = False,
    models_dir: ModelsDirs = None,
) -> None:
    """Make a variant's smaller network of the trained one, as its `pruning` in model.toml says.

    Whole channels are removed, the least important for what they cost first,
    until the network has so many times fewer parameters or
    multiply-accumulates; what is left is fine-tuned on the training split and on
    the outputs of the model's own network. The final epoch with the best mean AUC
    on the validation split (of what is segmented: the best mean Dice) is kept,
    in the variant's `network`; the test split isn't touched. What was
    interrupted goes on after its last whole epoch, with the result that it
    would have had.

    Exit codes: 2 usage or bad input; 4 the data or what prunes isn't here;
    130 interrupted; 0 pruned.
    """
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
