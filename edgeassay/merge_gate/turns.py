"""What two builds in turn showed on a leg, or that nobody timed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edgeassay.ab.reading import AbCaseRecord, AbRecord, TimingRecord
from edgeassay.merge_gate.builds import about_builds, new_name, unchanged
from edgeassay.merge_gate.claims import Standard
from edgeassay.merge_gate.commits import other_commit
from edgeassay.merge_gate.paired import other_limits
from edgeassay.merge_gate.planning import LegPlan
from edgeassay.runs.records import CaseId
from edgeassay.spec import Verdict
from edgeassay.summary.outcome import Compared, Finding, Problem

OF_COMPARISON: Final[Mapping[Verdict, Problem]] = {
    Verdict.FAIL: Problem.SLOWER,
    Verdict.INCONCLUSIVE: Problem.INCONCLUSIVE,
    Verdict.UNMEASURED: Problem.UNMEASURED,
    Verdict.INCOMPARABLE: Problem.INCOMPARABLE,
}


def about_comparisons(
    made: LegPlan,
    compared: Sequence[tuple[str, AbRecord]],
    commit: str,
    standard: Standard,
    judged: Mapping[CaseId, str | None],
) -> Iterator[Finding]:
    """What two builds in turn showed, or that nobody timed them, or something else than what was
    `judged`, which has the digest of each case's artifact.
    """
    leg = made.leg
    if not compared:
        yield Finding(
            problem=Problem.MISSING_AB,
            sentence=f"the leg {leg.id} has no comparison of base and head, and {leg.source}"
            " expects one; run `edgeassay ab BASE HEAD --json PATH` there, and give it with --ab",
            leg=leg.id,
        )
        return
    for where, file in compared:
        for problem, words in _about_comparison(file, commit):
            yield Finding(problem=problem, sentence=f"{where} {words}", leg=leg.id, where=where)
        for case in file.cases:
            for problem, words in _about_pair(made, case, standard):
                yield Finding(
                    problem=problem,
                    sentence=f"{where}: {words}",
                    leg=leg.id,
                    where=where,
                    case=case.case,
                )
        for problem, case_id, words in about_builds(file, judged):
            sentence = f"{where}: {words}"
            yield Finding(problem=problem, sentence=sentence, leg=leg.id, where=where, case=case_id)
    yield from _uncompared(made, compared)


def _about_comparison(file: AbRecord, commit: str) -> Iterator[tuple[Problem, str]]:
    """What is wrong with a whole file of pairs."""
    if file.commit != commit:
        yield Problem.OTHER_COMMIT, other_commit(file.commit, commit)
    if file.dirty:
        words = "timed a head with uncommitted changes; commit them, and run it again"
        yield Problem.UNCOMMITTED, words
    for name in file.missing:
        yield Problem.UNMEASURED, f"found {name} in the base, and not in the head"
    if file.verdict is Verdict.UNMEASURED and not file.missing:
        yield Problem.UNMEASURED, "had artifacts of one side alone, or nothing to compare"


def _about_pair(
    made: LegPlan, case: AbCaseRecord, standard: Standard
) -> Iterator[tuple[Problem, str]]:
    """What is wrong with one case of two builds."""
    other = other_limits(case, standard.comparison)
    if other is not None:
        yield Problem.OTHER_LIMIT, f"{case.name} was held against {other}; run it again"
    if case.verdict in OF_COMPARISON and not _undecided(made, case):
        yield OF_COMPARISON[case.verdict], case.reason or case.name


def compared_of(case: AbCaseRecord) -> Compared:
    """A case as the gate's outcome has it."""
    timing = case.timing
    if timing is None:
        return Compared(name=case.name, verdict=case.verdict)
    return Compared(
        name=case.name,
        verdict=case.verdict,
        limit=_allowed(case, timing),
        ratio=timing.ratio,
        low=timing.low,
        high=timing.high,
        pairs=timing.pairs,
    )


def _allowed(case: AbCaseRecord, timing: TimingRecord) -> str:
    """What a case was held against, and who says so."""
    tolerated = case.limits.get("tolerated")
    source = "" if tolerated is None else f", set by {tolerated.source}"
    return f"{1 + timing.tolerated:g} tolerated, {1 + timing.unacceptable:g} not{source}"


def _undecided(made: LegPlan, case: AbCaseRecord) -> bool:
    """Whether a comparison that decides nothing is let pass, as the leg has it of times."""
    return case.verdict is Verdict.INCONCLUSIVE and made.leg.inconclusive != "fail"


def notes_of(compared: Sequence[tuple[str, AbRecord]]) -> Iterator[str]:
    """What is to be known of comparisons that decide nothing against anybody."""
    for where, file in compared:
        if unchanged(file):
            yield (
                f"{where}: every base is the same file as its head, so no time could change: right"
                " for a change that touches no model, and otherwise the base is the wrong one"
            )


def _uncompared(made: LegPlan, compared: Sequence[tuple[str, AbRecord]]) -> Iterator[Finding]:
    """Timed cases that no comparison has, and that aren't new."""
    timed = {case.case for _, file in compared for case in file.cases}
    for case in made.plan.cases:
        case_id = CaseId(**vars(case))
        known = case_id in timed or any(new_name(case_id, file) for _, file in compared)
        if not known and made.times(case):
            yield Finding(
                problem=Problem.MISSING_AB,
                sentence=f"{case.model} {case.variant} on {case.runtime} ({case.device}): no"
                f" comparison of base and head has it, and {made.leg.source} expects one",
                leg=made.leg.id,
                case=case_id,
            )
