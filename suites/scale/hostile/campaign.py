"""Thousands of damaged inputs, and what became of each."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.temporary import PREFIX
from suites.mistakes.mistake import LEAKS
from suites.scale.hostile.forks import Ended, in_fork
from suites.scale.hostile.formats import Way

LIMIT_S: Final = 60.0
REFUSED: Final = 2
# Exit codes of a command that took the input, and found that a claim doesn't hold or can't be
# decided.
DECIDED: Final = (1, 3, 4)
# `check-data` says it of each image, in its table.
SENTENCE: Final = re.compile(r"^edgeassay: \S|, \d+ unreadable; ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that must not happen: where, with which input, and what."""

    where: str
    number: int
    what: str


@dataclass(kw_only=True)
class Tally:
    """What became of inputs, and the longest that one took."""

    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    decided: int = 0
    longest_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)


def counts(ways: Sequence[Way], inputs: int) -> dict[Way, int]:
    """How many inputs each way gets: by its share, and all of them together."""
    return dict(zip(ways, shared(inputs, [way.share for way in ways]), strict=True))


def shared(whole: int, shares: Sequence[float]) -> list[int]:
    """A number in whole parts, as near to the shares as their sum allows."""
    bounds = np.rint(whole * np.cumsum([0.0, *shares]) / max(sum(shares), 1e-9)).astype(int)
    return [int(part) for part in np.diff(bounds)]


def available(ways: Sequence[Way]) -> list[Way]:
    """Those whose libraries are installed."""
    return [way for way in ways if way.needs is None or find_spec(way.needs) is not None]


def damage(way: Way, inputs: int, seed: int, scratch: Path) -> Tally:
    """Damage a way's files `inputs` times, each drawn by the seed and its number."""
    folder = scratch / re.sub(r"\W+", "-", f"{way.format}-{way.name}")
    folder.mkdir(parents=True)
    made = in_fork(lambda: way.prepare(folder), folder, limit_s=10 * LIMIT_S)
    files = [path for name in way.files for path in sorted(folder.glob(name))]
    assert files, f"{way.name} has no files: {made}"
    tally = Tally()
    whole = in_fork(way.work(folder, files[0]), folder, limit_s=LIMIT_S)
    if whole.code not in (0, *DECIDED) or whole.err.count("Traceback"):
        tally.faults.append(
            Fault(where=way.name, number=-1, what=f"whole files are refused: {whole.err[-500:]}")
        )
    _tidy(folder)
    for number in range(inputs):
        rng = np.random.default_rng([seed, number, *way.name.encode()])
        path = files[int(rng.integers(len(files)))]
        before = path.read_bytes()
        path.write_bytes(way.mutate(rng, before))
        try:
            ended = in_fork(way.work(folder, path), folder, limit_s=LIMIT_S)
            green = _wrongly_green(way, folder, path, before) if ended.code == 0 else None
            _count(tally, Input(way=way, number=number, ended=ended, folder=folder, green=green))
        finally:
            path.write_bytes(before)
            _tidy(folder)
    return tally


def _wrongly_green(way: Way, folder: Path, path: Path, before: bytes) -> str | None:
    try:
        return way.green(folder, path, before)
    except Exception as error:  # noqa: BLE001 - what can't be read by other means isn't right
        return f"it can't be read: {error!r}"


@dataclass(frozen=True, kw_only=True)
class Input:
    """A damaged input, how its command ended, and why that must not be green, if it mustn't."""

    way: Way
    number: int
    ended: Ended
    folder: Path
    green: str | None


def _count(tally: Tally, one: Input) -> None:
    ended = one.ended
    tally.inputs += 1
    tally.longest_s = max(tally.longest_s, ended.seconds)
    faults = list(faults_of(ended, one.folder))
    if one.green is not None:
        faults.append(f"green, and it must not be: {one.green}")
    if faults:
        where = f"{one.way.format} {one.way.name}"
        tally.faults += [Fault(where=where, number=one.number, what=what) for what in faults]
    elif ended.code == 0:
        tally.accepted += 1
    elif ended.code == REFUSED:
        tally.refused += 1
    else:
        tally.decided += 1


def faults_of(ended: Ended, folder: Path) -> Iterator[str]:
    """What must not happen, whatever the input is."""
    shown = ended.out + ended.err
    if ended.late:
        yield f"it hung: ended after {ended.seconds:.0f} s"
    elif ended.code < 0:
        yield f"its process ended by signal {-ended.code}"
    leak = LEAKS.search(shown)
    if leak is not None:
        yield f"it shows {shown[leak.start() :][-600:]!r}"
    elif ended.code == REFUSED and SENTENCE.search(shown) is None:
        yield f"it is refused without a sentence: {shown[-300:]!r}"
    elif ended.code not in (0, REFUSED, *DECIDED) and ended.code >= 0:
        yield f"it ended with {ended.code}: {shown[-300:]!r}"
    for orphan in ended.orphans:
        yield f"it left a process: {orphan}"
    yield from left_behind(folder)


def left_behind(folder: Path) -> Iterator[str]:
    """Temporaries in a folder, and files that aren't whole."""
    for path in (folder / "tmp").iterdir():
        if path.suffix != ".lock":  # that file stays: who waits for it has it open
            yield f"it left {path.name} in the folder of temporary files"
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(PREFIX):
            yield f"it left {path.relative_to(folder)}"
    for path in sorted(folder.glob("out*")):
        reason = half_written(path)
        if reason is not None:
            yield f"{path.relative_to(folder)} is half written: {reason}"


def half_written(path: Path) -> str | None:
    """Why a file, or one in a folder, isn't whole; None if all are."""
    if path.is_dir():
        return next((half_written(one) for one in path.rglob("*") if one.is_file()), None)
    check = WHOLE.get(path.suffix)
    try:
        if check is not None:
            check(path)
    except (ValueError, OSError, ET.ParseError, zipfile.BadZipFile, csv.Error) as error:
        return f"{path.name}: {error}"
    return None


def _check_csv(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    widths = {len(row) for row in csv.reader(io.StringIO(text), strict=True)}
    if len(widths) != 1 or not text.endswith("\n"):
        raise ValueError("its rows aren't alike, or the last isn't whole")


def _check_npz(path: Path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]


def _check_end(path: Path) -> None:
    if not path.read_text(encoding="utf-8").endswith("\n"):
        raise ValueError("its last line isn't whole")


def _check_page(path: Path) -> None:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("its end isn't there")


WHOLE: Final[Mapping[str, Callable[[Path], object]]] = {
    ".json": lambda path: json.loads(path.read_bytes()),
    ".toml": lambda path: tomllib.loads(path.read_text(encoding="utf-8")),
    ".xml": ET.parse,
    ".svg": ET.parse,
    ".csv": _check_csv,
    ".npz": _check_npz,
    ".md": _check_end,
    ".html": _check_page,
}


def _tidy(folder: Path) -> None:
    """Remove what a command has written, so that the next one starts as this one did."""
    for path in folder.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (folder / "tmp").iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
