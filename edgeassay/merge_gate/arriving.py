"""The files that a gate is given: found, opened within bounds, and refused one by one."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edgeassay.ab.reading import AbRecord, read_ab
from edgeassay.config import nearest
from edgeassay.errors import ConfigError, DataError, EdgeassayError, why, why_no_json
from edgeassay.matrix_report.rows import Run
from edgeassay.merge_gate.paired import check_ab
from edgeassay.merge_gate.trusting import check_trusted
from edgeassay.plain_files import MOST_RESULTS, read_plain
from edgeassay.report.reading import read_results
from edgeassay.runs.records import plain

# Bounds of what a folder of downloads may hold: more is nobody's gate.
MOST_FILES: Final = 2_000
MOST_TOGETHER: Final = 4 * MOST_RESULTS
RESULTS: Final = "results"  # how a name begins that is a results file's whatever it holds


@dataclass(frozen=True, kw_only=True)
class ArrivedRun:
    """A results file; `leg` is the one that it was given for, None where it says so itself."""

    run: Run
    leg: str | None


@dataclass(frozen=True, kw_only=True)
class ArrivedAb:
    """What `edgeassay ab --json` wrote."""

    where: str
    file: AbRecord
    leg: str | None


@dataclass
class Arrived:
    """All that came; `refused` has a sentence and the file for each that isn't taken."""

    runs: list[ArrivedRun] = field(default_factory=list)
    abs: list[ArrivedAb] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Given:
    path: Path
    leg: str | None
    from_folder: bool

    @property
    def where(self) -> str:
        """How messages name it: relative to here where it lies below."""
        try:
            return plain(self.path.resolve().relative_to(Path.cwd()).as_posix())
        except ValueError:
            return plain(self.path.as_posix())


def read_arrived(words: Sequence[str], paired: Sequence[str], legs: Iterable[str]) -> Arrived:
    """What PATH and LEG=PATH name, and what is in folders; ConfigError where a path or a leg isn't
    there. `paired` are those that must be files of `edgeassay ab`.
    """
    known, found = tuple(legs), Arrived()
    taken: dict[Path, str | None] = {}
    for word in (*words, *paired):
        for given in _given(word, known, found):
            place = given.path.resolve()
            if place in taken:
                if given.leg not in (None, taken[place]):
                    raise ConfigError(
                        f"{given.where} is given for the legs {taken[place]!r} and {given.leg!r};"
                        " give it for one"
                    )
                continue
            taken[place] = given.leg
            _take(given, found, must_pair=word in paired and not given.from_folder)
    return found


def _given(word: str, legs: Sequence[str], found: Arrived) -> Iterator[_Given]:
    """The files that a word of the command line names."""
    path, leg = Path(word), None
    name, equals, rest = word.partition("=")
    if equals and (name in legs or not path.exists()):
        if name not in legs:
            raise ConfigError(f"{word}: {name!r} is no leg; {nearest(name, legs)}")
        path, leg = Path(rest), name
    if path.is_dir():
        files = list(_below(path, found))
        if not files:
            found.notes.append(f"{plain(path.as_posix())} holds no *.json")
        yield from (_Given(path=file, leg=leg, from_folder=True) for file in files)
    elif path.exists():
        yield _Given(path=path, leg=leg, from_folder=False)
    else:
        raise ConfigError(
            f"{plain(word)}: no such file or folder; give results.json files, or the folders that"
            " they were downloaded into"
        )


def _below(folder: Path, found: Arrived) -> Iterator[Path]:
    """Every *.json below a folder, links left out: a download points to nothing outside itself."""
    paths, together = [], 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.suffix != ".json":
                continue
            if path.is_symlink() or not path.is_file():
                found.refused.append(
                    (plain(path.as_posix()), f"{plain(path.as_posix())} is no plain file")
                )
                continue
            paths.append(path)
            together += path.stat().st_size
    if len(paths) > MOST_FILES or together > MOST_TOGETHER:
        raise DataError(
            f"{folder} holds {len(paths):,} *.json files of {together:,} bytes, and a gate reads"
            f" {MOST_FILES:,} of {MOST_TOGETHER:,} at most; give the results alone"
        )
    return iter(sorted(paths))


def _take(given: _Given, found: Arrived, *, must_pair: bool) -> None:
    """Read one file into what it is; a refusal is kept beside those that are taken."""
    try:
        shape = frozenset(_document(given))
        if "claims" not in shape and (must_pair or _is_ab(shape)):
            file = read_ab(given.path)
            check_ab(given.where, file)
            found.abs.append(ArrivedAb(where=given.where, file=file, leg=given.leg))
            return
        if must_pair:
            raise DataError(
                f"{given.where} is no file of `edgeassay ab --json`; give one, or leave --ab out"
            )
        if given.from_folder and "claims" not in shape and not _named_results(given.path):
            found.notes.append(f"{given.where} is no results file, and left out")
            return
        results = read_results(given.path)
        check_trusted(given.where, results)
    except EdgeassayError as error:
        sentence = plain(str(error)).replace(plain(str(given.path)), given.where)
        found.refused.append((given.where, sentence))
        return
    except RecursionError:
        found.refused.append((given.where, f"{given.where} is nested too deeply to be a run's"))
        return
    run = Run(where=given.where, results=results)
    found.runs.append(ArrivedRun(run=run, leg=given.leg))


def _named_results(path: Path) -> bool:
    return path.name.startswith(RESULTS)


def _is_ab(shape: Collection[str]) -> bool:
    return {"base", "head", "cases", "verdict"} <= set(shape)


def _document(given: _Given) -> Mapping[str, Any]:
    """The JSON object in a file; DataError where there is none, or it is too large to be ours."""
    where = given.where
    try:
        found = json.loads(read_plain(given.path, MOST_RESULTS))
    except OSError as error:
        raise DataError(
            f"{where} can't be read: {why(error)}; give a results.json that `pytest` left"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{where} is no whole JSON ({why_no_json(error)}); give a results.json that"
            " `pytest` left"
        ) from None
    if not isinstance(found, dict):
        if given.from_folder and not _named_results(given.path):
            return {}
        raise DataError(f"{where} is no edgeassay results file; give one that `pytest` left")
    return found
