"""Claims about decisions: what becomes of the patient, which an AUC can't see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from edgeassay.claims.measured import Measure, Measured
from edgeassay.claims.sound import beside_reference, by_itself
from edgeassay.errors import NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import rate_planning
from edgeassay.measure.operating import Operating
from edgeassay.spec import Claim, ClaimName, Measurement, Statistics
from edgeassay.stats import Bounds
from edgeassay.stats.arrays import Mask
from edgeassay.stats.paired_rates import PairedHits, mean_paired_drop_bounds
from edgeassay.stats.patients import Patients
from edgeassay.stats.rates import Hits, mean_rate_bounds, rate_bounds


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Of the positive images, or of the negative ones: both models' decisions by class."""

    compared: Compared
    operating: Operating
    kind: int
    step: float

    def of(self, k: int) -> Mask:
        """The images of a class that are looked at."""
        mask: Mask = self.compared.labels[:, k] == self.kind
        return mask

    @property
    def classes(self) -> list[int]:
        """The classes that have such images."""
        return [k for k in range(len(self.compared.classes)) if self.of(k).any()]

    def right(self, k: int, *, candidate: bool) -> Mask:
        """Which of those images a model decides rightly."""
        scores = self.compared.candidate if candidate else self.compared.reference
        called: Mask = self.operating.decide(scores)[self.of(k), k] == bool(self.kind)
        return called

    @property
    def images(self) -> int:
        """How many decisions there are."""
        return sum(int(self.of(k).sum()) for k in self.classes)

    @property
    def name(self) -> str:
        """The kind in a word."""
        return "positive" if self.kind else "negative"

    def least(self, need: Statistics) -> int:
        """How many patients every class needs."""
        return need.min_positives if self.kind else need.min_negatives

    def patients(self, k: int) -> Patients:
        """Whose such images of a class are."""
        return Patients.from_codes(self.compared.codes[self.of(k)])

    def poor(self, need: Statistics) -> str | None:
        """Why so few patients decide nothing; None where there are enough."""
        for k in self.classes:
            patients = self.patients(k)
            if patients.worth < self.least(need):
                return (
                    f"too few patients: {self.compared.classes[k]} has {patients.count}"
                    f" {self.name} ones{patients.uneven}, and {self.least(need)} are needed before"
                    " bounds can be relied on"
                )
        return None

    @property
    def senseless(self) -> str | None:
        """Why an operating point decides nothing: one that the reference's scores never reach, or
        always, leaves both models alike whatever they say.
        """
        called = self.operating.decide(self.compared.reference)
        for k in self.classes:
            if called[:, k].all() or not called[:, k].any():
                which = "every image" if called[:, k].all() else "no image"
                low, high = (f(self.compared.reference[:, k]) for f in (np.min, np.max))
                return (
                    f"at the threshold {self.operating.thresholds[k]:.6g} the reference calls"
                    f" {which} {self.compared.classes[k]!r}: its scores go from {low:.4g} to"
                    f" {high:.4g}; look at [operating_point]"
                )
        return None

    @property
    def detail(self) -> str:
        """The operating point, how close scores come to it, and which classes are left out."""
        near = self.operating.near(self.compared.candidate, self.step)
        patients = len(
            {int(code) for k in self.classes for code in self.compared.codes[self.of(k)]}
        )
        words = (
            f"of {patients:,} patients; {self.operating.words}; {near:,} of the candidate's scores"
        )
        words += " lie"
        words += f" within one quantization step ({self.step:.3g})" if self.step else " right"
        words += " at it" if not self.step else " of it"
        left = [n for k, n in enumerate(self.compared.classes) if k not in self.classes]
        return words + (f"; without {', '.join(left)}: no such images" if left else "")


def _decided(evidence: Evidence, claim: Claim, kind: int, *, alone: bool = False) -> Decided:
    evaluations = evidence.evaluations
    decided = Decided(
        compared=evaluations.alone(claim.case) if alone else evaluations.compared(claim.case),
        operating=evaluations.operating(claim.case),
        kind=kind,
        step=evaluations.predictions(claim.case).step,
    )
    if not decided.classes:
        raise NoEvidence(f"no image is {'positive' if kind else 'negative'} for any class")
    return decided


def _measured(
    decided: Decided, bounds: Bounds, need: Statistics, *, paired: bool = False
) -> Measurement:
    return Measurement(
        value=bounds.value,
        unit="share",
        n=decided.images,
        low=bounds.low,
        high=bounds.high,
        confidence=need.confidence,
        insufficient=decided.poor(need) or (decided.senseless if paired else None),
        detail=decided.detail,
    )


def drop(evidence: Evidence, claim: Claim, *, kind: int) -> Measured:
    """The reference's sensitivity (kind 1) or specificity (kind 0) less the case's, on the same
    images; of several classes the mean.
    """
    need, decided = evidence.rig.model(claim.case).statistics, _decided(evidence, claim, kind)
    pairs = [
        PairedHits(
            reference=decided.right(k, candidate=False),
            candidate=decided.right(k, candidate=True),
            codes=decided.compared.codes[decided.of(k)],
        )
        for k in decided.classes
    ]
    bounds = mean_paired_drop_bounds(pairs, need.confidence)
    reference = float(np.mean([pair.reference.mean() for pair in pairs]))
    rarest = min(decided.patients(k).worth for k in decided.classes)
    planning = rate_planning(
        bounds,
        decided.images,
        decided.name,
        claim.limit.value,
        need,
        least=decided.least(need) / rarest,
        differing=any((pair.reference != pair.candidate).any() for pair in pairs),
    )
    measured = _measured(decided, bounds, need, paired=True)
    detail = f"the reference's is {reference:.4f}; {measured.detail}"
    return replace(measured, planning=planning, detail=detail), reference


def least(evidence: Evidence, claim: Claim, *, kind: int) -> Measured:
    """The case's own sensitivity (kind 1) or specificity (kind 0); of several classes the mean."""
    need = evidence.rig.model(claim.case).statistics
    decided = _decided(evidence, claim, kind, alone=True)
    hits = [
        Hits(hits=decided.right(k, candidate=True), codes=decided.compared.codes[decided.of(k)])
        for k in decided.classes
    ]
    return _measured(decided, mean_rate_bounds(hits, need.confidence), need), None


def flips(evidence: Evidence, claim: Claim, *, kind: int) -> Measured:
    """The share of the positives (kind 1) or negatives (kind 0), over all classes, that the two
    models decide differently: what a sensitivity that stays the same may hide.
    """
    need, decided = evidence.rig.model(claim.case).statistics, _decided(evidence, claim, kind)
    differ = [
        decided.right(k, candidate=True) != decided.right(k, candidate=False)
        for k in decided.classes
    ]
    codes = [decided.compared.codes[decided.of(k)] for k in decided.classes]
    bounds = rate_bounds(np.concatenate(differ), np.concatenate(codes), need.confidence)
    return _measured(decided, bounds, need, paired=True), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.SENSITIVITY_DROP: beside_reference(partial(drop, kind=1)),
    ClaimName.SPECIFICITY_DROP: beside_reference(partial(drop, kind=0)),
    ClaimName.MIN_SENSITIVITY: by_itself(partial(least, kind=1)),
    ClaimName.MIN_SPECIFICITY: by_itself(partial(least, kind=0)),
    ClaimName.POSITIVE_FLIP_RATE: beside_reference(partial(flips, kind=1)),
    ClaimName.NEGATIVE_FLIP_RATE: beside_reference(partial(flips, kind=0)),
}
