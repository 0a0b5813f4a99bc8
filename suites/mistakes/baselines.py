"""Mistakes in what is promoted, in baselines and in accepted.toml."""

from __future__ import annotations

import json
from dataclasses import replace

from edgeassay.machine import this_machine
from edgeassay.runs.scores import scores_path
from suites.meta.project import IN_A_YEAR, Project
from suites.meta.promotable import HARDWARE, INT8, Run, scores_of
from suites.mistakes.breaking import Break, appended, model, together, written
from suites.mistakes.mistake import READ_ONLY, Mistake

STORAGE = ".assay/benchmarks"
SAVED = f"{STORAGE}/{HARDWARE}/Linux-CPython/0001_run.json"
LAST = f"baselines/{HARDWARE}/last.json"
ACCEPTED = "baselines/accepted.toml"
PROMOTE = ("edgeassay", "baseline", "promote", SAVED)
ENTRY = (
    '[[accepted]]\nmodel = "tiny"\nclaim = "size_ratio"\nreason = "a second output"\n'
    f'owner = "clinical lead"\nexpires = {IN_A_YEAR}\n'
)


def saved(run: Run) -> Break:
    """A run of another machine is saved here."""

    def do(project: Project) -> None:
        run.write(project.folder / STORAGE)

    return do


WELL = saved(Run())


def here(project: Project) -> None:
    """A run of this machine is saved."""
    replace(Run(), hardware=this_machine().fingerprint).write(project.folder / STORAGE)


def damaged_scores(project: Project) -> None:
    """A run whose scores are those of another."""
    run = Run(scores={INT8: scores_of(INT8)})
    run.write(project.folder / STORAGE)
    folder = project.folder / STORAGE / HARDWARE
    scores_path(folder, run.scores[INT8].sha256).write_bytes(b"PK\x03\x04")


def of_another_folder(project: Project) -> None:
    """A baseline that was put into a folder named for this machine."""
    path = project.folder / "baselines" / this_machine().fingerprint / "last.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(Run().document()), encoding="utf-8")


def promoting(
    name: str,
    *,
    what: str,
    remedy: str,
    where: str = SAVED,
    broken: Break = WELL,
    run: str = SAVED,
    options: tuple[str, ...] = (),
    place: str | None = None,
) -> Mistake:
    """A promotion that can't be followed."""
    return Mistake(
        id=f"promote-{name}",
        broken=broken,
        command=("edgeassay", "baseline", "promote", run, *options),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
        place=place,
    )


