"""The options of `edgeassay check-data`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeassay.options import ModelsDirs


def check_data(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    models_dir: ModelsDirs = None,
    similarity: Annotated[
        float,
        typer.Option(
            "--similarity",
            min=0.0,
            max=1.0,
            help="Two images are alike when they correlate above this, at 32x32 and grey.",
        ),
    ] = 0.995,  # alike.SIMILARITY, whose module takes long to import
) -> None:
    """Read all images of a model's data, count what each split holds, and compare the splits.

    Lists images that can't be read, and images of two splits that are alike:
    equal files, or pictures that hardly differ.

    Exit codes, the first that applies:
    2 an image can't be read, or labels aren't as declared, or other bad input;
    1 evaluation shares patients, images or pictures with another split;
    4 the data isn't on this machine;
    0 all is well.
    """
    from edgeassay.checking import check_data_command

    check_data_command(
        model,
        models_dir=models_dir,
        similarity=similarity,
    )
