"""How two builds of a network are compared: what may change, and how that is measured."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class Spans:
    """How two sides take turns.

    Both warm up for `warmup_s` or `warmup_rounds`, whichever is less. A span lasts `span_ms`, one
    inference at least. There are from `least` to `most` spans, as many as take `side_s` on each
    side.
    """

    __pydantic_config__ = STRICT
    warmup_s: float
    warmup_rounds: int
    span_ms: float
    least: int
    most: int
    side_s: float


@dataclass(frozen=True, kw_only=True)
class Gate:
    """When a paired comparison stops, and how often it may be wrong.

    `false_alarms` is the probability that a pull request without any slowdown beyond what is
    tolerated fails, over all of its cases; `false_passes` that one with an unacceptable slowdown
    passes. There are at most `looks` at the pairs, and no new pair after `max_time_s`.
    """

    __pydantic_config__ = STRICT
    false_alarms: float
    false_passes: float
    looks: int
    max_time_s: float
