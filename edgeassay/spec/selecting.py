"""How a width is selected while a network runs."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class Selecting:
    """The numbers of the rule.

    A wider sub-network is tried where it would have taken at most a share of `head_room` of the
    budget after each of `patience` inferences in a row. One that misses it within as many is tried
    again after twice as many, up to `most_patience`. `edgeassay select` times the widths in
    turn, in `rounds` inferences of each of so many fresh `processes`, after `warmup_rounds` that
    are thrown away.
    """

    __pydantic_config__ = STRICT
    head_room: float
    patience: int
    most_patience: int
    rounds: int
    warmup_rounds: int
    processes: int
