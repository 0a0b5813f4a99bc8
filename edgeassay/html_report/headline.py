"""The verdict on everything, in one sentence, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.ab.reading import AbRecord
from edgeassay.html_report.telling import shortened
from edgeassay.matrix_report.rows import Row, Run, said
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import (
    DECLARED,
    Decision,
    counts,
    decided_comparisons,
    decided_runs,
    together,
)
from edgeassay.report.marks import MEANINGS
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import Kind, Verdict

SHORT: Final = 12  # characters of a commit that are shown


@dataclass(frozen=True, kw_only=True)
class Headline:
    """How all stands, in a word and a sentence, and what must be known with it."""

    standing: str
    word: str
    sentence: str
    remarks: tuple[str, ...]
    counts: Mapping[str, int]


def headline(runs: Sequence[Run], rows: Sequence[Row], ab: Sequence[AbRecord]) -> Headline:
    """The verdict on all claims of all runs, and on comparisons of two commits."""
    claims = [record for row in rows for record in row.claims]
    found, decided = counts(claims), decided_runs(run.results for run in runs)
    decided = together([decided, decided_comparisons(one.verdict for one in ab)])
    sentence = _sentence(found, claims, rows)
    bad = [one for one in ab if one.verdict is not Verdict.PASS]
    if bad:
        worst = next((one for one in bad if one.verdict is Verdict.FAIL), bad[0])
        sentence = f"{_against(worst)} Of the claims: {sentence[0].lower()}{sentence[1:]}"
    remarks = (*_to_remove(runs), *_about_runs(runs), *_about_kinds(claims))
    return Headline(
        standing=decided.decision.value,
        word=decided.word,
        sentence=sentence,
        remarks=remarks,
        counts=found,
    )


def _to_remove(runs: Sequence[Run]) -> list[str]:
    """Deviations that make a run red although no claim fails."""
    return [
        f"{SIGNS[Decision.FAIL]} {one.model}: {shortened(one.reason)}"
        for run in runs
        for one in run.results.to_remove
    ]


def _against(one: AbRecord) -> str:
    """What speaks against a head, by its slowest case that doesn't pass."""
    bad = [case for case in one.cases if case.verdict is not Verdict.PASS]
    timed = [(case.timing.ratio, case.name) for case in bad if case.timing is not None]
    beside = f"the comparison of {one.head} with {one.base} is {one.verdict}"
    if not timed:
        return f"{beside[0].upper()}{beside[1:]}."
    ratio, name = max(timed)
    return f"{name} takes {ratio:.3g} times as long in the head as in the base: {beside}."


def _sentence(found: Mapping[str, int], claims: Sequence[ClaimRecord], rows: Sequence[Row]) -> str:
    """How claims stand together: what nobody has declared goes first."""
    total = _claims(len(claims))
    failed, declared = found.get(Verdict.FAIL.value, 0), found.get(DECLARED, 0)
    passed, absent = found.get(Verdict.PASS.value, 0), found.get(Verdict.UNMEASURED.value, 0)
    open_ones = [
        f"{found[v.value]:,} {v}"
        for v in (Verdict.INCONCLUSIVE, Verdict.INCOMPARABLE)
        if found.get(v.value)
    ]
    missing = [*open_ones, *([f"{absent:,} unmeasured"] if absent else [])]
    known = f"{declared:,} more {'stands' if declared == 1 else 'stand'} as declared" * bool(
        declared
    )
    if failed:
        cases = {row.case for row in rows if Verdict.FAIL.value in counts(row.claims)}
        of = "of the only case" if len(rows) == 1 else f"in {len(cases):,} of {len(rows):,} cases"
        are = "is" if failed == 1 else "are"
        more = "; ".join(filter(None, (known, ", ".join(missing))))
        text = f"{failed:,} of {total} {are} false, {of}"
        return f"{text}; {more}." if more else f"{text}."
    if not passed and not declared:
        told = ", ".join(missing) or "there is none"
        return f"Of {total} none is decided: {told}."
    held = f"{passed:,} of {total} hold" + (f", {known.replace(' more', '')}" if known else "")
    if open_ones:
        return f"No claim fails undeclared, but not all is decided: {held}, {', '.join(missing)}."
    if absent:
        return f"{held}, and {absent:,} couldn't be measured."
    if declared:
        return f"{held}."
    return f"All {total} hold." if len(claims) > 1 else "It holds."


def _claims(number: int) -> str:
    return "1 claim" if number == 1 else f"{number:,} claims"


def _about_runs(runs: Sequence[Run]) -> list[str]:
    """What speaks against taking runs as they are."""
    lines = []
    commits = {run.results.commit for run in runs}
    if len(commits) > 1:
        short = ", ".join(sorted(said(commit)[:SHORT] for commit in commits))
        lines.append(f"The runs are of {len(commits)} commits ({short}), not of one.")
    dirty = sum(run.results.dirty for run in runs)
    if dirty:
        lines.append(
            f"{_of(dirty, runs)} had uncommitted changes: the commit alone doesn't say"
            " what was measured."
        )
    cut = sum(not run.results.complete for run in runs)
    if cut:
        lines.append(f"{_of(cut, runs)} ended before every chosen claim was judged.")
    unasked = sum(len(run.results.unasked) for run in runs)
    if unasked:
        lines.append(f"{_claims(unasked)} that limits make weren't asked for.")
    if any(run.results.identified for run in runs):
        lines.append("This page names images, paths and hosts: it isn't for others.")
    return lines


def _of(number: int, runs: Sequence[Run]) -> str:
    return "The run" if len(runs) == 1 else f"{number} of {len(runs)} runs"


def _about_kinds(claims: Sequence[ClaimRecord]) -> list[str]:
    """How many numbers no device measured."""
    lines = []
    for kind in Kind:
        number = sum(r.kind is kind and r.measurement is not None for r in claims)
        if number and kind is not Kind.MEASURED:
            name, _, meaning = MEANINGS[kind].partition(":")
            lines.append(f"{_claims(number)} rest on {name} numbers:{meaning}.")
    return lines
