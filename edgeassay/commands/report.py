"""The options of `edgeassay report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from edgeassay.options import Identified, ModelsDirs

TITLE: Final = "Compressed models on this project's devices"


def report(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RESULTS.json...",
            help="What runs left with --assay-json (default: .assay/results.json).",
            show_default=False,
        ),
    ] = None,
    *,
    html_path: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="PATH|-", help="One page with pictures: no script, no network."
        ),
    ] = None,
    markdown_path: Annotated[
        str | None,
        typer.Option(
            "--markdown", metavar="PATH|-", help="For a pull request's comment: what fails first."
        ),
    ] = None,
    badges_folder: Annotated[
        Path | None, typer.Option("--badges", metavar="DIR", help="Badges (SVG), one a verdict.")
    ] = None,
    card_path: Annotated[
        Path | None,
        typer.Option("--model-card", metavar="PATH", help="A model card for Hugging Face."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="ID", help="The model card's, where there are several."),
    ] = None,
    ab_paths: Annotated[
        list[Path] | None,
        typer.Option(
            "--ab", metavar="AB.json", help="What `edgeassay ab --json` wrote; repeatable."
        ),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage",
            metavar="DIR",
            help="Saved runs, for trends over commits (default: .assay/benchmarks).",
        ),
    ] = None,
    evidence_folder: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="DIR",
            help="A folder for change control: criteria with the commits that set them, data,"
            " materials, verdicts, predictions, attempts, and this tool's own validation.",
        ),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY", help="Sign the evidence with this SSH key."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="Warn where limits and model both changed since this git revision.",
        ),
    ] = None,
    selftest: Annotated[
        list[Path] | None,
        typer.Option(
            "--selftest",
            metavar="PATH",
            help="What `edgeassay selftest --json` wrote on a machine (default: it runs here).",
        ),
    ] = None,
    attempts: Annotated[
        Path | None,
        typer.Option(
            "--attempts", metavar="PATH", help="The ledger (default: .assay/attempts.jsonl)."
        ),
    ] = None,
    benchmarks: Annotated[
        list[Path] | None,
        typer.Option(
            "--benchmarks",
            metavar="PATH",
            help="What `pytest --benchmark-json` wrote, into the evidence; repeatable.",
        ),
    ] = None,
    artifacts: Annotated[
        Path | None,
        typer.Option("--artifacts", metavar="DIR", help="The artifacts that were judged."),
    ] = None,
    models_dir: ModelsDirs = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Of the page.")] = TITLE,
    identified: Identified = False,
) -> None:
    """Show what runs found, for those who decide: a page, a comment, a card, evidence.

    Nothing is judged again. Without an option that names a file, the table is
    shown. Exit codes: 0 written or shown, 2 usage or bad data.
    """
    from edgeassay.reporting.command import report_command

    report_command(
        files,
        html_path=html_path,
        markdown_path=markdown_path,
        badges_folder=badges_folder,
        card_path=card_path,
        model=model,
        ab_paths=ab_paths,
        storage=storage,
        evidence_folder=evidence_folder,
        sign=sign,
        base=base,
        selftest=selftest,
        attempts=attempts,
        benchmarks=benchmarks,
        artifacts=artifacts,
        models_dir=models_dir,
        title=title,
        identified=identified,
    )
