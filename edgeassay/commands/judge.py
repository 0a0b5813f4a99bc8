"""The options of `edgeassay judge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Identified


def judge(
    *,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="CSV",
            help="The truth: `image`, a column of 0 and 1 for each class (or one column `label`"
            " with each image's class), and `patient` (or `PatientID`, `subject_id` and the like)"
            " if patients have several images.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="CSV",
            help="The uncompressed model's scores: `image`, and a column for each class.",
        ),
    ] = None,
    candidate: Annotated[
        Path | None,
        typer.Option("--candidate", metavar="CSV", help="The compressed model's, likewise."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="How much mean AUC may be lost (default: 0.01)."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            "--confidence",
            min=0.8,  # at 0.5 a bound is the value itself
            max=0.9999,
            help="Of each one-sided bound (default: 0.95).",
        ),
    ] = None,
    resamples: Annotated[
        int | None,
        typer.Option(
            "--resamples", min=200, max=100_000, help="Of the cross-check (default: 2000)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the cross-check.")] = 0,
    latency: Annotated[
        Path | None,
        typer.Option(
            "--latency",
            metavar="JSON",
            help="Instead of predictions: a list of durations, each of a fresh process, or what"
            " `litert-benchmark --result_json` writes.",
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="TIME", help="What p95 may take, such as 40ms."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="Of a list of durations: ns, us, ms or s (default: ms)."),
    ] = None,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", metavar="PATH", help="Write the verdict and all numbers there."),
    ] = None,
    identified: Identified = False,
) -> None:
    """Judge what was measured elsewhere: predictions or durations that came back as files.

    Predictions are matched by `image` and by the names of their columns. The verdict is that of
    the mean AUC's drop: pass when the evidence excludes a drop beyond the margin, fail when it
    shows one, inconclusive when it can't tell.

    Exit codes: 0 pass, 1 fail, 2 usage or bad data, 3 inconclusive.
    """
    from edgeassay.judging.command import judge_command

    judge_command(
        labels=labels,
        reference=reference,
        candidate=candidate,
        margin=margin,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        latency=latency,
        budget=budget,
        unit=unit,
        json_path=json_path,
        identified=identified,
    )
