"""Claims against what was promoted: time, size and quality against the last baseline, and quality
against the released one too, so that many small losses in a row don't add up unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Final

import numpy as np

from edgeassay.baselines import Against, Baseline, Line
from edgeassay.changes import Change, Pair, Scored, judge_aucs, judge_times
from edgeassay.claims.measured import Measure, Measured
from edgeassay.claims.sound import check_candidate, check_reference
from edgeassay.errors import Absent, Incomparable
from edgeassay.evidence import Evidence
from edgeassay.measure.compared import Compared
from edgeassay.measure.latency import stack_of
from edgeassay.runs.estimates import estimate_of
from edgeassay.runs.records import CaseId
from edgeassay.runs.saved import Timed, differences
from edgeassay.spec import Case, Claim, ClaimName, Measurement, Verdict
from edgeassay.timings import LATENCY


def baseline_size_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Bytes by the baseline's bytes."""
    baseline, base = _against(evidence).promoted(claim.case, Line.LAST)
    if base.size_bytes is None:
        raise Absent(f"{baseline.path} doesn't say how large it was; promote a run again")
    size = evidence.rig.artifact(claim.case).size_bytes
    return Measurement(
        value=size / base.size_bytes, unit="ratio", n=1, detail=_since(baseline, claim.case)
    ), float(base.size_bytes)


def baseline_latency_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Median time by the baseline's, by what processes differ by on either side; a failure is
    declared only where it stands among all cases.
    """
    against, family = _against(evidence), _family(evidence, claim)
    baseline, base = against.promoted(claim.case, Line.LAST)
    head, noise = _timed(evidence, claim.case), against.comparison.noise
    allowed = against.comparison.allowed(claim.case.id, claim.case)
    pair = Pair(base=base, head=head, allowed=allowed)
    (change,) = judge_times([pair], noise)
    (among,) = judge_times([pair], replace(noise, false_alarms=noise.false_alarms / family))
    detail = "; ".join([_since(baseline, claim.case), *_stack_changes(base, head)])
    measured = _measured(among, detail)
    disturbed = base.disturbed or head.disturbed
    if disturbed is None and measured.low is not None and measured.high is not None:
        measured = replace(measured, insufficient=None)  # its bounds say it as well
    if change.verdict is Verdict.FAIL and among.verdict is not Verdict.FAIL:
        measured = replace(measured, insufficient=_alone(family))
    return measured, change.base


def baseline_cycles_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Estimated cycles by the baseline's; Incomparable where another compiler estimated them, or
    for another accelerator, or other nodes are left to the CPU, whose cycles nobody estimates.
    """
    now = estimate_of(evidence.rig.loaded(claim.case).facts)
    if now is None or now.cycles is None:
        raise Absent(f"runtime {claim.case.runtime} estimates no cycles")
    baseline, base = _against(evidence).estimated(claim.case)
    changed = [f"{name} {was}, now {is_}" for name, was, is_ in differences(base.stack, now.stack)]
    left = [estimate.nodes - estimate.delegated for estimate in (base, now)]
    if left[0] != left[1]:
        changed.append(f"{left[0]} nodes left to the CPU, now {left[1]}")
    if changed:
        raise Incomparable(f"{baseline.path} estimated it with {'; '.join(changed)}; promote again")
    if not base.cycles:
        raise Absent(f"none of its {now.nodes} nodes runs on {now.target}")
    words = f"{now.cycles:,} on {now.target}, {_since(baseline, claim.case)}"
    return Measurement(value=now.cycles / base.cycles, unit="ratio", n=1, detail=words), float(
        base.cycles
    )


def auc_drop(evidence: Evidence, claim: Claim, *, line: Line) -> Measured:
    """The baseline's mean AUC less the case's, on the same images; a failure is declared only
    where it stands among all cases.
    """
    against, need = _against(evidence), evidence.rig.model(claim.case).statistics
    baseline, base = against.promoted(claim.case, line)
    compared = _compared(evidence, baseline, claim.case)
    check_reference(compared, need.confidence)
    drop = compared.aucs.mean()
    assert drop is not None, "check_evaluation refuses such data"
    base = replace(base, mean_auc=drop.reference.value)
    head = replace(_head(evidence, claim.case), mean_auc=drop.candidate.value)
    allowed = against.comparison.allowed(claim.case.id, claim.case)
    pair = Pair(base=base, head=head, allowed=allowed)
    same = bool(np.array_equal(compared.reference, compared.candidate))
    (change,) = judge_aucs([Scored(pair=pair, compared=compared, same_scores=same)], need)
    assert change is not None, "the base has a mean AUC"
    measured = replace(_measured(change, _since(baseline, claim.case)), n=len(compared.labels))
    family, p_value = _family(evidence, claim), drop.p_above(claim.limit.value)
    if change.verdict is Verdict.FAIL and p_value > (1.0 - need.confidence) / family:
        measured = replace(measured, insufficient=_alone(family))
    measured = check_candidate(claim, compared, need.confidence, measured, shown=True)
    return measured, drop.reference.value


