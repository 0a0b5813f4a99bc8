"""Which saved run is meant: a file, the last one, or the last one of a commit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from edgeassay.errors import ConfigError, some
from edgeassay.runs.storage import saved_files

NEWEST: Final = "last"
COMMIT: Final = re.compile("[0-9a-f]{4,40}")
SAVE: Final = "save one with `pytest --benchmark --benchmark-autosave`"


def find_run(word: str, storage: Path) -> Path:
    """The file that `word` means: a path, `last`, or the beginning of a commit; of several runs in
    `storage`, a machine's folder, the newest. ConfigError where there is none.
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
    if not COMMIT.fullmatch(word):
        raise ConfigError(
            f"{word} is no file, no commit by its number, and not {NEWEST!r}; name a saved run"
        )
    known: dict[str, None] = {}
    for candidate in reversed(saved):
        commit = _commit(candidate)
        if commit.startswith(word):
            return candidate
        known[commit[:10]] = None
    raise ConfigError(
        f"no run of the commit {word} is saved in {storage} (there: {some(list(known))}); {SAVE}"
    )


def _commit(path: Path) -> str:
    """The commit of a saved run; nothing where its file doesn't say so."""
    try:
        return str(json.loads(path.read_bytes())["commit_info"]["id"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""
