"""One leg's claims: each planned one as it arrived, held against what the checkout declares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from edgeassay.gates import lets_pass
from edgeassay.matrix_report.rows import Run
from edgeassay.merge_gate.agreeing import other_confidence
from edgeassay.merge_gate.matching import Part
from edgeassay.merge_gate.planning import LegPlan
from edgeassay.report.decision import DECLARED
from edgeassay.report.reproducing import command_of_claim
from edgeassay.report.sentences import subject, told
from edgeassay.runs.records import CaseId, ClaimRecord, measurement_of
from edgeassay.spec import (
    TRAITS,
    Accepted,
    Case,
    Claim,
    ClaimName,
    Comparison,
    Deviation,
    Limit,
    Verdict,
)
from edgeassay.summary.outcome import Finding, Judged, Problem

ALIKE: Final = 1e-9  # relative: a limit that was computed on another machine
UNDECIDED: Final[Mapping[Verdict, Problem]] = {
    Verdict.UNMEASURED: Problem.UNMEASURED,
    Verdict.INCOMPARABLE: Problem.INCOMPARABLE,
    Verdict.INCONCLUSIVE: Problem.INCONCLUSIVE,
}


@dataclass(frozen=True, kw_only=True)
class Standard:
    """What claims are held against beside the plan. `elsewhere` has the commits of models that
    other checkouts declare, by their ids.
    """

    today: date
    comparison: Comparison
    accepted: tuple[Accepted, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Claims:
    """What became of a leg's claims, and which of them each deviation covers where they were
    measured.
    """

    judged: list[Judged] = field(default_factory=list)
    covered: dict[Deviation, list[ClaimRecord]] = field(default_factory=dict)
    unasked: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Here:
    """A record with its run and its leg."""

    made: LegPlan
    run: Run
    record: ClaimRecord

    def finding(self, problem: Problem, sentence: str) -> Finding:
        """About it."""
        return Finding(
            problem=problem,
            sentence=sentence,
            leg=self.made.leg.id,
            case=self.record.case,
            claim=self.record,
            where=self.run.where,
            command=command_of_claim(self.record, self.run.results.command),
        )


Key = tuple[ClaimName, str | None]


def judge_case(case: Case, part: Part, made: LegPlan, standard: Standard, found: Claims) -> None:
    """A planned case's claims in a file that judges it, into what is `found`; the leg is planned
    for that file's machine.
    """
    planned = {(claim.name, claim.class_name): claim for claim in made.claims[case]}
    refused = _declared_not_to_load(case, made, standard)
    records = {
        (record.claim, record.class_name): record for record in part.by_case[CaseId(**vars(case))]
    }
    for key, record in records.items():
        here = _Here(made=made, run=part.run, record=record)
        if key in planned:
            _judge(here, planned[key], standard, found, refused=refused)
        elif TRAITS[record.claim].of_baseline:
            _judge_baseline(here, standard, found)
        else:
            found.findings.append(
                here.finding(
                    Problem.OTHER_LIMIT,
                    f"{subject(record)}: {part.run.where} judges {_name(key)}, and nothing at"
                    " this commit limits it",
                )
            )
    absent = [key for key in planned if key not in records]
    found.unasked += len(absent)
    missing = [key for key in absent if made.must_decide(planned[key])]
    if missing:
        found.findings.append(_missing(case, part, missing, made))


def _judge(here: _Here, claim: Claim, standard: Standard, found: Claims, *, refused: bool) -> None:
    record, plan = here.record, here.made.plan
    for deviation in plan.models[claim.case.model].deviations:
        if plan.covers(deviation, claim):
            found.covered.setdefault(deviation, []).append(record)
    wanted = plan.models[claim.case.model].statistics.confidence
    for other in (_other_limit(record, claim.limit), other_confidence(record, wanted)):
        if other is None:
            continue
        found.findings.append(here.finding(Problem.OTHER_LIMIT, f"{subject(record)}: {other}"))
    excuse = _deviation(here, claim, standard.today)
    must = here.made.must_decide(claim) and not (refused and claim.name is not ClaimName.LOADS)
    _stand(here, found, excuse=excuse, must=must)


def _judge_baseline(here: _Here, standard: Standard, found: Claims) -> None:
    """A claim against a baseline, which nothing plans: it can't hold before there is a first."""
    record, case = here.record, Case(**here.record.case.model_dump())
    if record.measurement is not None:
        other = _other_limit(record, _allowed(record, case, standard.comparison))
        if other is not None:
            found.findings.append(here.finding(Problem.OTHER_LIMIT, f"{subject(record)}: {other}"))
    covering = [a for a in standard.accepted if a.covers(record.claim, case)]
    holding = next((a for a in covering if a.holds(standard.today)), None)
    failing = record.verdict is Verdict.FAIL and record.measurement is not None
    excuse = holding.as_deviation() if holding is not None and failing else None
    _stand(here, found, excuse=excuse, must=False)


def _stand(here: _Here, found: Claims, *, excuse: Deviation | None, must: bool) -> None:
    """How a claim stands, and the finding where that is a reason for red."""
    record, verdict = here.record, here.record.verdict
    stands, tolerated, reason = verdict.value, False, record.reason
    if excuse is not None:
        stands = DECLARED
        reason = f"{record.reason}; declared until {excuse.expires}: {excuse.reason}"
    elif verdict is Verdict.FAIL:
        found.findings.append(here.finding(Problem.FAILS, f"{told(record)}{_undeclared(record)}"))
    elif verdict is Verdict.INCONCLUSIVE:
        tolerated = _lenient(here)
        if not tolerated:
            found.findings.append(here.finding(Problem.INCONCLUSIVE, told(record)))
    elif verdict is not Verdict.PASS:
        tolerated = not must
        if must:
            found.findings.append(here.finding(UNDECIDED[verdict], told(record)))
    declared = {
        "deviation": None if excuse is None else excuse.reason,
        "deviation_expires": None if excuse is None else excuse.expires,
    }
    found.judged.append(
        Judged(
            record=record.model_copy(update=declared),
            where=here.run.where,
            stands=stands,
            reason=reason,
            tolerated=tolerated,
        )
    )


