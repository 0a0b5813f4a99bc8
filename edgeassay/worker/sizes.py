"""The sizes of inputs that a file leaves open: never a number that nobody gave."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .engine import Refused

OPEN = -1  # a side whose size the file doesn't say

# By an input's name, or "" for each input: the shapes it may be given, the first that fits counts.
Wanted = Dict[str, List[List[int]]]


def is_open(sides: Sequence[int]) -> bool:
    """Whether a shape leaves more open than the batch: its first side, where it has others."""
    return any(side < 0 for side in sides[1:] or sides)


def sized(
    name: str, sides: Sequence[int], wanted: Wanted, batch: int, dtype: Any = "int32"
) -> List[int]:
    """The shape that an input is given: its own, an open batch filled in, and what else is open as
    wanted. Refused where it is open and no shape that fits is wanted.

    No sides at all are those of a single number, or of an input of which the file doesn't say how
    many it has. A flag or an index is taken for one number, and what has fractions isn't.
    """
    given = wanted.get(name, wanted.get("", []))
    shape = next((one for one in given if _fits(sides, one)), None)
    if not sides and given:  # of some, a file doesn't even say how many sides they have
        return list(given[0])
    if not sides and np.dtype(dtype).kind in "fc":
        raise Refused(
            "of its input %r the file doesn't say how many sides it has: give its sizes, as `shape`"
            " in its model.toml or by --shape (%s=1 for a single number)" % (name, name)
        )
    if not is_open(sides):
        whole: List[int] = [int(side) for side in sides]
    elif shape is not None:
        whole = list(shape)
    elif given:
        raise Refused(
            "its input %r takes %s, and %s is given" % (name, told(sides), told(given[0]))
        )
    else:
        raise Refused(
            "its input %r takes %s, which leaves more open than the batch, and both times and"
            " outputs depend on it: give the sizes that it will be used with, as `shape` in its"
            " model.toml or by --shape" % (name, told(sides))
        )
    if len(whole) > 1 and sides[0] < 0:
        whole[0] = batch
    return whole


def _fits(sides: Sequence[int], shape: Sequence[int]) -> bool:
    return len(sides) == len(shape) and all(s in (OPEN, w) for s, w in zip(sides[1:], shape[1:]))


def told(sides: Sequence[Optional[Any]]) -> str:
    """A shape for people: 1x?x?x3."""
    return "x".join("?" if s in (OPEN, None) else str(s) for s in sides) or "one number"
