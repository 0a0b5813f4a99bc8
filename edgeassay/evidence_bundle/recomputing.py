"""Every number that can be computed again from what a bundle holds, and whether it is the one that
was judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.errors import EdgeassayError
from edgeassay.evidence_bundle.overlaps_again import Overlap, read_overlap
from edgeassay.gates import verdict_of
from edgeassay.measure.compared import Compared
from edgeassay.report.results import Results
from edgeassay.runs.records import CaseId, ClaimRecord, MeasurementRecord
from edgeassay.runs.scores import read_scores
from edgeassay.spec import TRAITS, ClaimName, Measurement, Verdict
from edgeassay.stats import Bounds, class_aucs, percentile_upper
from edgeassay.stats.calibration import brier_drift_bounds, ece_drift_bounds

NEAR: Final = 1e-9  # sums in another order
SHIFTS: Final = {
    ClaimName.SCORE_SHIFT_MEDIAN: 0.5,
    ClaimName.SCORE_SHIFT_P99: 0.99,
    ClaimName.SCORE_SHIFT_MAX: 1.0,
}
VARIANT: Final = "variant "


@dataclass(kw_only=True)
class Recomputed:
    """How many numbers were computed again, how many verdicts follow from theirs, and a sentence
    for each that doesn't; `beyond` counts the claims about quality whose numbers need more than
    the bundle holds, by name.
    """

    numbers: int = 0
    verdicts: int = 0
    wrong: list[str] = field(default_factory=list)
    beyond: dict[str, int] = field(default_factory=dict)

    def compare(self, what: str, said: float | None, found: float | None) -> None:
        """One number."""
        if said is None or found is None:
            return
        self.numbers += 1
        if not math.isclose(said, found, rel_tol=NEAR, abs_tol=NEAR):
            self.wrong.append(
                f"{what} is {found:.9g} by the predictions, and {said:.9g} was judged"
            )


def recompute(results: Results, name: str, predictions: Path) -> Recomputed:
    """Compute a run's numbers again; what is damaged is wrong."""
    found = Recomputed()
    scored = _Scored(results, predictions, found, name)
    for record in results.claims:
        _claim(record, scored, found, name)
    for case in results.cases:
        if (compared := scored.alone(case.case)) is not None:
            drop = compared.aucs.mean()
            if drop is not None:
                found.compare(_at(name, case.case, "mean_auc"), case.mean_auc, drop.candidate.value)
        if (overlap := scored.overlap(case.case)) is not None and case.mean_dice is not None:
            what = _at(name, case.case, "mean_dice")
            found.compare(what, case.mean_dice, overlap.nearest(case.mean_dice))
    return found


