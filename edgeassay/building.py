"""`edgeassay build`: artifacts in a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgeassay.build import build, export
from edgeassay.config import choose, data_root, load_models
from edgeassay.datasets import open_dataset
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.variants import contents_of

MISSING: Final = 4


def build_command(
    out: Path,
    *,
    model: list[str] | None,
    variant: list[str] | None,
    models_dir: list[Path] | None,
) -> None:
    """What `edgeassay build` does with its options."""
    console = Console(stderr=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    chosen = [models[name] for name in choose("model", model or [], models)]
    choose("variant", variant or [], dict.fromkeys(v for m in chosen for v in m.variants))
    data, cache = data_root(), root / ".assay" / "artifacts"
    open_data = partial(open_dataset, data_root=data)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(f"in {out}", no_wrap=True)
    table.add_column("bytes", no_wrap=True, justify="right")
    for column in ("weights", "activations", "SHA-256"):
        table.add_column(column, overflow="fold")
    lesser: list[str] = []
    missing: dict[str, list[str]] = {}
    for spec in chosen:
        names = [v for v in spec.variants if not variant or v in variant]
        made = build(spec, names, cache=cache, open_data=open_data, report=ConsoleReporter(console))
        for name, error in made.missing.items():
            missing.setdefault(str(error), []).append(f"{spec.id}/{name}")
        lesser += [f"{spec.id}: {words}" for words in made.notes]
        for artifact in made.artifacts.values():
            path = export(artifact, out)
            made_of = contents_of(artifact.path, spec.variants[artifact.variant], spec.signature)
            lesser += [f"{spec.id}/{artifact.variant}: {words}" for words in made_of.fell_back]
            table.add_row(
                str(path.relative_to(out)),
                f"{artifact.size_bytes:,}",
                made_of.weights,
                made_of.activations,
                artifact.sha256[:12],
            )
    Console().print(table)
    for words in lesser:
        console.print(words, highlight=False, markup=False, soft_wrap=True)
    for reason, left_out in missing.items():
        told = f"left out: {', '.join(left_out)}: {reason}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    if missing:
        raise typer.Exit(MISSING)
