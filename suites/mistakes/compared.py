"""Mistakes in what `edgeassay compare` is given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from suites.meta.project import Project
from suites.meta.saved_files import SavedFile, foreign, git_project, write
from suites.mistakes.breaking import Break, folder, together, written
from suites.mistakes.mistake import READ_ONLY, Mistake

WELL = SavedFile(processes=3)
REMEDY = "give a file that `pytest --benchmark-json` or `--benchmark-save` wrote"


def files(project: Project) -> None:
    """Two saved runs."""
    for name in ("base", "head"):
        WELL.write(project.folder / f"{name}.json")


def edited(change: Callable[[dict[str, Any]], object]) -> Break:
    """Both, and something is changed in head.json."""

    def do(project: Project) -> None:
        files(project)
        document = WELL.document()
        change(document)
        write(project.folder / "head.json", document)

    return do


def durations(value: float) -> Callable[[dict[str, Any]], object]:
    """One of our durations becomes this many ns."""
    return lambda run: run["benchmarks"][0]["extra_info"]["durations_ns"][1].append(value)


def foreign_median(value: float, *, data: bool) -> Break:
    """A foreign run with an impossible duration."""

    def do(project: Project) -> None:
        document = foreign({"test_a": 2.0}, data=data)
        stats = document["benchmarks"][0]["stats"]
        stats["min"] = value
        if data:
            stats["data"][3] = value
        write(project.folder / "base.json", document)
        write(project.folder / "head.json", document)

    return do


def several(path: str, **other: Any) -> Break:
    """A folder with two runs, of which the second has something else."""

    def do(project: Project) -> None:
        WELL.write(project.folder / path / "a.json")
        replace(WELL, **other).write(project.folder / path / "b.json")

    return together(files, do)


def moved(project: Project) -> None:
    """A run in the folder of other hardware."""
    files(project)
    below = project.folder / "runs/ba9876543210/Linux-CPython-3.11-64bit"
    WELL.write(below / "0001_x.json")


def measured(project: Project) -> None:
    """A project under git with a run of its first commit, and none of the second."""
    files(project)
    git_project(project.folder)


def cut(project: Project) -> None:
    """A file that ends in its middle."""
    files(project)
    path: Path = project.folder / "head.json"
    path.write_bytes(path.read_bytes()[:500])


def given(
    name: str,
    broken: Break,
    *words: str,
    what: str,
    where: str = "head.json",
    remedy: str,
    code: int = 2,
    said: int = 1,
) -> Mistake:
    """A side that can't be compared."""
    return Mistake(
        id=f"compare-{name}",
        broken=broken,
        command=("edgeassay", "compare", *(words or ("base.json", "head.json"))),
        code=code,
        what=what,
        where=where,
        remedy=remedy,
        said=said,
    )


def without_benchmarks(run: dict[str, Any]) -> None:
    run["benchmarks"] = []


def twice(run: dict[str, Any]) -> None:
    run["benchmarks"] *= 2


def another_version(run: dict[str, Any]) -> None:
    run["version"] = "3.4.1"


def hand_made_hardware(run: dict[str, Any]) -> None:
    run["machine_info"]["edgeassay"]["hardware"] = {"cpu_model": "A faster one"}


def odd_size(run: dict[str, Any]) -> None:
    run["benchmarks"][0]["extra_info"]["size_bytes"] = -1


