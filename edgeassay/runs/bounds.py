"""Bounds of what a file of strangers may hold before its shape is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from edgeassay.errors import DataError

DEEPEST: Final = 64  # levels of objects and lists; our own files have a dozen
MOST_KEYS: Final = 10_000  # of an object
LARGEST: Final = 2**63  # of a number


def check_bounds(found: Any, path: Path, remedy: str) -> None:
    """DataError if a parsed file is nested deeper, has an object with more keys, or larger numbers
    than any run writes, or one that isn't finite.
    """
    level = [found]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                if len(value) > MOST_KEYS:
                    raise DataError(
                        f"{path} has an object of {len(value):,} keys, and no run writes more than"
                        f" {MOST_KEYS:,}; {remedy}"
                    )
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, int) and abs(value) > LARGEST:
                raise DataError(
                    f"{path} has a number of {value.bit_length():,} bits, which no run writes;"
                    f" {remedy}"
                )
            elif isinstance(value, float) and not abs(value) <= LARGEST:
                raise DataError(f"{path} has {value:g} for a number, which no run writes; {remedy}")
        level = below
    if level:
        raise DataError(f"{path} is nested too deeply to be a run's; {remedy}")
