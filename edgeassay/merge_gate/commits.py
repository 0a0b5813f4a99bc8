"""Commits, in words."""

from __future__ import annotations

from typing import Final

SHORT: Final = 12  # characters of a commit that are shown


def other_commit(found: str | None, commit: str) -> str:
    """That a file is of another commit than that which is to be merged, in words."""
    was = "names no commit" if found is None else f"is of commit {found[:SHORT]}"
    return f"{was}, and {commit[:SHORT]} is to be merged; run it on that"
