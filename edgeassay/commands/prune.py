"""The options of `edgeassay prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ModelsDirs


def prune(
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
    from edgeassay.pruning.command import prune_command

    prune_command(
        model,
        variant,
        plan=plan,
        again=again,
        models_dir=models_dir,
    )
