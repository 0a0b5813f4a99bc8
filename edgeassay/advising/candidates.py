"""What is chosen among: variants with what was found out about them, and those left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeassay.spec import Measurement, VariantSpec


class Standing(StrEnum):
    """Whether a variant is what its limits ask for, on the validation split."""

    HOLDS = "holds"
    FAILS = "fails"
    UNSHOWN = "not shown"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A variant that was made and loads.

    `ratio` is its median time by the reference's, `drop` what the mean AUC loses; both are None for
    the reference, and where they couldn't be measured. `broken` says which limits it breaks,
    `unshown` which it was neither shown to keep nor to break. What the model declares is
    `declared`.
    """

    name: str
    spec: VariantSpec
    size_bytes: int
    standing: Standing
    declared: bool = True
    is_reference: bool = False
    p50_ms: float | None = None
    ratio: Measurement | None = None
    auc: float | None = None
    drop: Measurement | None = None
    broken: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()

    @property
    def time(self) -> float | None:
        """Its time by the reference's; None where it isn't known."""
        if self.is_reference:
            return 1.0
        return None if self.ratio is None else self.ratio.value

    @property
    def least_time(self) -> float | None:
        """The lower bound of it, or the value where it has none."""
        if self.ratio is None or self.ratio.low is None:
            return self.time
        return self.ratio.low

    @property
    def most_time(self) -> float | None:
        """The upper bound, likewise."""
        if self.ratio is None or self.ratio.high is None:
            return self.time
        return self.ratio.high

    @property
    def loss(self) -> float | None:
        """What the mean AUC loses; None where it isn't known."""
        if self.is_reference:
            return 0.0
        return None if self.drop is None else self.drop.value


class Reason(StrEnum):
    """Why nothing was found out about a variant."""

    NOT_TRIED = "left out"
    NOT_BUILT = "couldn't be made"
    REFUSED = "doesn't run"
    NOT_EVALUATED = "not evaluated"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A variant, or a way to make one, of which nothing is known, and why."""

    name: str
    reason: Reason
    words: str
