"""Which saved run is meant: a file, the last one, or the last one of a commit."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edgeassay.errors import ConfigError, some
from edgeassay.project import commit_named
from edgeassay.runs.commits import saved_commits
from edgeassay.runs.storage import saved_files

NEWEST: Final = "last"
SHORT: Final = 10  # digits of a commit, for people
SAVE: Final = "save one with `pytest --benchmark --benchmark-autosave`"


def find_run(word: str, storage: Path, project: Path) -> Path:
    """The file that `word` means: a path, `last`, or a commit of the project, or the beginning of
    its number; of several runs in `storage`, a machine's folder, the newest that is clean.
    ConfigError where there is none.
    """
    path = Path(word)
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name one run in it")
    if path.exists() or path.suffix == ".json":
        return path
    saved = saved_files(storage)
    if not saved:
        raise ConfigError(f"{word}: no run of this machine is saved in {storage}; {SAVE}")
    if word == NEWEST:
        return saved[-1]
    commit = commit_named(word, project) or word
    found = [one for one in saved_commits(storage) if one.commit.startswith(commit)]
    if found:
        return min(found, key=lambda one: one.dirty).path
    known = dict.fromkeys(one.commit[:SHORT] for one in saved_commits(storage))
    raise ConfigError(
        f"{word} is no file, and no run of such a commit is saved in {storage} (there:"
        f" {some(list(known)) or 'none'}); {SAVE}"
    )
