"""Regressions that somebody answers for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from edgeassay.spec.claims import Case, ClaimName, Deviation


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An accepted regression: where all given shell-style patterns match, `claim` may fail.

    `case` is a case's id. `owner` is the role that answers for it. The last day that it holds is
    `expires`.
    """

    claim: ClaimName
    reason: str
    owner: str
    expires: date
    source: str
    case: str | None = None
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None
    device: str | None = None

    def matches(self, case: Case) -> bool:
        """Whether it is about a case, expired or not."""
        pairs = (
            (self.case, case.id),
            (self.model, case.model),
            (self.variant, case.variant),
            (self.runtime, case.runtime),
            (self.device, case.device),
        )
        return all(pattern is None or fnmatchcase(value, pattern) for pattern, value in pairs)

    def covers(self, claim: ClaimName, case: Case) -> bool:
        """Whether it is about a claim of a case, expired or not."""
        return claim is self.claim and self.matches(case)

    def holds(self, today: date) -> bool:
        """Whether it excuses anything yet."""
        return today <= self.expires

    def as_deviation(self) -> Deviation:
        """The same as a judgement shows it."""
        return Deviation(
            claim=self.claim,
            reason=f"{self.reason} ({self.owner})",
            expires=self.expires,
            source=self.source,
        )