def _against(evidence: Evidence) -> Against:
    against = evidence.rig.settings.against
    assert against is not None, "such claims are made of what a run is judged against"
    return against


def _family(evidence: Evidence, claim: Claim) -> int:
    """How many such claims the run makes."""
    return sum(other.name is claim.name for other in evidence.rig.plan.claims)


def _alone(family: int) -> str:
    """Each of several cases has its share of the false alarms that the run may give."""
    return f"alone it would fail, but not among the {family} cases that are looked at (Bonferroni)"


def _since(baseline: Baseline, case: Case) -> str:
    """Where a case's baseline came from, in words."""
    origin = baseline.origins[case]
    return f"since {origin.commit[:10]} of {origin.saved:%Y-%m-%d}"


def _measured(change: Change, detail: str) -> Measurement:
    """A change as gates judge it. Where its bounds have different confidences, both have at least
    the lesser.
    """
    effect = change.effect
    assert effect is not None, "both sides are there"
    given = [c for c in (effect.low_confidence, effect.high_confidence) if c is not None]
    return Measurement(
        value=effect.value,
        unit=effect.unit,
        n=1 if effect.n is None else effect.n[1],
        low=effect.low,
        high=effect.high,
        confidence=min(given, default=None),
        insufficient=change.reason if change.verdict is Verdict.INCONCLUSIVE else None,
        detail=detail,
    )


def _head(evidence: Evidence, case: Case) -> Timed:
    """The case of this run, before it is timed."""
    artifact = evidence.rig.artifact(case)
    runtime = evidence.rig.runtime(case)
    said = {"adapter": evidence.rig.adapter(case)}
    stack = asdict(stack_of(runtime, evidence.rig.greeting(case), said))
    return Timed(
        key=f"{case.id} on {case.device}",
        name=case.id,
        case=CaseId(**asdict(case)),
        artifact_sha256=artifact.sha256,
        stack={name: str(value) for name, value in stack.items() if value is not None},
        processes=(),
        median_s=0.0,
        size_bytes=artifact.size_bytes,
    )


def _timed(evidence: Evidence, case: Case) -> Timed:
    """The case of this run with its durations, process by process."""
    durations = evidence.timings.durations(case).candidate
    return replace(
        _head(evidence, case),
        processes=tuple(row / 1e9 for row in durations.durations),
        median_s=durations.p50_ms / 1e3,
        disturbed=evidence.timings.excess(case, LATENCY),
    )


def _stack_changes(base: Timed, head: Timed) -> list[str]:
    """What runs it now and did then, where that differs."""
    changes = differences(base.stack, head.stack)
    return [f"{name} was {old} and is {new}" for name, old, new in changes]


def _compared(evidence: Evidence, baseline: Baseline, case: Case) -> Compared:
    """The baseline's scores and the case's; Incomparable where they are of other images."""
    evaluations = evidence.evaluations
    candidate = evaluations.scores(case)
    own, promoted = evaluations.to_save(case), baseline.scores(case)
    assert own is not None, "it was evaluated just now"
    if promoted is None:
        raise Absent(f"{baseline.path} has no scores of it; promote a run that evaluated it")
    if promoted.data_sha256 != own.data_sha256:
        raise Incomparable(
            f"{baseline.path} was evaluated on other data: {len(promoted.truth):,} images then and"
            f" {len(own.truth):,} now, or other labels, patients or names; promote a run on the"
            " data of today"
        )
    return replace(evaluations.alone(case), reference=promoted.scores, candidate=candidate)


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.BASELINE_LATENCY_RATIO: baseline_latency_ratio,
    ClaimName.BASELINE_SIZE_RATIO: baseline_size_ratio,
    ClaimName.BASELINE_CYCLES_RATIO: baseline_cycles_ratio,
    ClaimName.BASELINE_AUC_DROP: partial(auc_drop, line=Line.LAST),
    ClaimName.RELEASED_AUC_DROP: partial(auc_drop, line=Line.RELEASED),
}
