"""A model's card for Hugging Face: its `model-index`, and a short text from the results.

The fields are those of the Hub's model card specification; `huggingface_hub` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.matrix_report.markdown import table
from edgeassay.matrix_report.overview import Overview, overview
from edgeassay.matrix_report.rows import Row, Run, merge
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.matrix_report.verdicts import SIGNS as SENSES
from edgeassay.report.decision import counts, decided_model
from edgeassay.report.markdown import escaped
from edgeassay.runs.records import ClaimRecord, MeasurementRecord
from edgeassay.spec import TRAITS, ClaimName, Kind

INSTALL: Final = "a model card needs PyYAML, which isn't installed: pip install 'edgeassay[report]'"
MOST_TOLD: Final = 40  # claims of one standing, each a line; a card is short
MOST_LINE: Final = 600  # characters of a claim's sentence
# What a fact is, the claim that has its bounds, and what the Hub calls it.
QUALITY: Final = (
    ("mean_auc", ClaimName.MIN_AUC, "roc_auc", "mean AUC"),
    ("mean_auc_drop", ClaimName.MEAN_AUC_DROP, "roc_auc_drop", "drop of the mean AUC"),
    ("mean_dice", ClaimName.MIN_DICE, "dice", "mean Dice"),
    ("mean_dice_drop", ClaimName.MEAN_DICE_DROP, "dice_drop", "drop of the mean Dice"),
)
NOT_PROVEN: Final = (
    "Verdicts are about patients like those in the evaluation split, on the machines and runtimes"
    " named here, and about no others.",
    "What compression does to a rare kind of patient who isn't in that split, no interval shows.",
    "Latency is that of single inferences in a process of its own, unless a limit says otherwise.",
    "Nothing here has been cleared by a regulator: it is evidence, and no claim of safety.",
)


def model_card(runs: Sequence[Run], model_id: str | None = None) -> str:
    """The card of a model, which may be left out where the runs are about one alone.

    ConfigError where the runs have no such model, or two of them judged the same case.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigError(INSTALL) from None

    every = merge(runs)
    model = _chosen(every, model_id)
    rows = [row for row in every if row.case.model == model]
    theirs = list({id(row.run): row.run for row in rows}.values())
    front = yaml.safe_dump(_front(model, rows), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{front}---\n\n" + "\n".join(_text(model, rows, theirs)).rstrip("\n") + "\n"


def _chosen(rows: Sequence[Row], wanted: str | None) -> str:
    known = list(dict.fromkeys(row.case.model for row in rows))
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted in known:
        return str(wanted)
    there = ", ".join(known) or "none"
    if wanted is None:
        raise ConfigError(
            f"a card is of one model, and these results have: {there}; name it with --model"
        )
    raise ConfigError(f"these results have no model {wanted!r}; they have: {there}")


def _front(model: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The metadata: numbers measured on a device alone, since the index can't mark other kinds."""
    measured = [row for row in rows if row.kind is Kind.MEASURED]
    segments = any(row.facts is not None and row.facts.mean_dice is not None for row in rows)
    task = "image-segmentation" if segments else "image-classification"
    front: dict[str, Any] = {"tags": ["edgeassay", "compressed"]}
    if any(_has_quality(row) for row in rows):
        front = {"pipeline_tag": task} | front
    metrics = [metric for row in measured for metric in _metrics(row)]
    if metrics:
        result = {"task": {"type": task}, "dataset": _dataset(model, measured), "metrics": metrics}
        front["model-index"] = [{"name": model, "results": [result]}]
    return front


def _dataset(model: str, rows: Sequence[Row]) -> dict[str, Any]:
    """What was evaluated on: it has no id on the Hub, so its digest says which it was."""
    digests = {
        scores.data_sha256
        for row in rows
        for scores in row.run.results.scores
        if scores.case == row.case
    }
    told: dict[str, Any] = {
        "type": f"{model}-evaluation",
        "name": f"evaluation split of {model} ({_images(rows)})",
        "split": "test",
    }
    return told | ({"args": {"sha256": sorted(digests)}} if digests else {})


def _images(rows: Iterable[Row]) -> str:
    known = {
        (row.facts.evaluated_images, row.facts.split_images)
        for row in rows
        if row.facts is not None and row.facts.evaluated_images is not None
    }
    told = [
        f"{drawn:,} images" if drawn == whole else f"a sample of {drawn:,} of {whole or 0:,} images"
        for drawn, whole in sorted(known, key=str)
    ]
    return " or ".join(told) or "images not told"


def _metrics(row: Row) -> Iterable[dict[str, Any]]:
    for fact, claim, kind, title in QUALITY:
        value = None if row.facts is None else getattr(row.facts, fact)
        if value is not None:
            found = next(
                (c.measurement for c in row.claims if c.claim is claim and c.measurement), None
            )
            where = f"{row.case.variant} on {row.case.runtime}, {row.place}"
            yield {
                "type": kind,
                "value": round(value, 6),
                "name": f"{title} of {where}{_interval(found)}",
                "verified": False,
            }


def _interval(found: MeasurementRecord | None) -> str:
    if found is None or (found.low is None and found.high is None):
        return ", no interval"
    low, high = ("?" if bound is None else f"{bound:.4f}" for bound in (found.low, found.high))
    confidence = f"each one-sided {found.confidence:.0%}" if found.confidence else "bounds"
    return f" [{low}, {high}] ({confidence}, n = {found.n})"


def _text(model: str, rows: Sequence[Row], runs: Sequence[Run]) -> Iterable[str]:
    """The card below its metadata."""
    found = overview([_about(run, model) for run in runs], model)
    commits = dict.fromkeys((run.results.commit or "no commit")[:12] for run in runs)
    variants = list(dict.fromkeys(row.case.variant for row in rows))
    claims = [claim for row in rows for claim in row.claims]
    yield f"# {escaped(model)}"
    yield ""
    yield (
        f"{len(variants)} forms of one network ({escaped(', '.join(variants))}), judged by"
        f" edgeassay at {escaped(', '.join(commits))} on size, diagnostic quality and latency"
        " against limits that were written down beforehand."
    )
    yield ""
    yield f"**{_verdict(model, claims, runs)}**"
    yield ""
    yield from ("## Variants", "", *table(found.columns, found.models.get(model, ())), "")
    yield from (f"- note {k}: {escaped(note)}" for k, note in enumerate(found.notes, start=1))
    yield from (f"- {escaped(line)}" for line in found.legend)
    yield from ("", "## Limits and verdicts", "", *_limits(claims), "")
    yield from _lists(found)
    yield from ("## Machines", "")
    for where, facts in found.runs:
        yield f"- {escaped(where)}"
        yield from (f"  - {escaped(name)}: {escaped(text)}" for name, text in facts.items())
    yield from ("", "## What it does not prove", "", *(f"- {one}" for one in _unproven(rows)))


def _about(run: Run, model: str) -> Run:
    """The part of a run that is about one model."""
    results = run.results.model_copy(
        update={
            "claims": [c for c in run.results.claims if c.case.model == model],
            "cases": [c for c in run.results.cases if c.case.model == model],
        }
    )
    return Run(where=run.where, results=results)


def _verdict(model: str, claims: Sequence[ClaimRecord], runs: Sequence[Run]) -> str:
    found = decided_model(model, [run.results for run in runs])
    told = ", ".join(f"{n} {standing}" for standing, n in counts(claims).items())
    text = f"{SIGNS[found.decision]} {found.word}: {len(claims)} claims: {told or 'none'}."
    if any(not run.results.complete for run in runs):
        text += " A run was cut short, and what it never came to is unmeasured."
    if any(run.results.dirty for run in runs):
        text += " The tree had uncommitted changes, so the commit alone doesn't say what was run."
    return text


def _limits(claims: Sequence[ClaimRecord]) -> Iterable[str]:
    """Each limit once, with the file that sets it and how the claims by it stand."""
    found: dict[tuple[str, str], list[ClaimRecord]] = {}
    for claim in claims:
        if claim.limit is not None:
            found.setdefault((claim.claim.value, claim.limit.source), []).append(claim)
    if not found:
        yield "No limits were set."
        return
    yield "| claim | limit | set by | verdicts |"
    yield "| --- | --- | --- | --- |"
    for (name, source), records in found.items():
        told = ", ".join(f"{n} {standing}" for standing, n in counts(records).items())
        cells = (name, _limit(records), source, told)
        yield f"| {' | '.join(map(escaped, cells))} |"


def _limit(records: Sequence[ClaimRecord]) -> str:
    traits = TRAITS[records[0].claim]
    if traits.flag:
        return "must hold"
    values = sorted({r.limit.value for r in records if r.limit is not None})
    unit = "" if traits.unit in ("ratio", "share") else f" {traits.unit}"
    return f"{SENSES[traits.sense]} {' or '.join(f'{value:g}' for value in values)}{unit}"


def _lists(found: Overview) -> Iterable[str]:
    """What failed, what was declared, and what must be known; the legend stands elsewhere."""
    for heading, lines in found.lists.items():
        if heading in ("Failed", "Declared", "To be known"):
            yield from (f"### {heading}", "")
            yield from (f"- {escaped(_cut(line))}" for line in lines[:MOST_TOLD])
            if len(lines) > MOST_TOLD:
                yield f"- and {len(lines) - MOST_TOLD} more, in the results"
            yield ""


def _cut(line: str) -> str:
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE - 1]}…"


def _unproven(rows: Sequence[Row]) -> Iterable[str]:
    yield from NOT_PROVEN
    kinds = {row.kind for row in rows} - {Kind.MEASURED}
    if kinds:
        told = ", ".join(sorted(kinds))
        yield f"What is {told} was not measured on a device, and isn't in the metadata above."
    if not any(_has_quality(row) for row in rows):
        yield "Diagnostic quality wasn't measured: there were no labelled images."
    if any(row.facts is not None and row.facts.patients_separate is False for row in rows):
        yield (
            "The data names no patients: nobody can verify that calibration and evaluation have"
            " none in common."
        )


def _has_quality(row: Row) -> bool:
    facts = row.facts
    return facts is not None and not (facts.mean_auc is None and facts.mean_dice is None)
