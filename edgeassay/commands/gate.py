"""The options of `edgeassay gate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from edgeassay.options import DevicesDirs, Identified, ModelsDirs
from edgeassay.project import BASELINES, EXPECTED

TITLE: Final = "Merge gate"


def gate(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="[LEG=]PATH...",
            help="What runs left with --assay-json, or folders with such files below; LEG= says of"
            " which leg it is where machine and device don't.",
        ),
    ],
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="TOML",
            help=f"What is expected (default: the project's {EXPECTED}).",
        ),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(
            "--commit", metavar="REV", help="What must have been measured (default: HEAD)."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV|none",
            help="The commit whose limits and code this one is compared with (default: where it"
            " left the branch that it goes to, or the commit before).",
        ),
    ] = None,
    ab: Annotated[
        list[str] | None,
        typer.Option(
            "--ab", metavar="[LEG=]PATH", help="What `edgeassay ab --json` wrote; repeatable."
        ),
    ] = None,
    models_dir: ModelsDirs = None,
    devices_dir: DevicesDirs = None,
    baselines: Annotated[
        Path | None,
        typer.Option(
            "--baselines",
            metavar="DIR",
            help=f"Where accepted regressions are (default: {BASELINES}/).",
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Of the summary.")] = TITLE,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown",
            metavar="PATH|-",
            help="Write a summary for a pull request, or print it (-).",
        ),
    ] = None,
    junit_path: Annotated[
        Path | None, typer.Option("--junit", metavar="PATH", help="Write a test case a claim.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="PATH", help="Write all findings there.")
    ] = None,
    identified: Identified = False,
    init: Annotated[
        bool,
        typer.Option(
            "--init", help=f"Write a first {EXPECTED} that expects these results, and end."
        ),
    ] = False,
) -> None:
    """Decide whether a commit may be merged, by the results of several machines.

    gate.toml says which legs are expected, and model.toml which cases and
    limits: what doesn't arrive is red. Verdicts are derived again from what was
    measured; limits and deviations are those of this checkout, which must be at
    the commit. What the commit changes in them since the base is shown first,
    and is red if it lets more through and gate.toml has no approval. Files are
    data of strangers: what was changed, is too large, or follows from nothing is
    refused.

    edgeassay gate results/ --markdown summary.md --junit gate.xml

    edgeassay gate x86-64=a.json board=b.json --ab board=ab.json

    Exit codes, the first that applies: 2 usage, or a refused file; 1 a claim
    fails, or a waiver or deviation must go; 4 a leg, case or claim is missing,
    unmeasured, of another commit, or not comparable; 3 inconclusive; 0 all legs
    hold, or are waived.
    """
    from edgeassay.merge_gate.command import gate_command

    gate_command(
        results,
        config=config,
        commit=commit,
        base=base,
        ab=ab,
        models_dir=models_dir,
        devices_dir=devices_dir,
        baselines=baselines,
        title=title,
        markdown_path=markdown_path,
        junit_path=junit_path,
        json_path=json_path,
        identified=identified,
        init=init,
    )
