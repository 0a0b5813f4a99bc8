"""The options of `edgeassay train`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ModelsDirs


def train(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    variant: Annotated[
        str,
        typer.Option("--variant", metavar="ID", help="The variant: one whose method is int8-qat."),
    ],
    *,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Begin anew: what was trained or begun with these settings is dropped."
        ),
    ] = False,
    models_dir: ModelsDirs = None,
) -> None:
    """Fine-tune a variant on the training split, as its `training` in model.toml says.

    The epoch with the best mean AUC on the validation split (of what is
    segmented: the best mean Dice) is kept, in the variant's `weights`; the test
    split isn't touched. What was interrupted goes on after its last whole epoch,
    with the result that it would have had. The same seed gives the same file on
    the same machine.

    Exit codes: 2 usage or bad input; 4 the data or what trains isn't here;
    130 interrupted; 0 trained.
    """
    from edgeassay.training.command import train_command

    train_command(
        model,
        variant,
        again=again,
        models_dir=models_dir,
    )
