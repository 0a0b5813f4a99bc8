"""The last line of a run: the decision on all claims, and how what is undecided would block."""

from __future__ import annotations

from collections import Counter

from edgeassay.gates import lets_pass
from edgeassay.report.decision import DECLARED, Decision, counts, decided_runs, undecided
from edgeassay.report.results import Results
from edgeassay.runs.records import measurement_of
from edgeassay.spec import Verdict


def closing_line(results: Results, *, inconclusive: str, require_measured: bool) -> str:
    """The decision with the numbers that make it so. `inconclusive` and `require_measured` are
    what the run was told by the options of these names.
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
    parts += _undecided(results, inconclusive, require_measured=require_measured)
    return f"edgeassay: {found.word}: {'; '.join(parts) or 'no claim was judged'}"


def _undecided(results: Results, inconclusive: str, *, require_measured: bool) -> list[str]:
    """How many claims aren't decided, and what makes a run or a merge stop at them."""
    open_ones, unasked = undecided(results.claims), len(results.unasked)
    kinds = Counter(record.verdict.value for record in open_ones)
    told = [f"{number} {kind}" for kind, number in kinds.items()]
    told += [f"{unasked} not asked for"] if unasked else []
    if not told:
        return [] if results.complete else ["the run ended early"]
    total = len(results.claims) + unasked
    number = len(open_ones) + unasked
    words = f"{_of(number, total, 'is', 'are')} undecided ({', '.join(told)})"
    unsure = [r for r in open_ones if r.verdict is Verdict.INCONCLUSIVE]
    let = sum(lets_pass(inconclusive, r.claim, measurement_of(r)) for r in unsure)
    absent = 0 if require_measured else len(open_ones) - len(unsure)
    options = ["--inconclusive=fail"] * bool(let) + ["--require-measured"] * bool(absent)
    fails = f"`pytest {' '.join(options)}` fails on {let + absent} more of them, and "
    return [words, f"{fails * bool(options)}`edgeassay gate` says which of them block a merge"]


def _of(number: int, total: int, one: str, many: str) -> str:
    """So many of all claims, with the verb for one or for many."""
    return f"{number} of {total} claims {one if number == 1 else many}"
