"""How `edgeassay advise` chooses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeassay.spec.data import STRICT


class Prefer(StrEnum):
    """What is wanted of a variant whose quality holds."""

    LATENCY = "latency"
    SIZE = "size"


@dataclass(frozen=True, kw_only=True)
class Advising:
    """The numbers of the rule.

    A variant that takes more than `slow` times as long as the reference in `slow_rounds`
    inferences isn't evaluated where another is smaller. Sizes that differ by less than the share
    `same_size` are alike. So many `calibration_images` are taken at most where nobody says.
    """

    __pydantic_config__ = STRICT
    slow: float
    slow_rounds: int
    same_size: float
    calibration_images: int
