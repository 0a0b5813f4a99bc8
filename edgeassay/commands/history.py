"""The options of `edgeassay history`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Identified


def history(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATHS",
            help="Files or folders of saved runs, of any project with pytest-benchmark (default:"
            " this machine's in the project).",
            show_default=False,
        ),
    ] = None,
    *,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage",
            metavar="DIR",
            help="Where runs are saved, a folder for each machine (default: .assay/benchmarks).",
        ),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option("--benchmark", metavar="GLOB", help="Only these, such as '*-int8-*'."),
    ] = None,
    fingerprint: Annotated[
        list[str] | None,
        typer.Option(
            "--fingerprint", metavar="ID", help="Of another machine than this one; repeatable."
        ),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Only each machine's latest N.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write all numbers there.")
    ] = None,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH|-", help="Write the tables there, or show them so (-)."
        ),
    ] = None,
    identified: Identified = False,
) -> None:
    """Show what saved runs say over time: each benchmark's median, trend and change points.

    It is advice and no gate: a change point says between which commits to look. Runs of
    different hardware are never mixed. A file that can't be read is told and left out.

    Exit codes: 0 shown, 2 usage or bad data, 4 no saved runs.
    """
    from edgeassay.history.command import history_command

    history_command(
        paths,
        storage=storage,
        benchmark=benchmark,
        fingerprint=fingerprint,
        last=last,
        json_path=json_path,
        markdown_path=markdown_path,
        identified=identified,
    )
