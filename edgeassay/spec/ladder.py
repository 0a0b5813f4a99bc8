"""A ladder of networks of growing size, and how two runtimes are timed on it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The networks and the timing of `edgeassay break-even`.

    Each network has an image of `side` pixels a side, a convolution that halves it, and `layers`
    more, all of one of the `widths`. Both runtimes are timed in `processes` fresh processes each,
    on every network in `turns` turns of `turn_s`, from `least_rounds` to `most_rounds` inferences
    each. Networks beyond one whose inference takes `longest_s` are left out. A fit that misses a
    measured time by more than `misfit` of it is said to.
    """

    __pydantic_config__ = STRICT
    side: int
    layers: int
    widths: tuple[int, ...]
    processes: int
    turns: int
    turn_s: float
    least_rounds: int
    most_rounds: int
    warmup_rounds: int
    longest_s: float
    misfit: float
