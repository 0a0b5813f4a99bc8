"""Markdown within a limit: whole items in whole sections, the least important left out first, and
what is left out is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edgeassay.errors import ConfigError
from edgeassay.report.markdown import escaped

ROOM: Final = 600  # bytes kept for what is said of what is left out
LEAST: Final = 4_000  # bytes: less has no room for a verdict and one reason


@dataclass(frozen=True, kw_only=True)
class Section:
    """Items below a heading, which are whole Markdown each, such as a list's or rows of a table;
    `before` and `after` are what they need around them. `rank` 0 is kept the longest.
    """

    heading: str
    items: Sequence[str]
    rank: int
    folded: bool = True
    before: Sequence[str] = field(default_factory=tuple)
    after: Sequence[str] = field(default_factory=tuple)

    def lines(self, count: int) -> list[str]:
        """With so many of its items; a heading that says so where they aren't all."""
        left_out = len(self.items) - count
        told = f"{self.heading} ({len(self.items):,})"
        shown = [*self.before, *self.items[:count], *self.after]
        if left_out:
            shown += ["", f"*{left_out:,} more are left out: the limit of this page is reached.*"]
        if self.folded:
            return ["<details>", f"<summary>{told}</summary>", "", *shown, "", "</details>", ""]
        return [f"## {told}", "", *shown, ""]


def fitted(head: Sequence[str], sections: Sequence[Section], limit_bytes: int) -> str:
    """The page, of `limit_bytes` in UTF-8 at most; ConfigError where that is hardly a page."""
    if limit_bytes < LEAST:
        raise ConfigError(
            f"a summary of {limit_bytes:,} bytes has no room for a verdict; give it {LEAST:,}"
        )
    known = [section for section in sections if section.items]
    left = limit_bytes - size(head) - ROOM
    counts: dict[int, int] = {}
    for number in sorted(range(len(known)), key=lambda number: known[number].rank):
        section = known[number]
        counts[number] = _fitting(section, left)
        if counts[number]:
            left -= size(section.lines(counts[number]))
    lines = list(head)
    for number, section in enumerate(known):
        if counts[number]:
            lines += section.lines(counts[number])
    gone = [f"{s.heading} ({len(s.items):,})" for n, s in enumerate(known) if not counts[n]]
    if gone:
        lines += [f"*Left out, for the limit of this page: {_some(gone)}.*", ""]
    return "\n".join(lines)


def _fitting(section: Section, left: int) -> int:
    """How many of a section's items fit, by halving."""
    least, most = 0, len(section.items)
    if size(section.lines(most)) <= left:
        return most
    while least < most:
        middle = (least + most + 1) // 2
        if size(section.lines(middle)) <= left:
            least = middle
        else:
            most = middle - 1
    return least


def _some(names: Sequence[str]) -> str:
    """The first of them that have room."""
    told = ""
    for number, name in enumerate(names):
        if len((told + name).encode()) > ROOM - 150:
            return f"{told} and {len(names) - number:,} more sections".lstrip(", ")
        told += f", {name}" if told else name
    return told


def size(lines: Sequence[str]) -> int:
    """In bytes, with an end of line each."""
    return sum(len(line.encode()) + 1 for line in lines)


def clipped(text: str, most: int) -> str:
    """Text escaped for Markdown, of at most so many bytes: what is longer ends in an ellipsis."""
    whole = escaped(text)
    if len(whole.encode()) <= most:
        return whole
    low, high = 0, min(len(text), most)
    while low < high:
        middle = (low + high + 1) // 2
        if len(escaped(text[:middle]).encode()) <= most - 3:
            low = middle
        else:
            high = middle - 1
    return f"{escaped(text[:low])}…"
