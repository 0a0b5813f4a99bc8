"""Which limits can be meant: one outside its claim's range can't fail, or can't hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Sensible:
    """The range of the limits that a claim can have, and `why` it ends there.

    A limit is `least` or more, or it is more than `above`. It is `most` or less.
    """

    most: float
    why: str
    least: float | None = None
    above: float | None = None

    def has(self, value: float) -> bool:
        """Whether a limit lies in the range; NaN and infinity never do."""
        if self.above is not None and not value > self.above:
            return False
        if self.least is not None and not value >= self.least:
            return False
        return value <= self.most

    def refusal(self, value: float) -> str | None:
        """Why a limit is refused, with the range and what was probably meant; None if it isn't."""
        if self.has(value):
            return None
        meant = next(self._meant(value), None)
        ask = "" if meant is None else f"; did you mean {meant}?"
        return f"it must be {self}, because {self.why}{ask}"

    def _meant(self, value: float) -> Iterator[str]:
        """What was probably meant: a percentage, the other sign, or a unit a thousand times as
        small.
        """
        if value > self.most and self.has(value / 100) and self.most < 100:
            yield f"{value / 100:g} ({value:g} %)"
        if value < 0 and self.has(-value):
            yield f"{-value:g}"
        if value > self.most >= 100 and self.has(value / 1000):
            yield f"{value / 1000:g}"

    def __str__(self) -> str:
        low = f"more than {self.above:g}" if self.above is not None else f"{self.least:g} or more"
        return f"{low} and at most {self.most:g}"


FLAG: Final = Sensible(least=1.0, most=1.0, why="the claim holds or it doesn't")
LOSS: Final = Sensible(least=0.0, most=0.2, why="a larger loss is a failure and not a tolerance")
SMALLER: Final = Sensible(above=0.0, most=2.0, why="it is a share of the reference, which is 1")
SLOWER: Final = Sensible(above=0.0, most=50.0, why="nothing that is 50 times slower is used")
GROWTH: Final = Sensible(least=1.0, most=2.0, why="it is a multiple of the baseline, which is 1")
AUC: Final = Sensible(least=0.5, most=1.0, why="a network that guesses has 0.5")
SHARE: Final = Sensible(least=0.1, most=1.0, why="a network with less than 0.1 doesn't work")
OVERLAP: Final = Sensible(least=0.2, most=1.0, why="unrelated maps share about 0.1 of their places")
ANY_SHARE: Final = Sensible(above=0.0, most=1.0, why="it is a share of all nodes")
GAIN: Final = Sensible(least=-0.2, most=0.5, why="it is a difference of two AUCs")
SHIFT: Final = Sensible(least=0.0, most=10.0, why="no score of a classifier moves further")
STEPS: Final = Sensible(least=0.0, most=6553.0, why="16 bits have 65,536 steps")
KILOBYTES: Final = Sensible(above=0.0, most=65_536.0, why="no microcontroller has more than 64 MB")
MEGABYTES: Final = Sensible(above=0.0, most=65_536.0, why="no device has more than 64 GB for it")
MILLISECONDS: Final = Sensible(above=0.0, most=60_000.0, why="nobody waits longer than a minute")
