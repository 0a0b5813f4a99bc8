"""`edgeassay judge`: what the command line says and returns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.atomic import sha256_of
from edgeassay.config.limits import check_sensible
from edgeassay.config.shapes import default_judging, default_statistics
from edgeassay.errors import ConfigError
from edgeassay.judging.durations import MS, judge_durations, parse_budget
from edgeassay.judging.predictions import Given, read_compared
from edgeassay.judging.remarks import remarks
from edgeassay.judging.verdicts import Drop, Judged, judge_aucs
from edgeassay.report.redaction import leave_json
from edgeassay.report.table import STYLES
from edgeassay.spec import TRAITS, ClaimName, Statistics, Verdict

WIDTH: Final = 110  # of the table, where the terminal hasn't more
EXITS: Final[Mapping[Verdict, int]] = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.INCONCLUSIVE: 3,
}


def judge_command(
    *,
    labels: Path | None,
    reference: Path | None,
    candidate: Path | None,
    margin: float | None,
    confidence: float | None,
    resamples: int | None,
    seed: int,
    latency: Path | None,
    budget: str | None,
    unit: str | None,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay judge` does with its options."""
    need = default_statistics()
    need = replace(
        need,
        confidence=need.confidence if confidence is None else confidence,
        resamples=need.resamples if resamples is None else resamples,
    )
    files = {"--labels": labels, "--reference": reference, "--candidate": candidate}
    if latency is not None:
        if any(files.values()) or margin is not None:
            raise ConfigError("--latency is judged alone: leave out predictions and --margin")
        _check_kept([latency], json_path)
        verdict, facts = _latency(latency, budget, unit, need)
    else:
        missing = [name for name, path in files.items() if path is None]
        if missing or budget is not None or unit is not None:
            wanted = " and ".join(missing) if missing else "--latency"
            raise ConfigError(
                f"{wanted} {'are' if len(missing) > 1 else 'is'} missing: give --labels,"
                " --reference and --candidate, or --latency and --budget"
            )
        allowed = default_judging() if margin is None else margin
        _check_kept([path for path in files.values() if path is not None], json_path)
        verdict, facts = _predictions(files, allowed, need, seed)
    leave_json(json_path, facts, identified=identified)
    raise typer.Exit(EXITS[verdict])


def _check_kept(inputs: Sequence[Path], json_path: Path | None) -> None:
    """ConfigError where the verdict would be written over what it is taken from."""
    if json_path is not None and json_path.resolve() in [path.resolve() for path in inputs]:
        raise ConfigError(f"--json {json_path} is one of the inputs; choose another place")


def _predictions(
    files: Mapping[str, Path | None],
    margin: float,
    need: Statistics,
    seed: int,
) -> tuple[Verdict, dict[str, Any]]:
    check_sensible(margin, TRAITS[ClaimName.MEAN_AUC_DROP].sensible, f"--margin {margin:g}")
    paths = [path for path in files.values() if path is not None]
    given = read_compared(*paths)
    judged = judge_aucs(given.compared, margin, need, seed=seed)
    judged.inputs = {
        name.removeprefix("--"): {"path": str(path), "sha256": sha256_of(path)}
        for name, path in zip(files, paths, strict=True)
    }
    width = max(WIDTH, shutil.get_terminal_size().columns)
    _show(judged, given, Console(highlight=False, width=width))
    return judged.verdict, json.loads(judged.model_dump_json(by_alias=True))


def _latency(
    path: Path, budget: str | None, unit: str | None, need: Statistics
) -> tuple[Verdict, dict[str, Any]]:
    if budget is None:
        raise ConfigError("--latency needs --budget, such as --budget 40ms")
    if unit is not None and unit not in MS:
        raise ConfigError(f"--unit {unit}: it must be one of {', '.join(MS)}")
    judged = judge_durations(path, parse_budget(budget), need, unit=unit)
    facts = {"schema": 1, "edgeassay": edgeassay.__version__, **asdict(judged)}
    facts["inputs"] = {"latency": {"path": str(path), "sha256": sha256_of(path)}}
    console = Console(highlight=False)
    console.print(Text(f"{judged.verdict}", style=STYLES[judged.verdict.value]), end=": ")
    console.print(judged.reason, markup=False, soft_wrap=True)
    return judged.verdict, facts


def _cells(drop: Drop) -> list[str]:
    values = (drop.reference, drop.candidate, drop.drop, drop.lower, drop.upper)
    forms = ("{:.4f}", "{:.4f}", "{:+z.4f}", "{:+z.4f}", "{:+z.4f}")
    return ["" if v is None else f.format(v) for v, f in zip(values, forms, strict=True)]


def _show(judged: Judged, given: Given, console: Console) -> None:
    """The classes, their mean, the verdict, and what else should be known."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("class", overflow="fold")
    for name in ("positives", "negatives", "reference", "candidate", "drop", "at least", "at most"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name, found in judged.classes.items():
        verdict = Text(found.verdict.value, style=STYLES[found.verdict.value])
        counts = (f"{found.positives:,}", f"{found.negatives:,}")
        table.add_row(Text(name), *counts, *_cells(found), verdict)
    table.add_section()
    verdict = Text(judged.verdict.value, style=STYLES[judged.verdict.value])
    table.add_row("mean", "", "", *_cells(judged.mean_auc), verdict)
    console.print(table)
    console.print(Text(judged.verdict.value, style=STYLES[judged.verdict.value]), end=": ")
    console.print(judged.reason, markup=False, soft_wrap=True)
    for line in remarks(judged, given):
        console.print(line, markup=False, soft_wrap=True)
