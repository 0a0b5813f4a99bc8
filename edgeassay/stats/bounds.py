"""A value with a lower and an upper bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """A value, and its bounds, each one-sided."""

    value: float
    low: float
    high: float
