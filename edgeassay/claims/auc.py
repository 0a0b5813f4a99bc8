"""Claims about the AUC: its drop on the same images, class by class and subgroup by subgroup, and
the least that it may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent, NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import (
    auc_measured,
    class_drop_measured,
    mean_drop_measured,
    too_few,
)
from edgeassay.spec import Claim, ClaimName, Measurement, Statistics
from edgeassay.stats import AucDrop, compare_aucs
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
    """The largest drop among the subgroups; its lower bound allows for how many there are."""
    compared, need = evidence.evaluations.compared(claim.case), _statistics(evidence, claim)
    if not compared.subgroups:
        file = evidence.rig.model(claim.case).file
        raise Absent(f"{file}: [data] names no `subgroups`")
    found = list(subgroup_drops(compared))
    if not found:
        raise NoEvidence("no subgroup has positives or negatives to compare")
    alone = 1.0 - (1.0 - need.confidence) / len(found)
    worst, drop = max(found, key=lambda pair: pair[1].value)
    few = [name for name, other in found if too_few(other.reference.counts, [name], need)]
    highs = [1.0 if n in few else other.bounds(need.confidence).high for n, other in found]
    lows = [other.bounds(alone).low for n, other in found if n not in few]
    detail = f"the worst of {len(found)} subgroups is {worst}"
    if few:
        detail += f"; too few patients to judge {', '.join(few)}"
    return Measurement(
        value=drop.value,
        unit="AUC",
        n=len(compared.labels),
        low=max(lows, default=-1.0),
        high=max(highs),
        confidence=need.confidence,
        detail=detail,
    ), drop.reference.value


def subgroup_drops(compared: Compared) -> Iterator[tuple[str, AucDrop]]:
    """Each subgroup's drop, by class and value: of its own images, and where it holds one kind
    only, of that kind against all images of the other.
    """
    for column, values in compared.subgroups.items():
        texts = np.asarray(values)
        for value in np.unique(texts):
            inside = texts == value
            for k, positive in enumerate(compared.labels.T.astype(bool)):
                rows = inside.copy()
                kinds = {bool(kind) for kind in np.unique(positive[inside])}
                if len(kinds) == 1:
                    rows |= positive != kinds.pop()
                found = compare_aucs(
                    compared.labels[rows][:, [k]],
                    compared.reference[rows][:, [k]],
                    compared.candidate[rows][:, [k]],
                    np.unique(compared.codes[rows], return_inverse=True)[1].reshape(-1),
                ).drops[0]
                if found is not None:
                    of_class = f" ({compared.classes[k]})" if len(compared.classes) > 1 else ""
                    yield f"{column} = {value}{of_class}", found


def min_auc(evidence: Evidence, claim: Claim) -> Measured:
    """The mean AUC."""
    compared = evidence.evaluations.alone(claim.case)
    drop = compared.aucs.mean()
    assert drop is not None, "check_evaluation refuses such data"
    return auc_measured(drop.candidate, compared, _statistics(evidence, claim)), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MEAN_AUC_DROP: mean_auc_drop,
    ClaimName.CLASS_AUC_DROP: class_auc_drop,
    ClaimName.SUBGROUP_AUC_DROP: subgroup_auc_drop,
    ClaimName.MIN_AUC: min_auc,
}
