"""In which lines of a TOML file the value of a key stands.

tomllib tells no places; but the beginning of a file is TOML itself just where no statement is cut
off, so a key stands in the lines with which it first appears.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_LINES: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A value, and the first and the last line of the statement that has it, from 1."""

    value: Any
    first: int
    last: int


def leaves(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its key, written as limits name their source: `limit[0].claim`."""
    for name, value in tables.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Mapping):
            yield from leaves(value, key)
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for number, one in enumerate(value):
                yield from leaves(one, f"{key}[{number}]")
        else:
            yield key, value


def lines_of(text: str) -> dict[str, Leaf]:
    """Every key of a file; nothing of what is no TOML, or too long to be a declaration."""
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        return {}
    found: dict[str, Leaf] = {}
    begun = 1
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            begun = number + 1 if begun == number else begun
            continue
        try:
            tables = tomllib.loads("\n".join(lines[:number]))
        except (ValueError, RecursionError):
            continue  # a statement goes on in the next line
        for key, value in leaves(tables):
            if key not in found:
                found[key] = Leaf(value=value, first=begun, last=number)
        begun = number + 1
    return found


def about(found: Mapping[str, Leaf], key: str) -> list[Leaf]:
    """The statements that decide what a key's value means: its own, and where it stands in one of
    several tables of a name ([[limit]]), all of that table's.
    """
    if key not in found:
        return []
    head, bracket, _ = key.partition("].")
    if not bracket:
        return [found[key]]
    return [leaf for name, leaf in found.items() if name.startswith(f"{head}].")]
