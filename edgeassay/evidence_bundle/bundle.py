"""A bundle is made whole in a folder beside its place, and renamed there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import edgeassay
from edgeassay.atomic import make_folder, write_text
from edgeassay.config import load_models
from edgeassay.datasets.pictures import FOLDER
from edgeassay.errors import ConfigError, EdgeassayError, why
from edgeassay.evidence_bundle import described, parts
from edgeassay.evidence_bundle.attempts import attempts_of
from edgeassay.evidence_bundle.criteria import criteria_of
from edgeassay.evidence_bundle.git_history import Sources
from edgeassay.evidence_bundle.manifest import is_bundle, write_manifest
from edgeassay.evidence_bundle.materials import bill_of, check_installed, problem_with
from edgeassay.evidence_bundle.page import page_of
from edgeassay.evidence_bundle.parts import Part
from edgeassay.evidence_bundle.predictions import (
    PREDICTIONS,
    Kept,
    keep_predictions,
    rounds_of,
    times_of,
)
from edgeassay.evidence_bundle.separation import DataRecord, data_record
from edgeassay.evidence_bundle.signing import check_key, sign
from edgeassay.evidence_bundle.together import warnings_of, warnings_since
from edgeassay.evidence_bundle.validation import validation_of
from edgeassay.evidence_bundle.warned import warnings_about
from edgeassay.matrix_report.rows import Run, merge
from edgeassay.privacy import Redactor, redactor
from edgeassay.progress import Reporter, silent
from edgeassay.project import CHECKOUT, repository_of
from edgeassay.report.attempts import LEDGER, read_attempts
from edgeassay.report.decision import decided_runs
from edgeassay.report.reading import read_results
from edgeassay.report.redaction import redacted
from edgeassay.report.results import sealed, write_document
from edgeassay.spec import ModelSpec
from edgeassay.temporary import temporary_folder


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a bundle is made of beside the runs.

    `root` is the project's folder. `redactor` keeps names out, unless it is `identified`. `base` is
    a revision since which limits and models mustn't both have changed; `key` an SSH key to sign
    with; `page` makes report.html of the runs. `selftests` are files of `edgeassay selftest
    --json`; without one of this machine it is run now. `attempts` is the ledger, that of the
    project where it is None; `benchmarks` are files of `pytest --benchmark-json`; `artifacts` is
    the folder of those that were judged, with their manifests (else the project's cache).
    """

    root: Path
    redactor: Redactor
    base: str | None = None
    key: Path | None = None
    page: Callable[[Sequence[Run]], str] | None = None
    selftests: tuple[Path, ...] = ()
    attempts: Path | None = None
    benchmarks: tuple[Path, ...] = ()
    artifacts: Path | None = None
    models_dirs: tuple[Path, ...] = ()
    data_root: Path | None = None
    report: Reporter = silent


@dataclass(frozen=True, kw_only=True)
class Written:
    """A bundle that is there: what a reviewer must be told of it, and whether it is signed."""

    folder: Path
    warnings: tuple[str, ...]
    signed: bool


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything that the page and the files tell, by the parts' paths."""

    documents: Mapping[str, Any]
    warnings: tuple[str, ...]
    runs: tuple[Run, ...]
    further: Mapping[str, str] = field(default_factory=dict)


def write_bundle(folder: Path, files: Sequence[Path], asked: Asked) -> Written:
    """Write the evidence of some runs, by their results files, to a folder: whole or not at all.

    ConfigError where the folder holds anything but an earlier bundle, where the key signs nothing,
    or where a run's model isn't as declared.
    """
    if not files:
        raise ConfigError("an evidence bundle is of runs; give their results")
    check_installed()
    check_place(folder)
    if asked.key is not None:
        check_key(asked.key)
    if asked.base is not None and not _sources(asked).know(asked.base):
        raise ConfigError(f"--base {asked.base}: git knows no such revision here; name another")
    runs = [Run(where=str(path), results=read_results(path)) for path in files]
    merge(runs)  # says where two of them judge the same case
    place = folder.absolute()
    try:
        make_folder(place.parent)
        with temporary_folder(place.parent) as scratch:
            made = scratch / "bundle"
            made.mkdir()
            warnings = _fill(made, runs, asked)
            if asked.key is not None:
                sign(made, asked.key)
            made.chmod(0o755)
            _put(made, place, scratch / "before")
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be written: {why(error)}; choose another place"
        ) from None
    return Written(folder=folder, warnings=tuple(warnings), signed=asked.key is not None)


