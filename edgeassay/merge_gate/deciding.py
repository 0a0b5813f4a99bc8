"""All legs together: the gate's outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from edgeassay.matrix_report.rows import Run
from edgeassay.merge_gate.arriving import Arrived
from edgeassay.merge_gate.claims import Standard
from edgeassay.merge_gate.commits import SHORT
from edgeassay.merge_gate.declared import Declared
from edgeassay.merge_gate.legs import judge_leg
from edgeassay.merge_gate.matching import Matched, Part, match
from edgeassay.merge_gate.planning import LegPlan, waivers_of
from edgeassay.spec import Case, Verdict, Waiver
from edgeassay.summary.outcome import Change, Finding, LegOutcome, Outcome, Problem


def decide(
    arrived: Arrived,
    now: Declared,
    *,
    commit: str,
    changed: Sequence[str],
    elsewhere: Mapping[str, str] | None = None,
    since: Sequence[Change] = (),
    lacking: str | None = None,
) -> Outcome:
    """What is found about every leg and about all of them together; `changed` are the checkout's
    own files that aren't as `commit` has them, `elsewhere` the commits of models that other
    checkouts declare, by their ids, `since` is what it changes in what judges it, and
    `lacking` says why there is no base to see that by.
    """
    expected, plans = now.expected, now.plans
    standard = Standard(
        today=date.today(),
        comparison=now.comparison,
        accepted=now.accepted,
        elsewhere=elsewhere or {},
    )
    matched = match(arrived.runs, arrived.abs, plans)
    legs, notes = [], [*arrived.notes, *matched.notes]
    for name, made in plans.items():
        outcome, told = judge_leg(
            made,
            matched.parts[name],
            matched.abs[name],
            tuple(waivers_of(expected, name)),
            commit=commit,
            standard=standard,
        )
        legs.append(outcome)
        notes += told
    for name, compared in matched.abs.items():
        if not plans[name].leg.ab:
            notes += [f"{where} is for the leg {name}, which expects none" for where, _ in compared]
    whole = [
        Finding(problem=Problem.REFUSED, sentence=words, where=where)
        for where, words in arrived.refused
    ]
    whole += _about_checkout(changed, commit)
    whole += _about_changes(since, lacking)
    used = [waiver for leg in legs for waiver in leg.waivers]
    whole += _different_files(matched, plans, used)
    whole += _different_data(matched, plans, used)
    whole += _about_nothing(legs)
    return Outcome(
        commit=commit,
        config=expected.file,
        legs=tuple(legs),
        whole=tuple(whole),
        notes=tuple(notes),
        changes=tuple(since),
    )


def shown_runs(arrived: Arrived) -> list[Run]:
    """The runs that can be shown side by side: of files that judge the same case on the same
    machine the first.
    """
    shown, seen = list[Run](), set[tuple[str, Case]]()
    for one in arrived.runs:
        run = one.run
        cases = {
            (run.fingerprint, Case(**record.case.model_dump())) for record in run.results.claims
        }
        if not cases & seen:
            shown.append(run)
            seen |= cases
    return shown


def _about_checkout(changed: Sequence[str], commit: str) -> Iterator[Finding]:
    if changed:
        names = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if changed[3:] else "")
        yield Finding(
            problem=Problem.UNCOMMITTED,
            sentence=f"the checkout that decides isn't as commit {commit[:SHORT]} has it: {names};"
            " limits and expectations must be those of the commit: commit them",
        )


def _about_changes(since: Sequence[Change], lacking: str | None) -> Iterator[Finding]:
    """What lets more through than the base does, and nobody approves."""
    if lacking is not None:
        yield Finding(problem=Problem.NO_BASE, sentence=lacking)
    for change in since:
        if change.problem is not None and change.approved is None:
            yield Finding(
                problem=change.problem,
                sentence=f"{change.what}: {change.sentence}; undo it, or approve it in gate.toml"
                f" ([[approval]] with what = {change.what!r})",
            )


def _about_nothing(legs: Sequence[LegOutcome]) -> Iterator[Finding]:
    """That no leg has any claim that holds, so that nothing but waivers would let it pass."""
    if not any(judged.stands == Verdict.PASS.value for leg in legs for judged in leg.claims):
        yield Finding(
            problem=Problem.NOTHING,
            sentence="no claim of any leg holds: what is waived or missing is no reason to merge;"
            " measure a leg",
        )


def _different_files(
    matched: Matched, plans: Mapping[str, LegPlan], used: Sequence[Waiver]
) -> Iterator[Finding]:
    """Variants whose bytes differ between legs, or are of nobody knows which file: what is gated
    must be one file.
    """
    files: dict[tuple[str, str], dict[str | None, list[str]]] = {}
    for leg, parts in matched.parts.items():
        for part in parts:
            for case, digest in _artifacts(part, plans[leg]):
                if not any(waiver.covers(leg, case) for waiver in used):
                    digests = files.setdefault((case.model, case.variant), {})
                    digests.setdefault(digest, []).append(f"{leg} ({case.runtime})")
    for (model, variant), digests in files.items():
        if len(digests) > 1 or None in digests:
            told = "; ".join(
                f"{'unknown' if digest is None else digest[:SHORT]} on"
                f" {', '.join(dict.fromkeys(places))}"
                for digest, places in digests.items()
            )
            yield Finding(
                problem=Problem.OTHER_FILE,
                sentence=f"{model} {variant} isn't the same file on every leg: {told}; build it"
                " once, and give the same artifacts to all (`pytest --artifacts DIR`)",
            )


def _different_data(
    matched: Matched, plans: Mapping[str, LegPlan], used: Sequence[Waiver]
) -> Iterator[Finding]:
    """Models of which legs that evaluated all images evaluated other ones, as far as they tell."""
    found: dict[str, dict[str, list[str]]] = {}
    for leg, parts in matched.parts.items():
        for results in (part.run.results for part in parts):
            whole = {c.case for c in results.cases if c.evaluated_images == c.split_images}
            for one in results.scores:
                case = Case(**one.case.model_dump())
                waived = any(waiver.covers(leg, case) for waiver in used)
                if one.case in whole and case in plans[leg].claims and not waived:
                    legs = found.setdefault(case.model, {}).setdefault(one.data_sha256, [])
                    legs.append(leg)
    for model, digests in found.items():
        if len(digests) > 1:
            told = "; ".join(
                f"{d[:SHORT]} on {', '.join(dict.fromkeys(digests[d]))}" for d in digests
            )
            yield Finding(
                problem=Problem.OTHER_DATA,
                sentence=f"{model} was evaluated on data that differ between legs: {told}; give the"
                " same data to all",
            )


def _artifacts(part: Part, made: LegPlan) -> Iterator[tuple[Case, str | None]]:
    """The digest of each expected case's artifact that anything was measured of."""
    facts = {record.case: record.artifact_sha256 for record in part.run.results.cases}
    measured = {record.case for record in part.claims if record.measurement is not None}
    for case_id in measured:
        case = Case(**case_id.model_dump())
        if case in made.claims:
            yield case, facts.get(case_id)
