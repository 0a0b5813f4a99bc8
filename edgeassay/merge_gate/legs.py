"""One leg decided: what came of what was expected, and which of its findings somebody waives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from edgeassay.ab.reading import AbRecord
from edgeassay.matrix_report.rows import said
from edgeassay.merge_gate.builds import judged_files
from edgeassay.merge_gate.claims import Claims, Standard, deviation_findings, judge_case
from edgeassay.merge_gate.commits import other_commit
from edgeassay.merge_gate.matching import Part, architecture_at, kinds_of
from edgeassay.merge_gate.planning import LegPlan
from edgeassay.merge_gate.samples import about_samples
from edgeassay.merge_gate.turns import about_comparisons, compared_of, notes_of
from edgeassay.runs.records import CaseId
from edgeassay.spec import Case, Kind, Verdict, Waiver
from edgeassay.summary.outcome import WAIVED, Finding, Judged, LegOutcome, Problem


def judge_leg(
    made: LegPlan,
    parts: Sequence[Part],
    compared: Sequence[tuple[str, AbRecord]],
    waivers: Sequence[Waiver],
    *,
    commit: str,
    standard: Standard,
) -> tuple[LegOutcome, list[str]]:
    """The leg's outcome, and what is to be told beside it."""
    claims, findings, present = Claims(), list[Finding](), 0
    if not parts:
        findings.append(_missing_leg(made))
    there = [made.measured_on(part.run.results.machine) for part in parts]
    for part in parts:
        findings += _about_run(made, part, commit, standard.elsewhere)
    for case in made.plan.cases:
        judging = [part for part in parts if _id(case) in part.cases]
        present += bool(judging)
        if parts and not judging:
            findings.append(_missing_case(made, case, parts))
        if len(judging) > 1:
            findings.append(_twice(made, case, judging))
        for part, place in zip(parts, there, strict=True):
            if _id(case) in part.cases:
                judge_case(case, part, place, standard, claims)
    findings += claims.findings
    findings += deviation_findings(made, claims, standard)
    if made.leg.ab:
        findings += about_comparisons(made, compared, commit, standard, judged_files(parts))
    waived, used = _waived(findings, waivers, standard.today)
    outcome = LegOutcome(
        leg=made.leg,
        files=tuple(part.run.where for part in parts),
        cases=len(made.plan.cases),
        cases_found=present,
        claims=tuple(_standing(judged, used) for judged in claims.judged),
        findings=(*waived, *_about_waivers(waivers, used, standard.today)),
        waivers=tuple(used),
        unasked=claims.unasked,
        compared=tuple(compared_of(case) for _, file in compared for case in file.cases),
    )
    told = [note for part in parts for note in _beyond(made, part)]
    return outcome, [*told, *(notes_of(compared) if made.leg.ab else ())]


def _missing_leg(made: LegPlan) -> Finding:
    leg, device = made.leg, made.device.id
    machine = "" if leg.fingerprint is None else f", fingerprint {leg.fingerprint}"
    return Finding(
        problem=Problem.MISSING_LEG,
        sentence=f"the leg {leg.id} is missing: no results came from device {device} on"
        f" {leg.architecture}{machine}, and {leg.source} expects them; run it, or waive it",
        leg=leg.id,
    )


def _missing_case(made: LegPlan, case: Case, parts: Sequence[Part]) -> Finding:
    where = ", ".join(part.run.where for part in parts)
    return Finding(
        problem=Problem.MISSING_CASE,
        sentence=f"{case.model} {case.variant} on {case.runtime} ({case.device}) is missing:"
        f" {where} has no claim of it, and {made.leg.source} expects it; run it too",
        leg=made.leg.id,
        case=_id(case),
    )


def _twice(made: LegPlan, case: Case, parts: Sequence[Part]) -> Finding:
    where = " and ".join(part.run.where for part in parts)
    return Finding(
        problem=Problem.TWICE,
        sentence=f"{case.model} {case.variant} on {case.runtime} ({case.device}): {where} all judge"
        " it, and which of them counts is nobody's to choose; give one",
        leg=made.leg.id,
        case=_id(case),
    )


