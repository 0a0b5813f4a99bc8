"""What a gate over several machines expects: its legs, and who answers for what stands aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from edgeassay.spec.claims import Case, Kind
from edgeassay.spec.data import STRICT

# As pytest's option --inconclusive has it.
Inconclusive = Literal["fail", "fail-untimed", "warn"]


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A place where claims must be judged, and what is expected of it.

    `architecture` is that of what runs the artifacts; without a `device`, its profile is the one
    that recognises a machine of that architecture. `models` None are all that the project declares,
    and `variants` and `runtimes` without names all that a model declares. Numbers of another `kind`
    never count for it. Of a leg that isn't `timed` no claim about time must be decided; with `ab`
    two builds must have been timed in turn there, without a slowdown. So many `images` of each
    split suffice; None are all, or as many as the device's profile says.
    """

    id: str
    architecture: str
    source: str
    device: str | None = None
    fingerprint: str | None = None
    kind: Kind = Kind.MEASURED
    models: tuple[str, ...] | None = None
    variants: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    images: int | None = None
    timed: bool = True
    ab: bool = False
    inconclusive: Inconclusive = "fail-untimed"


@dataclass(frozen=True, kw_only=True)
class Excusing:
    """What an excuse must say: a reason of `least_words` different words, which together have
    `least_letters`, and a day at most `most_days` ahead.
    """

    __pydantic_config__ = STRICT
    least_words: int
    least_letters: int
    most_days: int


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """Somebody's word that a leg, or a part of it, may lack or fail until `expires`.

    `owner` is a role. What is waived is shown, and never counts as a pass.
    """

    leg: str
    reason: str
    owner: str
    expires: date
    source: str
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is about all of its leg."""
        return self.model is None and self.variant is None and self.runtime is None

    def covers(self, leg: str, case: Case | None) -> bool:
        """Whether it is about a case of a leg, or about the leg itself; expired or not."""
        if leg != self.leg:
            return False
        if case is None:
            return self.whole
        wanted = (
            (self.model, case.model),
            (self.variant, case.variant),
            (self.runtime, case.runtime),
        )
        return all(name in (None, actual) for name, actual in wanted)

    def holds(self, today: date) -> bool:
        """Whether it excuses anything yet."""
        return today <= self.expires


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Somebody's word that a commit may loosen `what` judges it: a file, or a file and a key.

    `owner` is a role. It counts for the commit alone that brings it.
    """

    what: str
    reason: str
    owner: str
    source: str

    def covers(self, what: str) -> bool:
        """Whether it is about that file or key, or about what these are in."""
        inside = (f"{self.what}:", f"{self.what}/", f"{self.what}.")
        return what == self.what or what.startswith(inside)

    def says(self, other: Approval) -> bool:
        """Whether another one says the same, wherever it stands."""
        return (self.what, self.reason, self.owner) == (other.what, other.reason, other.owner)


# Whether a change of the code that judges needs an approval, or is only shown.
CodeChanges = Literal["approve", "show"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """All that a gate.toml expects, by leg; who approves what a commit loosens; and what becomes of
    changes in the `code` that judges.
    """

    file: str
    legs: Mapping[str, Leg]
    waivers: tuple[Waiver, ...] = field(default_factory=tuple)
    approvals: tuple[Approval, ...] = field(default_factory=tuple)
    code: CodeChanges = "approve"
