"""A finding about a machine, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters: a note makes times vary, a problem makes them no evidence.

    Unknown is what the system doesn't tell.
    """

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, what was seen, and in one sentence what to do where anything is wrong."""

    about: str
    level: Level
    seen: str
    remedy: str | None = None


def unknown(about: str) -> Finding:
    """What this system doesn't tell."""
    return Finding(about=about, level=Level.UNKNOWN, seen="this system doesn't tell")