def check_place(folder: Path) -> None:
    """ConfigError where a folder may not be replaced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigError(f"{folder} can't be written: it is no folder; choose another place")
    try:
        used = folder.is_dir() and any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"{folder} can't be read: {why(error)}; choose another place") from None
    if used and not is_bundle(folder):
        raise ConfigError(
            f"{folder} holds something else than an evidence bundle, and isn't overwritten; choose"
            " another place, or remove it"
        )


def _put(made: Path, place: Path, before: Path) -> None:
    """Rename the bundle to its place; an earlier one goes with the scratch folder."""
    if place.exists():
        place.rename(before)
    try:
        made.rename(place)
    except OSError:
        if before.exists():
            before.rename(place)
        raise


def _fill(made: Path, runs: Sequence[Run], asked: Asked) -> list[str]:
    """Every file of the bundle; returns what a reviewer must be told."""
    kept: list[Kept] = []
    named = []
    for number, run in enumerate(runs, start=1):
        name = f"run-{number}"
        kept += keep_predictions(made / PREDICTIONS, run, name)
        results = redacted(run.results, asked.redactor)
        if asked.redactor.identified:
            results = results.model_copy(update={"identified": True})
        write_document(made / parts.RESULTS / f"{name}.json", sealed(results))
        results = results.model_copy(update={"digest": run.results.digest})
        named.append(Run(where=name, results=results))
    contents = _contents(named, kept, asked)
    for path, document in contents.documents.items():
        _write(made / path, document)
    for path, text in contents.further.items():
        write_text(made / path, text)
    write_text(made / parts.PAGE, page_of(contents.documents, _summary(contents, asked)))
    _write(made / parts.SUMMARY, _summary(contents, asked))
    if asked.page is not None:
        write_text(made / parts.REPORT, asked.page(named))
    write_manifest(made, edgeassay.__version__)
    return list(contents.warnings)


def _contents(runs: Sequence[Run], kept: list[Kept], asked: Asked) -> Contents:
    """All documents, with nobody's name in them unless that was asked for."""
    files = _sources(asked)
    criteria = criteria_of(runs, files)
    commits = {run.where: run.results.commit for run in runs}
    together = warnings_of(criteria, commits, files)
    if asked.base is not None:
        together += warnings_since(asked.base, criteria, commits, files)
    digests = {c.artifact_sha256 for r in runs for c in r.results.cases if c.artifact_sha256}
    kept_in = asked.artifacts or asked.root / ".assay" / "artifacts"
    manifests = described.manifests_in(kept_in, digests)
    data = _data(runs, asked)
    attempts = attempts_of(read_attempts(asked.attempts or asked.root / LEDGER), runs, criteria)
    validation = validation_of(runs, asked.selftests, asked.report)
    bill = bill_of(runs, manifests)
    rounds = [row for path in asked.benchmarks for row in rounds_of(path)]
    documents: dict[Part, Any] = {
        parts.MODIFICATIONS: described.modifications_of(runs, manifests),
        parts.CRITERIA: {"limits": _plain(criteria), "warnings": together},
        parts.DATA: _plain(data),
        parts.ATTEMPTS: _plain(attempts),
        parts.VALIDATION: _plain(validation),
        parts.VERDICTS: described.verdicts_of(runs),
        parts.DEVIATIONS: described.deviations_of(runs),
        parts.MACHINES: described.machines_of(runs),
        parts.PREDICTED: _plain(kept),
        parts.TIMES: {"summaries": times_of(runs), "rounds": _plain(rounds)},
    }
    told = [
        *together,
        *warnings_about(
            runs=runs,
            criteria=criteria,
            data=data,
            attempts=attempts,
            validation=validation,
            kept=kept,
        ),
    ]
    if (problem := problem_with(bill)) is not None:
        raise EdgeassayError(f"the bill of materials isn't valid CycloneDX: {problem}; report it")
    return Contents(
        documents={part.path: asked.redactor.value(d) for part, d in documents.items()},
        warnings=tuple(asked.redactor.value(told)),
        runs=tuple(runs),
        further={parts.MATERIALS.path: _text_for_others(bill, asked)},
    )


def _sources(asked: Asked) -> Sources:
    """Where the files may lie that limits name: they are named from the root of the project, or of
    the repository that somebody works in or has models in.
    """
    here = Path.cwd()
    folders = [asked.root, repository_of(here) or here]
    for folder in asked.models_dirs:
        folders += [folder.absolute().parent, repository_of(folder) or folder]
    return Sources(tuple(dict.fromkeys((*folders, CHECKOUT))))


def _data(runs: Sequence[Run], asked: Asked) -> list[DataRecord]:
    """Each model's data, where it is here."""
    judged: dict[str, set[str]] = {}
    sampled: set[str] = set()
    for run in runs:
        for record in run.results.scores:
            judged.setdefault(record.case.model, set()).add(record.data_sha256)
        for case in run.results.cases:
            judged.setdefault(case.case.model, set())
            if case.evaluated_images != case.split_images:
                sampled.add(case.case.model)
    models, keyed = _models(asked), redactor(asked.root)  # no patient is named, whoever asks
    return [
        data_record(
            models.get(name),
            name,
            digests,
            data_root=asked.data_root,
            redactor=keyed,
            sampled=name in sampled,
            kept_in=asked.root / ".assay" / "predictions" / FOLDER,
        )
        for name, digests in judged.items()
    ]


def _models(asked: Asked) -> dict[str, ModelSpec]:
    """The models that are declared here."""
    own = asked.root / "models"
    folders = [own] if any(own.glob("*/model.toml")) else []
    return load_models([*folders, *asked.models_dirs], asked.root)


def _summary(contents: Contents, asked: Asked) -> dict[str, Any]:
    """What the bundle is, in one file for machines."""
    every = [one for name, one in vars(parts).items() if isinstance(one, Part)]
    return {
        "schema": 1,
        "what": "edgeassay evidence bundle",
        "edgeassay": edgeassay.__version__,
        "written": datetime.now(UTC).isoformat(),
        "identified": asked.redactor.identified,
        "base": asked.base,
        "report": asked.page is not None,
        "runs": [run.where for run in contents.runs],
        "decision": decided_runs(run.results for run in contents.runs).word,
        "variants": described.variants_of(contents.runs),
        "warnings": list(contents.warnings),
        "parts": [{"path": p.path, "title": p.title, "section": p.section} for p in every],
    }


def _plain(records: Any) -> Any:
    """Records as JSON has them."""
    if isinstance(records, BaseModel):
        return records.model_dump(mode="json", by_alias=True)
    return [_plain(one) for one in records]


def _text_for_others(text: str, asked: Asked) -> str:
    """A JSON document without names of paths, hosts and users, unless they were asked for."""
    return json.dumps(asked.redactor.value(json.loads(text)), indent=2) + "\n"


def _write(path: Path, document: Any) -> None:
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
