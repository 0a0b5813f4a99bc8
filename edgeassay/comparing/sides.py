"""What BASE and HEAD are: a file, a folder, a commit with saved runs, or a baseline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from edgeassay.comparing.pooling import in_order, latest_claims, pool
from edgeassay.errors import Absent, ConfigError, DataError, some
from edgeassay.machine import this_machine
from edgeassay.progress import Reporter, silent
from edgeassay.project import commit_named
from edgeassay.runs.commits import SavedCommit, saved_commits
from edgeassay.runs.reading import read_run
from edgeassay.runs.records import ClaimRecord
from edgeassay.runs.saved import SavedRun, Timed
from edgeassay.runs.storage import number_of

# The words for baselines, and their files below a folder for each hardware.
BASELINES: Final = {"baseline": "last.json", "released": "released.json"}
FINGERPRINT: Final = re.compile("[0-9a-f]{12}")
SHORT: Final = 10  # digits of a commit, for people
MOST_TOLD: Final = 5
MANY: Final = 20  # files, which take a while
MEASURE: Final = "run `pytest --benchmark --benchmark-autosave` there"
KINDS: Final = (
    "give a saved JSON file, a folder of one build's files, a commit with saved runs, `baseline` or"
    " `released`"
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side: its `runs`, the latest last, all of one build on one kind of hardware."""

    title: str
    runs: Sequence[SavedRun]

    @property
    def latest(self) -> SavedRun:
        """The run that was saved last."""
        return self.runs[-1]

    @cached_property
    def benchmarks(self) -> dict[str, Timed]:
        """What was timed, by key."""
        return pool(self.runs)

    @cached_property
    def claims(self) -> list[ClaimRecord]:
        """What was judged."""
        return latest_claims(self.runs)

    @property
    def remarks(self) -> list[str]:
        """What makes the side less than a clean build."""
        told = []
        for number, what in (
            (sum(run.dirty for run in self.runs), "had uncommitted changes"),
            (sum(not run.complete for run in self.runs), "was cut short"),
        ):
            who = "it" if len(self.runs) == 1 else f"of {len(self.runs)} runs, {number}"
            told += [f"{self.title}: {who} {what}"] if number else []
        return told


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where sides are looked for: `hardware` is whose saved runs and baselines are meant; of other
    hardware they are taken only `across` machines.
    """

    project: Path
    storage: Path
    baselines: Path
    report: Reporter
    across: bool = False
    hardware: str = field(default_factory=lambda: this_machine().fingerprint)


def is_path(word: str) -> bool:
    """Whether a side is a file or a folder."""
    return word not in BASELINES and (Path(word).exists() or word.endswith(".json"))


def open_side(word: str, places: Places) -> Side:
    """The saved runs that BASE or HEAD means. ConfigError or DataError where it means none, Absent
    where they are of other hardware alone, or no baseline was promoted.
    """
    path = Path(word)
    if word in BASELINES:
        return _baseline(word, places)
    if path.is_dir():
        return _folder(path, places)
    if is_path(word):
        return Side(title=word, runs=[_read(path)])
    commit = commit_named(word, places.project)
    if commit is None:
        raise ConfigError(
            f"{word}: no such file or folder, and no commit of {places.project}; {KINDS}"
        )
    return _commit(word, commit, places)


def _read(path: Path) -> SavedRun:
    """A run, which must be of the hardware that its folder is named for."""
    run = read_run(path)
    folder = path.absolute().parent
    if number_of(path) is not None:
        folder = folder.parent  # pytest-benchmark's own lies between
    elif path.name not in BASELINES.values():
        return run
    if FINGERPRINT.fullmatch(folder.name) and folder.name != run.hardware:
        raise DataError(
            f"{path} is of the hardware {run.hardware}, and its folder is named for {folder.name}:"
            " it was moved or changed by hand; put it back where it was saved"
        )
    return run


def _folder(folder: Path, places: Places) -> Side:
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise ConfigError(f"{folder} has no JSON files: no run is saved there; {KINDS}")
    runs = in_order(_read_all(paths, f"reading {folder}", places))
    for what, values in (
        ("versions of pytest-benchmark's format", {_major(run) for run in runs}),
        ("commits", {(run.commit or "none")[:SHORT] for run in runs}),
        ("kinds of hardware", {run.hardware for run in runs}),
    ):
        if len(values) > 1:
            raise DataError(
                f"{folder} has mixed {what} ({some(sorted(values))}): a side is one build on one"
                " machine; give the files of one"
            )
    return Side(title=str(folder), runs=runs)


def _major(run: SavedRun) -> str:
    return run.version.partition(".")[0]


def _read_all(paths: Sequence[Path], label: str, places: Places) -> list[SavedRun]:
    runs = []
    report = places.report if len(paths) > MANY else silent
    with report(label, len(paths)) as advance:
        for path in paths:
            runs.append(_read(path))
            advance(1)
    return runs


def _commit(word: str, commit: str, places: Places) -> Side:
    short = commit[:SHORT]
    title = word if commit.startswith(word) else f"{word} ({short})"
    own = places.storage / places.hardware
    found = [saved for saved in saved_commits(own) if saved.commit == commit]
    folder = own
    if not found:
        folder, found = _elsewhere(title, commit, places)
    clean = [saved for saved in found if not saved.dirty]
    runs = _read_all([saved.path for saved in clean], f"reading runs of {title}", places)
    whole = [run for run in runs if run.complete]
    if not whole:
        dirty, cut = len(found) - len(clean), len(clean)
        why = [f"{dirty} with uncommitted changes"] if dirty else []
        why += [f"{cut} cut short"] if cut else []
        raise ConfigError(
            f"{title}: none of its runs in {folder} can stand for it ({', '.join(why)}); check it"
            f" out, and {MEASURE}, or give a file"
        )
    return Side(title=title, runs=in_order(whole))


def _elsewhere(title: str, commit: str, places: Places) -> tuple[Path, list[SavedCommit]]:
    """The runs of a commit on other hardware; an error says what there is."""
    for folder in sorted(places.storage.glob("*/")):
        found = [saved for saved in saved_commits(folder) if saved.commit == commit]
        if found and places.across:
            return folder, found
        if found:
            raise Absent(
                f"{title}: measured on other hardware alone ({_hardware(found[0].path)}), and this"
                f" is {places.hardware}; {MEASURE} on this one, or see both with --across-machines"
            )
    measured = saved_commits(places.storage / places.hardware)
    raise ConfigError(
        f"{title}: it was never measured: no run of it is saved in"
        f" {places.storage / places.hardware} ({_known(measured)}); check it out, and {MEASURE}"
    )


def _known(measured: Iterable[SavedCommit]) -> str:
    """The commits that were measured last."""
    days: dict[str, str] = {}
    for saved in measured:
        days.setdefault(saved.commit[:SHORT], saved.day)
    if not days:
        return "no run of any commit is"
    told = [f"{commit} of {day}" if day else commit for commit, day in days.items()]
    return f"measured are {some(told, MOST_TOLD)}"


def _hardware(path: Path) -> str:
    """A machine's fingerprint, and its processor where that is known."""
    run = read_run(path)
    model = run.machine.get("cpu_model")
    return f"{run.hardware}, {model}" if model else run.hardware


def _baseline(word: str, places: Places) -> Side:
    name, folder = BASELINES[word], places.baselines
    path = folder / places.hardware / name
    if path.is_file():
        return Side(title=word, runs=[_read(path)])
    others = sorted(folder.glob(f"*/{name}"))
    if others and places.across:
        return Side(title=f"{word} of {others[0].parent.name}", runs=[_read(others[0])])
    there = some([_hardware(other) for other in others]) or "none at all"
    line, option = ("released ", " --released") if word == "released" else ("", "")
    raise Absent(
        f"no {line}baseline of the hardware {places.hardware} in {folder} (there: {there});"
        f" `edgeassay baseline promote RUN{option}` makes one of a saved run"
    )