def _about_run(
    made: LegPlan, part: Part, commit: str, elsewhere: Mapping[str, str]
) -> Iterator[Finding]:
    """What keeps a whole file from counting."""
    results, where, leg = part.run.results, part.run.where, made.leg

    def finding(problem: Problem, words: str) -> Finding:
        return Finding(problem=problem, sentence=f"{where} {words}", leg=leg.id, where=where)

    if results.commit != commit:
        yield finding(Problem.OTHER_COMMIT, other_commit(results.commit, commit))
    for model in sorted({record.case.model for record in part.claims} & {*elsewhere}):
        found = results.elsewhere.get(model)
        if found != elsewhere[model]:
            words = f"judges {model}, whose declaration {other_commit(found, elsewhere[model])}"
            yield finding(Problem.OTHER_COMMIT, words)
    if results.dirty:
        yield finding(
            Problem.UNCOMMITTED,
            "was measured with uncommitted changes, so no commit is what it measured; commit them,"
            " and run it again",
        )
    if not results.complete:
        yield finding(
            Problem.INCOMPLETE, "is of a run that was cut short before its end; run it again"
        )
    for case, words in about_samples(made, part):
        yield replace(finding(Problem.SAMPLE, words), case=case)
    for words in _other_machine(made, part):
        yield finding(Problem.OTHER_MACHINE, words)
    kinds = {k for case, k in kinds_of(part.claims).items() if _planned(made, case)} - {leg.kind}
    for kind in sorted(kinds):
        yield finding(
            Problem.OTHER_KIND,
            f"has numbers that are {kind}, and {leg.source} expects {leg.kind} ones; they never"
            " count for each other",
        )


def _other_machine(made: LegPlan, part: Part) -> Iterator[str]:
    """What of a file's machine isn't as its leg has it; such a file was given for that leg, or its
    workers ran elsewhere than its machine says.
    """
    leg, machine = made.leg, part.run.results.machine
    devices = {case.device for case in part.cases} - {made.device.id}
    if devices:
        yield f"is of device {', '.join(sorted(devices))}, and {leg.source} is of {made.device.id}"
    found = architecture_at(machine, made)
    ran = {
        facts.architecture
        for facts in part.run.results.cases
        if facts.case in part.cases and facts.architecture is not None
        if facts.kind is not Kind.ESTIMATED
    }
    for architecture in sorted({found, *ran} - {leg.architecture}):
        yield f"was measured on {architecture}, and {leg.source} is of {leg.architecture}"
    fingerprint = said(machine.get("fingerprint"))
    if leg.fingerprint not in (None, fingerprint):
        yield (
            f"is of the machine {fingerprint}, and {leg.source} expects {leg.fingerprint}; its"
            " hardware has changed, or it is another one"
        )


def _waived(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date
) -> tuple[list[Finding], list[Waiver]]:
    """The findings with who waives them, and the waivers that do."""
    waived, used = [], dict[Waiver, None]()
    for finding in findings:
        case = None if finding.case is None else Case(**finding.case.model_dump())
        holding = (w for w in waivers if w.holds(today) and w.covers(str(finding.leg), case))
        waiver = next(holding, None)
        if waiver is not None:
            used[waiver] = None
        waived.append(replace(finding, waiver=waiver))
    return waived, list(used)


def _about_waivers(
    waivers: Sequence[Waiver], used: Sequence[Waiver], today: date
) -> Iterator[Finding]:
    """Waivers that have expired, and those that waive nothing any more."""
    for waiver in waivers:
        if not waiver.holds(today):
            yield Finding(
                problem=Problem.EXPIRED_WAIVER,
                sentence=f"{waiver.source} expired on {waiver.expires} and waives nothing any more"
                f" ({waiver.owner}: {waiver.reason}); mend what it waived and remove it, or review"
                " it anew",
                leg=waiver.leg,
            )
        elif waiver not in used:
            yield Finding(
                problem=Problem.IDLE_WAIVER,
                sentence=f"{waiver.source} waives nothing any more ({waiver.owner}:"
                f" {waiver.reason}): all that it is about is there and holds; remove it",
                leg=waiver.leg,
            )


def _standing(judged: Judged, used: Sequence[Waiver]) -> Judged:
    """A claim under a waiver is never shown as it stands otherwise, a pass least of all."""
    case = Case(**judged.record.case.model_dump())
    if any(waiver.covers(waiver.leg, case) for waiver in used):
        return replace(judged, stands=WAIVED)
    return judged


def _beyond(made: LegPlan, part: Part) -> Iterator[str]:
    """What a file judges beyond what is expected."""
    beyond = [case for case in part.cases if not _planned(made, case)]
    if beyond:
        records = [record for record in part.claims if record.case in beyond]
        failing = sum(r.verdict is Verdict.FAIL and r.deviation is None for r in records)
        names = sorted(f"{case.model} {case.variant} on {case.runtime}" for case in beyond)
        more = f" and {len(names) - 3} more" if names[3:] else ""
        yield (
            f"{part.run.where} judges what the leg {made.leg.id} doesn't expect, and what decides"
            f" nothing: {', '.join(names[:3])}{more} ({len(records)} claims, {failing} of which"
            " fail)"
        )


def _planned(made: LegPlan, case: CaseId) -> bool:
    return Case(**case.model_dump()) in made.claims


def _id(case: Case) -> CaseId:
    return CaseId(**vars(case))