def accepting(name: str, text: str, *, what: str, remedy: str, where: str = ACCEPTED) -> Mistake:
    """An accepted.toml that can't be followed."""
    return Mistake(
        id=f"accepted-{name}",
        broken=together(WELL, written(ACCEPTED, text)),
        command=PROMOTE,
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


def against(
    name: str, *options: str, what: str, where: str, remedy: str, broken: Break = WELL
) -> Mistake:
    """A run against baselines that can't be followed."""
    return Mistake(
        id=f"baseline-{name}",
        broken=broken,
        command=("pytest", *options),
        code=4,
        what=what,
        where=where,
        remedy=remedy,
    )


MISTAKES = (
    promoting(
        "absent",
        run="nowhere.json",
        what="doesn't exist",
        where="nowhere.json",
        remedy="--benchmark-save",
    ),
    promoting("empty", broken=written(SAVED, ""), what="is empty", remedy="--benchmark-save"),
    promoting(
        "truncated",
        broken=written(SAVED, json.dumps(Run().document())[:900]),
        what="is no whole JSON",
        remedy="save the run again",
    ),
    promoting(
        "of-another-tool",
        broken=written(SAVED, '{"results": []}'),
        what="is no file of pytest-benchmark",
        remedy="--benchmark-save",
    ),
    promoting(
        "foreign",
        broken=written(
            SAVED, json.dumps({k: v for k, v in Run().document().items() if k != "edgeassay"})
        ),
        what="has no claims",
        remedy="promote a run that `pytest --benchmark --benchmark-autosave` saved",
    ),
    promoting(
        "dirty",
        broken=saved(Run(dirty=True)),
        what="of a tree with uncommitted changes",
        remedy="commit them",
    ),
    promoting(
        "cut-short",
        broken=saved(Run(complete=False)),
        what="was cut short",
        remedy="promote a whole run",
    ),
    promoting(
        "without-commit",
        broken=saved(Run(commit="unversioned")),
        what="names no commit",
        remedy="save a run inside version control",
    ),
    promoting(
        "folder",
        run="models",
        what="is a folder",
        where="models",
        remedy="name one run in it",
    ),
    promoting(
        "commit-never-measured",
        broken=here,
        run="beefbeef",
        what="no run of such a commit is saved",
        where="there: c0ffee0000",
        remedy="--benchmark-autosave",
    ),
    promoting(
        "nothing-saved",
        run="last",
        what="last: no run of this machine is saved",
        where=STORAGE,
        remedy="--benchmark-autosave",
    ),
    promoting(
        "scores-damaged",
        broken=damaged_scores,
        what="doesn't hold the scores",
        where="scores/",
        remedy="copy it again",
    ),
    promoting(
        "baseline-damaged",
        broken=together(WELL, written(LAST, '{"version": "5')),
        what="is no whole JSON",
        where=LAST,
        remedy="save the run again",
    ),
    promoting(
        "baseline-by-hand",
        broken=together(WELL, written(LAST, json.dumps(Run().document()))),
        what="doesn't say of each case where it came from",
        where=LAST,
        remedy="take it out of version control",
    ),
    promoting(
        "read-only",
        options=("--baselines", "place"),
        what="can't be written: Read-only file system",
        where="place",
        remedy="choose another place",
        place=READ_ONLY,
    ),
    accepting("key", ENTRY.replace("reason", "reasons"), what="reasons", remedy="'reason'"),
    accepting(
        "claim",
        ENTRY.replace("size_ratio", "sice_ratio"),
        what="accepted[0].claim = 'sice_ratio' is unknown",
        remedy="did you mean 'size_ratio'?",
    ),
    accepting(
        "no-case",
        ENTRY.replace('model = "tiny"\n', ""),
        what="accepted[0] names no case",
        remedy="say which with one of case, model",
    ),
    accepting(
        "no-expiry",
        ENTRY.replace(f"expires = {IN_A_YEAR}\n", ""),
        what="expires' is missing",
        remedy="add it",
    ),
    accepting("no-owner", ENTRY.replace("clinical lead", " "), what="owner", remedy="1 character"),
    accepting(
        "table", ENTRY.replace("[[accepted]]", "[[accept]]"), what="unknown key", remedy="accepted"
    ),
    accepting("no-toml", "[[accepted", what="is no valid TOML", remedy="Expected ']]'"),
    against(
        "without-baseline",
        "--baselines={folder}/baselines",
        what="nothing is judged against it",
        where="--baselines",
        remedy="add --baseline",
    ),
    against(
        "is-a-file",
        *("--baseline", "--baselines={folder}/models/tiny/model.toml"),
        what="it is no folder",
        where="model.toml",
        remedy="name one",
    ),
    against(
        "truncated",
        *("--baseline", "--baselines={folder}/baselines"),
        broken=written(LAST, '{"version": "5'),
        what="is no whole JSON",
        where=LAST,
        remedy="save the run again",
    ),
    against(
        "of-another-folder",
        *("--baseline", "--baselines={folder}/baselines"),
        broken=of_another_folder,
        what=f"is of the hardware {HARDWARE}, and its folder is named for",
        where="last.json",
        remedy="put it back where it was",
    ),
    against(
        "limit-in-model",
        broken=model("[limits]\n", "[limits]\nbaseline_size_ratio = 1.1\n"),
        what="baseline_size_ratio compares with a baseline",
        where="models/tiny/model.toml",
        remedy="set its limit in compare.toml",
    ),
    against(
        "deviation-in-model",
        broken=appended(
            "models/tiny/model.toml",
            '[[deviation]]\nclaim = "baseline_auc_drop"\nreason = "it is known"\n'
            f"expires = {IN_A_YEAR}\n",
        ),
        what="baseline_auc_drop compares with a baseline",
        where="models/tiny/model.toml:deviation[0]",
        remedy="accepted.toml",
    ),
)
