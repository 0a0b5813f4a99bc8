"""How `edgeassay selftest` plants a slowdown."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class Selftest:
    """A worker that is slower by `slowdown`, a share, must be found, and an equal one not.

    The comparison takes a slowdown of `tolerated` for none, and must exclude one of `unacceptable`
    before it says that two are equal. Each process of a pair is timed for `side_s`; no pair begins
    after `max_time_s`.
    """

    __pydantic_config__ = STRICT
    slowdown: float
    tolerated: float
    unacceptable: float
    side_s: float
    max_time_s: float
