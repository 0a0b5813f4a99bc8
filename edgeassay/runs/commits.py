"""Which saved runs are of a commit, found without reading them whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgeassay.plain_files import MOST_SAVED, open_plain, read_plain
from edgeassay.runs.storage import saved_files

# pytest-benchmark writes the machine and the commit before the benchmarks.
BEGINNING: Final = 1 << 16
KEY: Final = '"commit_info"'


@dataclass(frozen=True, kw_only=True)
class SavedCommit:
    """What a file says of the commit that it is of: its day is the commit's, if it is known."""

    path: Path
    commit: str
    dirty: bool
    day: str


def saved_commits(storage: Path) -> Iterator[SavedCommit]:
    """The commits of the runs in a folder, the last saved first; files that name none are left
    out.
    """
    for path in reversed(saved_files(storage)):
        if (found := _commit_of(path)) is not None:
            yield found


def _commit_of(path: Path) -> SavedCommit | None:
    try:
        with open_plain(path) as file:
            info = _info(file.read(BEGINNING)) or _info(read_plain(path, MOST_SAVED))
    except OSError:
        return None
    if info is None or not isinstance(info.get("id"), str):
        return None
    day = str(info.get("time") or "")[:10]
    return SavedCommit(path=path, commit=info["id"], dirty=bool(info.get("dirty")), day=day)


def _info(content: bytes) -> dict[str, Any] | None:
    """The commit's table, of the beginning of a file; None where it isn't there, or isn't whole."""
    text = content.decode("utf-8", errors="replace")
    start = text.find("{", text.find(KEY) + len(KEY)) if KEY in text else -1
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