class _Scored:
    """The scores of a run's cases, read once."""

    def __init__(self, results: Results, predictions: Path, found: Recomputed, name: str) -> None:
        self._digests = {record.case: record for record in results.scores}
        self._segments = {record.case: record.sha256 for record in results.segments}
        self._references = {case.case: case.auc_reference for case in results.cases}
        self._dice_references = {case.case: case.dice_reference for case in results.cases}
        self._predictions, self._found, self._name = predictions, found, name
        self._alone: dict[CaseId, Compared | None] = {}
        self._overlaps: dict[CaseId, Overlap | None] = {}

    def alone(self, case: CaseId) -> Compared | None:
        """A case's scores beside themselves; None where they weren't kept, or aren't whole."""
        if case not in self._alone:
            self._alone[case] = self._read(case)
        return self._alone[case]

    def _read(self, case: CaseId) -> Compared | None:
        record = self._digests.get(case)
        if record is None or not (self._predictions / "scores" / f"{record.sha256}.npz").exists():
            return None
        try:
            saved = read_scores(self._predictions, record.sha256)
        except EdgeassayError as error:
            self._found.wrong.append(str(error))
            return None
        if saved.data_sha256 != record.data_sha256:
            what = _at(self._name, case, "its data set")
            self._found.wrong.append(f"{what} isn't the one that was judged")
        return Compared(
            classes=saved.classes,
            labels=saved.truth,
            reference=saved.scores,
            candidate=saved.scores,
            codes=np.unique(saved.patients, return_inverse=True)[1].reshape(-1),
        )

    def beside(self, case: CaseId) -> Compared | None:
        """A case's scores beside its reference's."""
        other = self._reference(case, self._references.get(case))
        ours, theirs = self.alone(case), None if other is None else self.alone(other)
        if ours is None or theirs is None or ours.labels.shape != theirs.labels.shape:
            return None
        return Compared(
            classes=ours.classes,
            labels=ours.labels,
            reference=theirs.candidate,
            candidate=ours.candidate,
            codes=ours.codes,
        )

    def _reference(self, case: CaseId, words: str | None) -> CaseId | None:
        """The case that drops are taken against, of the words that name it."""
        if words is None or not words.startswith(VARIANT):
            return None
        variant, _, runtime = words.removeprefix(VARIANT).partition(" on ")
        return CaseId(
            model=case.model,
            variant=variant,
            runtime=runtime or case.runtime,
            device=case.device,
        )

    def overlap(self, case: CaseId) -> Overlap | None:
        """What a case marked on each image; None where it wasn't kept, or isn't whole."""
        if case not in self._overlaps:
            digest = self._segments.get(case)
            path = self._predictions / "segments" / f"{digest}.csv"
            found = None
            if digest is not None and path.exists():
                try:
                    found = read_overlap(path, digest)
                except EdgeassayError as error:
                    self._found.wrong.append(str(error))
            self._overlaps[case] = found
        return self._overlaps[case]

    def overlap_reference(self, case: CaseId) -> Overlap | None:
        """Likewise of its reference."""
        other = self._reference(case, self._dice_references.get(case))
        return None if other is None else self.overlap(other)


def _claim(record: ClaimRecord, scored: _Scored, found: Recomputed, name: str) -> None:
    """A claim's number, its bounds where a formula gives them, and its verdict."""
    measured = record.measurement
    if measured is None:
        return
    what = _at(name, record.case, record.claim.value, record.class_name)
    again = AGAIN.get(record.claim)
    bounds = None if again is None else again(record, measured, scored)
    if bounds is not None:
        found.compare(what, measured.value, bounds.value)
        for side, said, bound in (
            ("lower", measured.low, bounds.low),
            ("upper", measured.high, bounds.high),
        ):
            if not math.isnan(bound):
                found.compare(f"{what}: its {side} bound", said, bound)
    if bounds is None and TRAITS[record.claim].needs_data:
        found.beyond[record.claim.value] = found.beyond.get(record.claim.value, 0) + 1
    if record.verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE):
        _verdict(record, measured, what, found)


def _verdict(
    record: ClaimRecord, measured: MeasurementRecord, what: str, found: Recomputed
) -> None:
    """Whether the verdict follows from the number and its limit."""
    if record.limit is None:
        return
    number = Measurement(**measured.model_dump())
    sense = TRAITS[record.claim].sense
    verdict = verdict_of(number, record.limit.value, sense, record.limit.tolerated)
    found.verdicts += 1
    if verdict is not record.verdict:
        found.wrong.append(
            f"{what}: {verdict} follows from its number, and it says {record.verdict}"
        )


def _at(name: str, case: CaseId, what: str, class_name: str | None = None) -> str:
    of_class = f" ({class_name})" if class_name else ""
    return f"{name}: {what}{of_class} of {case.model} {case.variant} on {case.runtime}"


Again = Callable[[ClaimRecord, MeasurementRecord, _Scored], Bounds | None]


def _bare(value: float | None) -> Bounds | None:
    """A value whose bounds need more than a formula."""
    return None if value is None else Bounds(value=value, low=math.nan, high=math.nan)


