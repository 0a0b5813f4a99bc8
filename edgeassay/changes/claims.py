"""Claims that held in base, and what they are in head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import TRAITS, Verdict


@dataclass(frozen=True, kw_only=True)
class LostClaim:
    """A claim that passed in base and fails in head, or isn't judged there (`head` is None, or
    unmeasured).
    """

    base: ClaimRecord
    head: ClaimRecord | None

    @property
    def fails(self) -> bool:
        """Whether it is a failure that nobody has declared."""
        return self.failed and self.declared is None

    @property
    def failed(self) -> bool:
        """Whether it was judged false in head, declared or not."""
        return self.head is not None and self.head.verdict is Verdict.FAIL

    @property
    def declared(self) -> str | None:
        """The reason of the deviation that declares it."""
        return None if self.head is None else self.head.deviation


def lost_claims(
    base: Iterable[ClaimRecord],
    head: Iterable[ClaimRecord],
    *,
    renamed: Mapping[CaseId, CaseId],
    timed: bool,
) -> list[LostClaim]:
    """The claims that passed in base and fail or aren't judged in head; those about time only where
    they are `timed` on the same hardware. `renamed` has the head's name of a case of the base.
    """
    judged = {(record.claim, record.case, record.class_name): record for record in head}
    lost = []
    for record in base:
        if record.verdict is not Verdict.PASS or (TRAITS[record.claim].timed and not timed):
            continue
        case = renamed.get(record.case, record.case)
        after = judged.get((record.claim, case, record.class_name))
        if after is None or after.verdict in (Verdict.FAIL, Verdict.UNMEASURED):
            lost.append(LostClaim(base=record, head=after))
    return lost