MISTAKES = (
    given("truncated", cut, what="is no whole JSON", remedy="save the run again"),
    given(
        "another-tool",
        together(files, written("head.json", json.dumps({"results": [{"time": 1.0}]}))),
        what="is no file of pytest-benchmark",
        remedy=REMEDY,
    ),
    given(
        "a-list",
        together(files, written("head.json", "[1, 2]")),
        what="is no file of pytest-benchmark",
        remedy=REMEDY,
    ),
    given(
        "empty-file",
        together(files, written("head.json", "")),
        what="head.json is empty",
        remedy=REMEDY,
    ),
    given(
        "absent-file",
        files,
        *("base.json", "gone.json"),
        what="gone.json doesn't exist",
        where="gone.json",
        remedy=REMEDY,
    ),
    given(
        "nonsense",
        files,
        *("base.json", "no-such-thing"),
        what="no such file or folder, and no commit",
        where="no-such-thing",
        remedy="give a saved JSON file, a folder",
    ),
    given(
        "empty-folder",
        together(files, folder("runs")),
        *("base.json", "runs"),
        what="runs has no JSON files",
        where="runs",
        remedy="give a saved JSON file, a folder",
    ),
    given(
        "mixed-versions",
        several("runs", version="4.0.0"),
        *("base.json", "runs"),
        what="mixed versions of pytest-benchmark's format (4, 5)",
        where="runs",
        remedy="give the files of one",
    ),
    given(
        "mixed-commits",
        several("runs", commit="0" * 40),
        *("base.json", "runs"),
        what="mixed commits (0000000000, c0ffee0000)",
        where="runs",
        remedy="give the files of one",
    ),
    given(
        "mixed-hardware",
        several("runs", hardware="ba9876543210"),
        *("base.json", "runs"),
        what="mixed kinds of hardware",
        where="runs",
        remedy="give the files of one",
    ),
    given(
        "never-measured",
        measured,
        *("HEAD~1", "HEAD"),
        what="it was never measured",
        where="HEAD~1 (",
        remedy="run `pytest --benchmark --benchmark-autosave` there",
    ),
    given(
        "folder-of-other-hardware",
        moved,
        *("base.json", "runs"),
        what="is of the hardware 0123456789ab, and its folder is named for ba9876543210",
        where="0001_x.json",
        remedy="put it back where it was saved",
    ),
    given(
        "hardware-changed-by-hand",
        edited(hand_made_hardware),
        what="isn't what the fingerprint 0123456789ab is of",
        remedy="save the run again",
    ),
    given(
        "old-format",
        edited(another_version),
        what="is of version 3.4.1",
        remedy="save it again with pytest-benchmark 4 or 5",
    ),
    given(
        "zero-duration",
        edited(durations(0.0)),
        what="has a duration of 0 s",
        remedy="measure it again",
    ),
    given(
        "clock-ran-backwards",
        edited(durations(-5e6)),
        what="has a duration of -0.005 s: a clock stood still or ran backwards",
        remedy="measure it again",
    ),
    given(
        "foreign-clock-ran-backwards",
        foreign_median(-1.0, data=True),
        what="has a duration of -1 s",
        where="base.json",
        remedy="measure it again",
    ),
    given(
        "foreign-summary-of-zero",
        foreign_median(0.0, data=False),
        what="has a duration of 0 s",
        where="base.json",
        remedy="measure it again",
    ),
    given(
        "nothing-timed",
        edited(without_benchmarks),
        what="has no benchmarks",
        remedy="run it with --benchmark",
    ),
    given(
        "one-benchmark-twice",
        edited(twice),
        what="has the benchmark 'chest-int8-litert on host' twice",
        remedy="save one run to a file",
    ),
    given(
        "negative-size", edited(odd_size), what="has size_bytes = -1", remedy="save the run again"
    ),
    given(
        "no-storage",
        files,
        *("base.json", "HEAD", "--storage=nowhere"),
        what="no such folder",
        where="--storage nowhere",
        remedy="name the one that is meant",
    ),
    given(
        "no-baseline",
        files,
        *("baseline", "head.json"),
        code=4,
        what="no baseline of the hardware 0123456789ab",
        where="there: none at all",
        remedy="`edgeassay baseline promote RUN` makes one",
    ),
    given(
        "json-is-an-input",
        files,
        *("base.json", "head.json", "--json=head.json"),
        what="is one of the inputs",
        where="--json head.json",
        remedy="choose another place",
    ),
    given(
        "markdown-is-an-input",
        files,
        *("base.json", "head.json", "--markdown=base.json"),
        what="is one of the inputs",
        where="--markdown base.json",
        remedy="choose another place",
    ),
    given(
        "one-side",
        files,
        "base.json",
        what="Missing argument 'HEAD'",
        where="HEAD",
        remedy="edgeassay compare --help",
    ),
    given(
        "limits-absent",
        files,
        *("base.json", "head.json", "--limits=gone.toml"),
        what="gone.toml doesn't exist",
        where="gone.toml",
        remedy="name a file of limits",
    ),
    Mistake(
        id="compare-json-read-only",
        broken=files,
        command=("edgeassay", "compare", "base.json", "head.json", "--json=place/out.json"),
        code=2,
        what="can't be written: Read-only file system",
        where="place/out.json",
        remedy="choose another place",
        place=READ_ONLY,
    ),
)
