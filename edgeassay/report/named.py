"""What a run was told to measure by name and did not measure. It makes the run red."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeassay.report.decision import DECLARED, standing
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import TRAITS, Verdict

Part = Literal["model", "variant", "runtime", "device"]


@dataclass(frozen=True, kw_only=True)
class Named:
    """Something that a run was told to measure, and by which words: an option, or a file."""

    part: Part
    name: str
    by: str

    def covers(self, case: CaseId) -> bool:
        """Whether a case is about it."""
        return bool(getattr(case, self.part) == self.name)


def ran(record: ClaimRecord) -> bool:
    """Whether the artifact of a claim was run, or at least loaded, to judge it."""
    return record.verdict not in (Verdict.UNMEASURED, Verdict.INCOMPARABLE)


def unmeasured_names(
    named: Sequence[Named], cases: Collection[CaseId], claims: Sequence[ClaimRecord]
) -> Iterator[str]:
    """A sentence about names of which nothing was measured, those with the same reason in one.

    `cases` are all that the run is about, and `claims` those that it judged. Of a named model every
    variant counts by itself. Claims about a file's bytes alone show nothing of what runs it. If no
    other claim was chosen, nothing is said.
    """
    reasons: dict[str, list[str]] = {}
    asked = [r for r in claims if not (TRAITS[r.claim].of_file or TRAITS[r.claim].of_baseline)]
    for one in named:
        own = [case for case in cases if one.covers(case)]
        if not own:
            yield (
                f"{one.part} {one.name} was named ({one.by}), and no case of this run is about it:"
                " leave it out, or name a runtime and a variant that go together"
            )
        theirs = [record for record in asked if one.covers(record.case)]
        groups = {f"{one.part} {one.name}": theirs}
        if one.part == "model":
            groups = {
                f"{one.name} {variant}": [r for r in theirs if r.case.variant == variant]
                for variant in dict.fromkeys(case.variant for case in own)
            }
        for words, records in groups.items():
            if records and not any(map(ran, records)):
                (reason, _), *_ = Counter(record.reason for record in records).most_common(1)
                reasons.setdefault(reason, []).append(f"{words} ({one.by})")
    for reason, names in reasons.items():
        yield (
            f"{', '.join(names)}: this was named, and nothing of it was measured: {reason}; mend"
            " that, or name only what is here"
        )


def nothing_decided(claims: Sequence[ClaimRecord]) -> str | None:
    """Why a run that judged these claims says nothing; None if at least one holds, fails, or stands
    as a deviation declares.
    """
    told = (DECLARED, Verdict.PASS.value, Verdict.FAIL.value)
    if not claims or any(standing(record) in told for record in claims):
        return None
    (reason, _), *_ = Counter(record.reason for record in claims).most_common(1)
    return f"nothing was decided: none of {len(claims)} claims holds or fails ({reason})"
