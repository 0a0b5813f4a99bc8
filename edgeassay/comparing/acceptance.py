"""Accepted regressions where a side is a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from edgeassay.baselines.accepting import about_accepted
from edgeassay.changes import Change, Quantity
from edgeassay.config.acceptance import load_accepted
from edgeassay.spec import Accepted, Case, ClaimName

# What `pytest --baseline` claims of each quantity, by the line of baselines.
LAST: Final[Mapping[Quantity, ClaimName]] = {
    Quantity.TIME: ClaimName.BASELINE_LATENCY_RATIO,
    Quantity.SIZE: ClaimName.BASELINE_SIZE_RATIO,
    Quantity.MEAN_AUC: ClaimName.BASELINE_AUC_DROP,
}
RELEASED: Final[Mapping[Quantity, ClaimName]] = {Quantity.MEAN_AUC: ClaimName.RELEASED_AUC_DROP}
CLAIMS: Final = {"baseline": LAST, "released": RELEASED}


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """The entries of accepted.toml about what is compared here: the claim that each quantity is of
    a baseline.
    """

    entries: Sequence[Accepted]
    claims: Mapping[Quantity, ClaimName]
    today: date

    def quantities(self, case: Case | None) -> list[Quantity]:
        """What of a case may be worse than its baseline, today."""
        if case is None:
            return []
        held = [entry for entry in self.entries if entry.holds(self.today)]
        return [q for q, claim in self.claims.items() if any(e.covers(claim, case) for e in held)]

    def told(self, changes: Sequence[tuple[Case | None, Change]]) -> list[str]:
        """What each entry excuses, that it has expired, or that it matches nothing."""
        verdicts = [
            (self.claims[change.quantity], case, change.verdict)
            for case, change in changes
            if case is not None and change.quantity in self.claims
        ]
        return about_accepted(self.entries, verdicts, self.today)


NOTHING_ACCEPTED: Final = Acceptance(entries=(), claims={}, today=date.min)


def load_acceptance(base: str, baselines: Path, project: Path) -> Acceptance:
    """What is accepted of a HEAD that is compared with `base`: nothing, where that is no baseline.
    ConfigError where accepted.toml can't be followed.
    """
    if base not in CLAIMS:
        return NOTHING_ACCEPTED
    claims = CLAIMS[base]
    entries = [e for e in load_accepted(baselines, project) if e.claim in claims.values()]
    return Acceptance(entries=entries, claims=claims, today=date.today())
