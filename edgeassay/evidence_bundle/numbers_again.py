"""Each claim's number from the predictions, with bounds where a formula gives them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from edgeassay.claims.decisions import Decided
from edgeassay.evidence_bundle.kept_again import Scored
from edgeassay.measure.operating import Operating
from edgeassay.runs.records import ClaimRecord, MeasurementRecord
from edgeassay.spec import ClaimName
from edgeassay.stats import Bounds, class_aucs, percentile_upper
from edgeassay.stats.calibration import brier_drift_bounds, ece_drift_bounds
from edgeassay.stats.operating import Rule
from edgeassay.stats.paired_rates import PairedHits, mean_paired_drop_bounds
from edgeassay.stats.rates import Hits, mean_rate_bounds, rate_bounds

NEAR: Final = 1e-9  # sums in another order
SHIFTS: Final = {
    ClaimName.SCORE_SHIFT_MEDIAN: 0.5,
    ClaimName.SCORE_SHIFT_P99: 0.99,
    ClaimName.SCORE_SHIFT_MAX: 1.0,
}
OF_POSITIVES: Final = (
    ClaimName.SENSITIVITY_DROP,
    ClaimName.MIN_SENSITIVITY,
    ClaimName.POSITIVE_FLIP_RATE,
)

Again = Callable[[ClaimRecord, MeasurementRecord, Scored], Bounds | None]


def _bare(value: float | None) -> Bounds | None:
    """A value whose bounds need more than a formula."""
    return None if value is None else Bounds(value=value, low=math.nan, high=math.nan)


def _mean_drop(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    compared = scored.beside(record.case)
    drop = None if compared is None else compared.aucs.mean()
    if drop is None or measured.confidence is None:
        return None
    return drop.bounds(measured.confidence)


def _class_drop(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    compared = scored.beside(record.case)
    if compared is None or record.class_name is None or record.class_name not in compared.classes:
        return None
    drop = compared.aucs.drops[list(compared.classes).index(record.class_name)]
    if drop is None or measured.confidence is None:
        return None
    return drop.bounds(measured.confidence)


def _min_auc(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    compared = scored.alone(record.case)
    drop = None if compared is None else compared.aucs.mean()
    if compared is None or drop is None or measured.confidence is None:
        return None
    plain = class_aucs(compared.labels, compared.candidate)
    if not math.isclose(float(np.nanmean(plain)), drop.candidate.value, abs_tol=NEAR):
        return None
    return drop.candidate.bounds(measured.confidence)


def _brier(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    c, confidence = scored.beside(record.case), measured.confidence
    if c is None or confidence is None:
        return None
    return brier_drift_bounds(c.labels, c.reference, c.candidate, c.codes, confidence)


def _ece(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    """Its bounds are of resamples, whose number and seed the results don't tell."""
    c, confidence = scored.beside(record.case), measured.confidence
    if c is None or confidence is None:
        return None
    bounds = ece_drift_bounds(
        c.labels, c.reference, c.candidate, c.codes, confidence, resamples=1, seed=0
    )
    return _bare(bounds.value)


def _shift(record: ClaimRecord, _: MeasurementRecord, scored: Scored) -> Bounds | None:
    if (c := scored.beside(record.case)) is None:
        return None
    moved = np.abs(c.candidate.astype(np.float64) - c.reference).max(axis=1)
    return _bare(percentile_upper(moved, SHIFTS[record.claim]))


def _decided(record: ClaimRecord, scored: Scored, *, alone: bool) -> Decided | None:
    """Decisions at the thresholds that the results name."""
    compared = scored.alone(record.case) if alone else scored.beside(record.case)
    point = scored.operating(record.case)
    if compared is None or point is None or len(point.thresholds) != len(compared.classes):
        return None
    thresholds = np.asarray(point.thresholds, np.float64)
    operating = Operating(thresholds=thresholds, rule=Rule(point.rule), origin="")
    kind = int(record.claim in OF_POSITIVES)
    return Decided(compared=compared, operating=operating, kind=kind, step=0.0)


def _rate_drop(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    decided, confidence = _decided(record, scored, alone=False), measured.confidence
    if decided is None or confidence is None:
        return None
    pairs = [
        PairedHits(
            reference=decided.right(k, candidate=False),
            candidate=decided.right(k, candidate=True),
            codes=decided.compared.codes[decided.of(k)],
        )
        for k in decided.classes
    ]
    return mean_paired_drop_bounds(pairs, confidence)


def _rate(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    decided, confidence = _decided(record, scored, alone=True), measured.confidence
    if decided is None or confidence is None:
        return None
    codes = decided.compared.codes
    hits = [
        Hits(hits=decided.right(k, candidate=True), codes=codes[decided.of(k)])
        for k in decided.classes
    ]
    return mean_rate_bounds(hits, confidence)


def _flips(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    decided, confidence = _decided(record, scored, alone=False), measured.confidence
    if decided is None or confidence is None:
        return None
    differ = [
        decided.right(k, candidate=True) != decided.right(k, candidate=False)
        for k in decided.classes
    ]
    codes = [decided.compared.codes[decided.of(k)] for k in decided.classes]
    return rate_bounds(np.concatenate(differ), np.concatenate(codes), confidence)


def _finite(record: ClaimRecord, _: MeasurementRecord, scored: Scored) -> Bounds | None:
    c = scored.alone(record.case)
    return None if c is None else _bare(float(np.isfinite(c.candidate).mean()))


def _dice(record: ClaimRecord, measured: MeasurementRecord, scored: Scored) -> Bounds | None:
    overlap = scored.overlap(record.case)
    return None if overlap is None else _bare(overlap.nearest(measured.value))


def _overlap_drop(
    record: ClaimRecord, measured: MeasurementRecord, scored: Scored
) -> Bounds | None:
    ours, theirs = scored.overlap(record.case), scored.overlap_reference(record.case)
    if ours is None or theirs is None:
        return None
    of_iou = record.claim is ClaimName.MEAN_IOU_DROP
    return _bare(ours.nearest_drop(theirs, measured.value, of_iou=of_iou))


AGAIN: Final[Mapping[ClaimName, Again]] = {
    ClaimName.MEAN_AUC_DROP: _mean_drop,
    ClaimName.CLASS_AUC_DROP: _class_drop,
    ClaimName.MIN_AUC: _min_auc,
    ClaimName.BRIER_DRIFT: _brier,
    ClaimName.ECE_DRIFT: _ece,
    **dict.fromkeys(SHIFTS, _shift),
    **dict.fromkeys((ClaimName.SENSITIVITY_DROP, ClaimName.SPECIFICITY_DROP), _rate_drop),
    **dict.fromkeys((ClaimName.MIN_SENSITIVITY, ClaimName.MIN_SPECIFICITY), _rate),
    **dict.fromkeys((ClaimName.POSITIVE_FLIP_RATE, ClaimName.NEGATIVE_FLIP_RATE), _flips),
    ClaimName.FINITE_OUTPUTS: _finite,
    ClaimName.MIN_DICE: _dice,
    ClaimName.MEAN_DICE_DROP: _overlap_drop,
    ClaimName.MEAN_IOU_DROP: _overlap_drop,
}
