"""Claims about the AUC: its drop on the same images, class by class and subgroup by subgroup, and
the least that it may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.claims.sound import beside_reference, by_itself
from edgeassay.errors import Absent, MeasurementError, NoEvidence, some
from edgeassay.evidence import Evidence
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import (
    auc_measured,
    class_drop_measured,
    mean_drop_measured,
    planning,
    too_few,
)
from edgeassay.measure.guessing import senseless_estimate
from edgeassay.spec import Claim, ClaimName, Measurement, Statistics
from edgeassay.stats import AucDrop, compare_aucs
from edgeassay.stats.arrays import Codes
from edgeassay.stats.auc import count
from edgeassay.stats.holm import holm


def _statistics(evidence: Evidence, claim: Claim) -> Statistics:
    return evidence.rig.model(claim.case).statistics


def mean_auc_drop(evidence: Evidence, claim: Claim) -> Measured:
    """The reference's mean AUC less the case's."""
    compared = evidence.evaluations.compared(claim.case)
    drop = compared.aucs.mean()
    measured = mean_drop_measured(compared, claim.limit.value, _statistics(evidence, claim))
    assert drop is not None, "check_evaluation refuses such data"
    assert measured is not None, "there is a drop"
    return measured, drop.reference.value


def class_auc_drop(evidence: Evidence, claim: Claim) -> Measured:
    """The same for one class; a failure is declared only where Holm's correction for all classes
    that are claimed lets it stand.
    """
    compared, need = evidence.evaluations.compared(claim.case), _statistics(evidence, claim)
    k = list(compared.classes).index(claim.class_name or "")
    drop = compared.aucs.drops[k]
    measured = class_drop_measured(compared, k, claim.limit.value, need)
    if drop is None or measured is None:
        raise NoEvidence(
            f"{claim.class_name}: all {len(compared.labels):,} images are alike, so there is no AUC"
        )
    assert measured.low is not None
    if measured.low > claim.limit.value and measured.insufficient is None:
        measured = _corrected(evidence, claim, compared, measured)
    return measured, drop.reference.value


def _corrected(
    evidence: Evidence, claim: Claim, compared: Compared, measured: Measurement
) -> Measurement:
    """Insufficient where the class's failure doesn't stand among those of all claimed classes."""
    claims = [
        other
        for other in evidence.rig.plan.claims
        if other.name is claim.name and other.case == claim.case
    ]
    drops = dict(zip(compared.classes, compared.aucs.drops, strict=True))
    tested = [drops[other.class_name or ""] for other in claims]
    p_values = np.array(
        [
            np.nan if drop is None else drop.p_above(other.limit.value)
            for drop, other in zip(tested, claims, strict=True)
        ]
    )
    rejected = holm(p_values, 1.0 - _statistics(evidence, claim).confidence)
    place = claims.index(claim)
    if rejected[place]:
        return measured
    return replace(
        measured,
        insufficient=(
            f"alone it would fail (p = {p_values[place]:.3g}), but not among {len(claims)} classes"
            " that are looked at (Holm 1979)"
        ),
    )


def subgroup_auc_drop(evidence: Evidence, claim: Claim) -> Measured:
    """The largest drop among the subgroups; its lower bound allows for how many there are. Those of
    too few patients aren't looked at, and nothing passes for want of them.
    """
    compared, need = evidence.evaluations.compared(claim.case), _statistics(evidence, claim)
    if not compared.subgroups:
        file = evidence.rig.model(claim.case).file
        raise Absent(f"{file}: [data] names no `subgroups`")
    found, few = subgroup_drops(compared, need)
    unjudged = f"too few patients to judge {some(few)}" if few else ""
    if not found:
        raise NoEvidence(unjudged or "no subgroup is less than all images that a class is about")
    alone = 1.0 - (1.0 - need.confidence) / len(found)
    for name, other in found.items():
        if (words := senseless_estimate(other.reference, alone)) is not None:
            raise MeasurementError(f"the reference's scores of the subgroup {name} {words}")
    worst, drop = max(found.items(), key=lambda pair: pair[1].value)
    highs = {name: other.bounds(need.confidence).high for name, other in found.items()}
    widest = max(highs, key=lambda name: highs[name])
    figure = planning(found[widest], _images(found[widest]), claim.limit.value, need)
    detail = f"the worst of {len(found)} subgroups is {worst}"
    low = max(other.bounds(alone).low for other in found.values())
    return Measurement(
        value=drop.value,
        unit="AUC",
        n=len(compared.labels),
        low=low,
        high=highs[widest],
        confidence=need.confidence,
        insufficient=unjudged if few and low <= claim.limit.value else None,
        planning=None if few or figure is None else f"{widest}: {figure}",
        detail=detail,
    ), drop.reference.value


def _images(drop: AucDrop) -> int:
    (counts,) = drop.reference.counts
    return counts.positives + counts.negatives


def subgroup_drops(compared: Compared, need: Statistics) -> tuple[dict[str, AucDrop], list[str]]:
    """Each subgroup's drop by its name, and the names of those that have too few patients."""
    found: dict[str, AucDrop] = {}
    few: list[str] = []
    for name, k, rows in _subgroups(compared):
        positive, codes = compared.labels[rows, k].astype(bool), compared.codes[rows]
        if too_few([count(positive, codes)], [name], need):
            few.append(name)
            continue
        drop = compare_aucs(
            compared.labels[rows][:, [k]],
            compared.reference[rows][:, [k]],
            compared.candidate[rows][:, [k]],
            np.unique(codes, return_inverse=True)[1].reshape(-1),
        ).drops[0]
        assert drop is not None, "there are patients of both kinds"
        found[name] = drop
    return found, few


