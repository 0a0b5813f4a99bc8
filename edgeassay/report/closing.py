"""The last line of a run: the decision on all claims, and whether the undecided make it fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgeassay.gates import lets_pass
from edgeassay.report.decision import DECLARED, Decision, counts, decided_runs, undecided
from edgeassay.report.results import Results
from edgeassay.runs.records import measurement_of
from edgeassay.spec import Verdict


def closing_line(
    results: Results,
    *,
    inconclusive: str,
    require_measured: bool,
    lacking: bool = False,
    failed: int = 0,
) -> str:
    """The decision with the numbers that make it so. `inconclusive` and `require_measured` are
    what the run was told by the options of these names. `lacking` says that the run fails although
    none of its tests does, and `failed` is how many of its tests do.
    """
    found, stands = decided_runs([results]), counts(results.claims)
    parts = []
    if found.decision is Decision.FAIL:
        gone = len(results.to_remove)
        parts += [_of(found.number, found.total, "fails", "fail")] if found.number else []
        parts += [f"{gone} deviation{'s' if gone > 1 else ''} must be removed"] if gone else []
    elif found.decision is Decision.DECLARED:
        declared = _of(stands[DECLARED], found.total, "is", "are")
        parts.append(f"{declared} declared, and all others hold")
    elif found.decision is Decision.PASS:
        parts.append(f"all {found.total} claims hold" if found.total > 1 else "the claim holds")
    parts += _undecided(
        results,
        inconclusive,
        found.decision,
        require_measured=require_measured,
        lacking=lacking,
        failed=failed - (found.number if found.decision is Decision.FAIL else 0),
    )
    return f"edgeassay: {found.word}: {'; '.join(parts) or 'no claim was judged'}"


def _undecided(
    results: Results,
    inconclusive: str,
    decision: Decision,
    *,
    require_measured: bool,
    lacking: bool,
    failed: int,
) -> list[str]:
    """How many claims aren't decided, and whether they make this run fail; `failed` tests do whose
    claims don't fail.
    """
    open_ones, unasked = undecided(results.claims), len(results.unasked)
    kinds = Counter(record.verdict.value for record in open_ones)
    told = [f"{number} {kind}" for kind, number in kinds.items()]
    told += [f"{unasked} not asked for"] if unasked else []
    if not told:
        return [] if results.complete else ["the run ended early"]
    number, total = len(open_ones) + unasked, len(results.claims) + unasked
    words = f"{_of(number, total, 'is', 'are')} undecided ({', '.join(told)})"
    unsure = [r for r in open_ones if r.verdict is Verdict.INCONCLUSIVE]
    red = sum(not lets_pass(inconclusive, r.claim, measurement_of(r)) for r in unsure)
    unmeasured = len(open_ones) - len(unsure)
    absent = unmeasured if require_measured else 0
    broken = 0 if absent else min(unmeasured, max(0, failed - red))
    if red or absent or broken:
        return [". ".join([words, *_failing(red, absent, broken)])]
    holds = results.complete and not lacking and decision is not Decision.FAIL
    fine = ["none of them fails this run"] if holds else []
    return [words, *fine, "`edgeassay gate` says which block a merge"]


def _failing(red: int, absent: int, broken: int) -> Iterator[str]:
    """What makes this run fail, and how to let it pass: so many inconclusive claims, so many that
    weren't measured, and so many that couldn't be.
    """
    if red:
        them = "it" if red == 1 else "them"
        yield (
            f"{red} of them {_make(red)} this run fail (--inconclusive=warn lets {them} pass; a"
            f' [[deviation]] with verdict = "inconclusive" declares {them}: docs/models.md)'
        )
    if absent:
        yield f"{absent} of them {_make(absent)} this run fail because of --require-measured"
    if broken:
        yield f"{broken} of them couldn't be measured and {_make(broken)} this run fail"


def _make(number: int) -> str:
    return "makes" if number == 1 else "make"


def _of(number: int, total: int, one: str, many: str) -> str:
    """So many of all claims, with the verb for one or for many."""
    return f"{number} of {total} claims {one if number == 1 else many}"
