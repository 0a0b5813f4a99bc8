"""Which saved runs a history is of."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from edgeassay.config import choose, nearest
from edgeassay.errors import ConfigError, DataError, why
from edgeassay.runs.storage import saved_files
from edgeassay.runs.summaries import RunSummary, Summaries

SAVE_SOME: Final = "save some with `pytest --benchmark --benchmark-autosave`"


def given_files(paths: Sequence[Path]) -> list[Path]:
    """The files that paths name: of a folder the saved runs in it and below, by pytest-benchmark's
    names, and every other JSON where none has such a name. ConfigError where there is no path.
    """
    found: dict[Path, None] = {}
    for path in paths:
        try:
            path.stat()
            found |= dict.fromkeys(_saved_in(path) if path.is_dir() else [path])
        except FileNotFoundError:
            raise ConfigError(
                f"{path} doesn't exist; give files or folders of saved runs"
            ) from None
        except OSError as error:
            raise ConfigError(
                f"{path} can't be read: {why(error)}; give files or folders of saved runs"
            ) from None
    return list(found)


def stored_files(storage: Path, fingerprints: Sequence[str]) -> list[Path]:
    """The saved runs of machines in a storage, which has a folder for each."""
    return [path for one in fingerprints for path in _saved_in(storage / one)]


def stored_machines(storage: Path) -> list[str]:
    """The fingerprints of the machines that a storage has runs of."""
    try:
        folders = sorted(path for path in storage.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(
            f"{storage} can't be read: {why(error)}; give a folder of saved runs"
        ) from None
    return [folder.name for folder in folders if _saved_in(folder)]


def _saved_in(folder: Path) -> list[Path]:
    return saved_files(folder) or sorted(p for p in folder.rglob("*.json") if p.is_file())


def check_places(summaries: Summaries, storage: Path) -> Summaries:
    """Without runs that lie in another machine's folder of a storage."""
    runs, left_out = [], list(summaries.left_out)
    for run in summaries.runs:
        folder = run.where.relative_to(storage).parts[0]
        if folder == run.hardware:
            runs.append(run)
        else:
            left_out.append(
                f"{run.where} was measured on {run.hardware} and lies in the folder of {folder};"
                " move it back"
            )
    return Summaries(runs=tuple(runs), left_out=tuple(left_out))


def check_any(summaries: Summaries) -> None:
    """DataError where there are files, and none can be summarised."""
    if summaries.left_out and not summaries.runs:
        first, *others = summaries.left_out
        more = f" (and {len(others):,} more can't be used either)" if others else ""
        raise DataError(f"{first}{more}")


def chosen_machines(
    runs: Sequence[RunSummary], fingerprints: Sequence[str]
) -> dict[str, list[RunSummary]]:
    """Each wanted machine's runs in the order of time; ConfigError where one has none."""
    found: dict[str, list[RunSummary]] = {}
    for run in runs:
        found.setdefault(run.hardware, []).append(run)
    return {name: found[name] for name in choose("fingerprint", fingerprints, sorted(found))}


def chosen_benchmarks(runs: Sequence[RunSummary], pattern: str | None) -> list[RunSummary]:
    """Runs with the benchmarks that a shell-style pattern matches, without those that have none;
    ConfigError where it matches none at all.
    """
    if pattern is None:
        return list(runs)
    kept = []
    for run in runs:
        points = tuple(p for p in run.points if fnmatchcase(p.name, pattern))
        if points:
            kept.append(run.with_points(points))
    if not kept:
        names = sorted({point.name for run in runs for point in run.points})
        raise ConfigError(f"--benchmark {pattern} matches no benchmark; {nearest(pattern, names)}")
    return kept
