"""What is said of regressions that somebody answers for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import Accepted, Case, ClaimName, Verdict

# A claim of a case, and what was said of it.
Said = tuple[ClaimName, Case, Verdict]


def said(claims: Iterable[ClaimRecord]) -> list[Said]:
    """The verdicts of a run."""
    return [(r.claim, Case(**r.case.model_dump()), r.verdict) for r in claims]


def about_accepted(
    accepted: Sequence[Accepted], verdicts: Sequence[Said], today: date
) -> list[str]:
    """What an accepted regression excuses, that it has expired, or that it matches nothing."""
    lines = []
    for entry in accepted:
        covered = [(case, verdict) for name, case, verdict in verdicts if entry.covers(name, case)]
        failing = [case.id for case, verdict in covered if verdict is Verdict.FAIL]
        if not entry.holds(today):
            lines.append(_over(entry))
        elif failing:
            lines.append(_until(entry, ", ".join(dict.fromkeys(failing))))
        elif covered:
            lines.append(f"{entry.source} matches nothing: {entry.claim} doesn't fail; remove it")
        else:
            lines.append(f"{entry.source} is about no claim that was judged in this run")
    return lines


def listed(accepted: Sequence[Accepted], today: date) -> list[str]:
    """Every accepted regression with what it is about."""
    names = ("case", "model", "variant", "runtime", "device")
    lines = []
    for entry in accepted:
        scope = [f"{n} {value}" for n in names if (value := getattr(entry, n)) is not None]
        lines.append(_until(entry, ", ".join(scope)) if entry.holds(today) else _over(entry))
    return lines


def _until(entry: Accepted, cases: str) -> str:
    return (
        f"accepted until {entry.expires}: {entry.claim} of {cases} ({entry.owner}: {entry.reason})"
    )


def _over(entry: Accepted) -> str:
    return (
        f"{entry.source} expired on {entry.expires} and excuses nothing any more: mend"
        f" {entry.claim} ({entry.owner}: {entry.reason}) and remove it, or review it anew"
    )