def _lenient(here: _Here) -> bool:
    """What the leg's option makes of a claim that isn't decided."""
    leg, record = here.made.leg, here.record
    if TRAITS[record.claim].timed and not leg.timed:
        return True
    return lets_pass(leg.inconclusive, record.claim, measurement_of(record))


def _undeclared(record: ClaimRecord) -> str:
    """That the file has an excuse which the checkout hasn't."""
    if record.deviation is None:
        return ""
    return (
        f"; its file says that it is declared until {record.deviation_expires}, and at this commit"
        " no deviation declares it today"
    )


def _deviation(here: _Here, claim: Claim, today: date) -> Deviation | None:
    """What declares a failure, or a lack of evidence, at this commit; only what was seen is."""
    record = here.record
    seen = record.measurement is not None or claim.name is ClaimName.LOADS
    if record.verdict is Verdict.FAIL and not seen:
        return None
    if record.verdict not in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        return None
    return here.made.plan.deviation_of(claim, today, record.verdict)


def _declared_not_to_load(case: Case, made: LegPlan, standard: Standard) -> bool:
    claim = made.loads(case)
    return claim is not None and made.plan.deviation_of(claim, standard.today) is not None


def _other_limit(record: ClaimRecord, limit: Limit) -> str | None:
    """What a claim was held against where the checkout declares something else, in words."""
    assert record.limit is not None, "trusted records have one"
    given, wanted = (record.limit.value, record.limit.tolerated), (limit.value, limit.tolerated)
    if all(_alike(was, is_) for was, is_ in zip(given, wanted, strict=True)):
        return None
    return (
        f"{record.claim} was held against {given[0]:g}, and {limit.source} says {limit.value:g} at"
        " this commit; run it again"
    )


def _alike(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return math.isclose(first, second, rel_tol=ALIKE, abs_tol=0.0)


def _allowed(record: ClaimRecord, case: Case, comparison: Comparison) -> Limit:
    """What compare.toml allows a claim against a baseline, which for time depends on how long the
    baseline took.
    """
    allowed = comparison.allowed(case.id, case)
    growths = {
        ClaimName.BASELINE_SIZE_RATIO: allowed.size_growth,
        ClaimName.BASELINE_CYCLES_RATIO: allowed.cycles_growth,
    }
    if record.claim in growths:
        growth = growths[record.claim]
        return replace(growth, value=1.0 + growth.value)
    if record.claim is not ClaimName.BASELINE_LATENCY_RATIO:
        return allowed.auc_drop
    slow, slower = allowed.tolerated.value, allowed.unacceptable.value
    if record.reference is not None and record.reference > 0.0:
        slow, slower = allowed.slowdowns(record.reference)
    return replace(allowed.unacceptable, value=1.0 + slower, tolerated=1.0 + slow)


def _missing(case: Case, part: Part, missing: Sequence[Key], made: LegPlan) -> Finding:
    """One finding for all claims of a case that nobody judged."""
    unasked = {
        (record.claim, record.class_name)
        for record in part.run.results.unasked
        if _same(record.case, case)
    }
    names = ", ".join(dict.fromkeys(_name(key) for key in missing))
    why = "the run wasn't asked for them" if unasked >= set(missing) else "it has nothing of them"
    return Finding(
        problem=Problem.MISSING_CLAIM,
        sentence=f"{case.model} {case.variant} on {case.runtime} ({case.device}): {part.run.where}"
        f" lacks {names}: {why}; run all of the suite",
        leg=made.leg.id,
        case=CaseId(**vars(case)),
        where=part.run.where,
    )


def deviation_findings(made: LegPlan, found: Claims, standard: Standard) -> Iterator[Finding]:
    """Each deviation that has expired, or that covers measured claims of the leg none of which
    stands as it declares: what it excuses is mended, and it must go.
    """
    for _, deviation, _ in made.plan.deviations():
        records = found.covered.get(deviation, [])
        matching = any(record.verdict is deviation.verdict for record in records)
        against = [record for record in records if _decided_otherwise(record, deviation)]
        if standard.today > deviation.expires:
            yield Finding(
                problem=Problem.DEVIATION,
                sentence=f"{deviation.source}: the deviation expired on {deviation.expires}; mend"
                f" what it excuses ({deviation.reason}) and remove it, or review it anew",
                leg=made.leg.id,
            )
        elif against and not matching:
            yield Finding(
                problem=Problem.DEVIATION,
                sentence=f"{deviation.source} matches nothing any more on this leg:"
                f" {told(against[0])}; remove it, or say where it holds",
                leg=made.leg.id,
                case=against[0].case,
                claim=against[0],
            )


def _decided_otherwise(record: ClaimRecord, deviation: Deviation) -> bool:
    if record.verdict is Verdict.PASS:
        return True
    return deviation.verdict is Verdict.INCONCLUSIVE and record.verdict is Verdict.FAIL


def _same(case: CaseId, other: Case) -> bool:
    return case.model_dump() == vars(other)


def _name(key: Key) -> str:
    return f"{key[0]} ({key[1]})" if key[1] else str(key[0])