def _mean_drop(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    compared = scored.beside(record.case)
    drop = None if compared is None else compared.aucs.mean()
    if drop is None or measured.confidence is None:
        return None
    return drop.bounds(measured.confidence)


def _class_drop(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    compared = scored.beside(record.case)
    if compared is None or record.class_name is None or record.class_name not in compared.classes:
        return None
    drop = compared.aucs.drops[list(compared.classes).index(record.class_name)]
    if drop is None or measured.confidence is None:
        return None
    return drop.bounds(measured.confidence)


def _min_auc(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    compared = scored.alone(record.case)
    drop = None if compared is None else compared.aucs.mean()
    if compared is None or drop is None or measured.confidence is None:
        return None
    plain = class_aucs(compared.labels, compared.candidate)
    if not math.isclose(float(np.nanmean(plain)), drop.candidate.value, abs_tol=NEAR):
        return None
    return drop.candidate.bounds(measured.confidence)


def _brier(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    c, confidence = scored.beside(record.case), measured.confidence
    if c is None or confidence is None:
        return None
    return brier_drift_bounds(c.labels, c.reference, c.candidate, c.codes, confidence)


def _ece(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    """Its bounds are of resamples, whose number and seed the results don't tell."""
    c, confidence = scored.beside(record.case), measured.confidence
    if c is None or confidence is None:
        return None
    bounds = ece_drift_bounds(
        c.labels, c.reference, c.candidate, c.codes, confidence, resamples=1, seed=0
    )
    return _bare(bounds.value)


def _shift(record: ClaimRecord, _: MeasurementRecord, scored: _Scored) -> Bounds | None:
    if (c := scored.beside(record.case)) is None:
        return None
    moved = np.abs(c.candidate.astype(np.float64) - c.reference).max(axis=1)
    return _bare(percentile_upper(moved, SHIFTS[record.claim]))


def _finite(record: ClaimRecord, _: MeasurementRecord, scored: _Scored) -> Bounds | None:
    c = scored.alone(record.case)
    return None if c is None else _bare(float(np.isfinite(c.candidate).mean()))


def _dice(record: ClaimRecord, measured: MeasurementRecord, scored: _Scored) -> Bounds | None:
    overlap = scored.overlap(record.case)
    return None if overlap is None else _bare(overlap.nearest(measured.value))


def _overlap_drop(
    record: ClaimRecord, measured: MeasurementRecord, scored: _Scored
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
    ClaimName.FINITE_OUTPUTS: _finite,
    ClaimName.MIN_DICE: _dice,
    ClaimName.MEAN_DICE_DROP: _overlap_drop,
    ClaimName.MEAN_IOU_DROP: _overlap_drop,
}


def recompute_times(
    results: Results, name: str, rounds: Mapping[tuple[str, ...], list[list[int]]]
) -> Recomputed:
    """A run's p50 and p95 again, of all durations where those were kept, else of the quantiles."""
    found = Recomputed()
    for case in results.cases:
        ids = case.case
        times = None if case.curves is None else case.curves.times
        kept = rounds.get((ids.model, ids.variant, ids.runtime, ids.device))
        for said, share, what in ((case.p50_ms, 0.5, "p50_ms"), (case.p95_ms, 0.95, "p95_ms")):
            if said is None:
                continue
            if kept is not None:
                values = np.concatenate([np.asarray(row, np.float64) for row in kept])
                found.compare(_at(name, ids, what), said, percentile_upper(values, share) / 1e6)
            elif times is not None:
                rounded = times.quantiles_ms[round(100 * share)]
                near = rounded if not math.isclose(rounded, said, abs_tol=1e-5) else said
                found.compare(_at(name, ids, what), said, near)
    return found


def all_of(parts: Iterator[Recomputed]) -> Recomputed:
    """Several runs together."""
    whole = Recomputed()
    for part in parts:
        whole.numbers += part.numbers
        whole.verdicts += part.verdicts
        whole.wrong += part.wrong
        for name, count in part.beyond.items():
            whole.beyond[name] = whole.beyond.get(name, 0) + count
    return whole