def _subgroups(compared: Compared) -> Iterator[tuple[str, int, Codes]]:
    """Each subgroup by value and class, and its images: its own, and where they are of one kind,
    all images of the other too. Where that makes it everybody, it is no subgroup.
    """
    kinds = [(np.flatnonzero(column == 0), np.flatnonzero(column)) for column in compared.labels.T]
    for column, values in compared.subgroups.items():
        texts, of = np.unique(np.asarray(values), return_inverse=True)
        by_value = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1])
        for text, inside in zip(texts, by_value, strict=True):
            for k, name in enumerate(compared.classes):
                rows, own = inside, compared.labels[inside, k]
                if own.all() or not own.any():
                    rows = np.concatenate([inside, kinds[k][1 - own[0]]])
                    if len(rows) == len(compared.labels):
                        continue
                of_class = f" ({name})" if len(compared.classes) > 1 else ""
                yield f"{column} = {text or 'nothing'}{of_class}", k, rows


def wider_auc_gain(evidence: Evidence, claim: Claim) -> Measured:
    """The next wider sub-network's mean AUC less the case's, on the same images."""
    wider = evidence.rig.plan.wider_of(claim.case)
    assert wider is not None, "claimed only where a variant names one"
    evaluations = evidence.evaluations
    compared = evaluations.beside(claim.case, evaluations.scores(wider))
    drop = compared.aucs.mean()
    need = _statistics(evidence, claim)
    # Of the narrower one nothing is asked here: it may see as little as it does.
    measured = mean_drop_measured(compared, -claim.limit.value, need, shown=False)
    assert drop is not None, "check_evaluation refuses such data"
    assert measured is not None, "there is a drop"
    return measured, drop.reference.value


def min_auc(evidence: Evidence, claim: Claim) -> Measured:
    """The mean AUC."""
    compared = evidence.evaluations.alone(claim.case)
    drop = compared.aucs.mean()
    assert drop is not None, "check_evaluation refuses such data"
    return auc_measured(drop.candidate, compared, _statistics(evidence, claim)), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MEAN_AUC_DROP: beside_reference(mean_auc_drop),
    ClaimName.CLASS_AUC_DROP: beside_reference(class_auc_drop),
    ClaimName.SUBGROUP_AUC_DROP: beside_reference(subgroup_auc_drop),
    ClaimName.MIN_AUC: by_itself(min_auc),
    ClaimName.WIDER_AUC_GAIN: wider_auc_gain,
}
