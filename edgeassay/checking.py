"""`edgeassay check-data`: what a model's data holds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.config import choose, data_root, load_models
from edgeassay.datasets import open_dataset
from edgeassay.datasets.checking import check_data
from edgeassay.errors import Absent, ConfigError
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.report.data_check import print_data_check

FAILED: Final = 1
BAD_INPUT: Final = 2
MISSING: Final = 4


def check_data_command(
    model: str,
    *,
    models_dir: list[Path] | None,
    similarity: float,
) -> None:
    """What `edgeassay check-data` does with its options."""
    console = Console(stderr=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    spec = models[choose("model", [model], models, given_as="MODEL")[0]]
    if spec.data is None:
        raise ConfigError(f"{spec.file} has no [data] to check; declare it")
    try:
        dataset = open_dataset(spec.data, data_root(), decoding=spec.decoding)
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    found = check_data(
        dataset,
        similarity=similarity,
        white=None if spec.preprocess is None else spec.preprocess.white,
        report=ConsoleReporter(console),
    )
    print_data_check(found, similarity, Console())
    if not found.as_declared:
        raise typer.Exit(BAD_INPUT)
    if not found.separate:
        raise typer.Exit(FAILED)
