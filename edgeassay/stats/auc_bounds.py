"""Bounds of an AUC, and of the drop between two AUCs of the same images.

Score-type limits: at each value that is tried, the variance is the one that AUCs there would have,
not the one at the estimate. Near 1, where a lucky sample shows a small drop and a small variance at
once, limits from the estimate's own variance are far too narrow. docs/statistics.md has the
simulation by which this form was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from edgeassay.stats.arrays import Floats
from edgeassay.stats.auc import Counts
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.stringer import stringer_reach
from edgeassay.stats.unseen import patients_unseen

# How much the kurtosis of few patients overstates the degrees of freedom; by simulation.
CAUTION: Final = 3.0
EDGE: Final = 1e-9
# No amount of data shows that a drop is smaller.
LEAST_MARGIN: Final = 1e-9
# The smallest probability that is told apart from none.
LEAST_TAIL: Final = 1e-12


def degrees_of_freedom(influence: Floats) -> float:
    """Of Student's t for a sum of these patients' influences, from 1 to the number of patients.

    The variance of a variance's estimate follows from the kurtosis (Satterthwaite's reasoning):
    where few patients carry the difference there are few degrees, however many images there are.
    """
    squares = influence**2
    square, most = float(squares.sum()), float(len(influence))
    if square == 0.0 or not np.isfinite(square):
        return 1.0
    spread = float((squares**2).sum()) - square**2 / most
    # Where all weigh alike, whether a spread is left is up to rounding.
    if spread * most * CAUTION <= 2.0 * square**2:
        return most
    return max(1.0, 2.0 * square**2 / spread / CAUTION)


def exponential_variance(auc: float, counts: Sequence[Counts]) -> float:
    """The variance of an AUC by its value alone, averaged over classes (Hanley & McNeil 1982), with
    patients as the unit; for samples that show none, such as perfect separation.
    """
    total = 0.0
    for c in counts:
        m, n = c.positive_patients, c.negative_patients
        mixed = (m + n) / 2 - 1  # Newcombe 2006: one form for both kinds, symmetrical
        spread = 1 + mixed * ((1 - auc) / (2 - auc) + auc / (1 + auc))
        total += auc * (1 - auc) * spread / (m * n)
    return total / len(counts)


def _root(function: Callable[[float], float], inside: float, outside: float) -> float:
    """Where a function that is negative at `inside` reaches zero on the way to `outside`."""
    from scipy.optimize import brentq

    if function(outside) <= 0.0:
        return outside
    return float(brentq(function, inside, outside, xtol=1e-12))


def degrees(influence: Floats, counts: Sequence[Counts]) -> float:
    """The same, and one less than the patients are worth at most: of what one with half of all
    images could have done, the others' influences say nothing.
    """
    most = min(c.effective_patients for c in counts) - 1.0
    return max(1.0, min(degrees_of_freedom(influence), most))


def reach(influence: Floats, counts: Sequence[Counts], confidence: float) -> float:
    """How many standard errors a bound lies away: Student's t. Where no patient shows anything, the
    standard error isn't estimated, and the bound is that of a count of none ("the rule of three").
    """
    from scipy.special import stdtrit

    if not influence.any():
        return math.sqrt(-math.log(1.0 - confidence))
    return float(stdtrit(degrees(influence, counts), confidence))


def tail(influence: Floats, counts: Sequence[Counts], statistic: float) -> float:
    """The probability of so many standard errors or more: a bound lies just there where this is one
    less its confidence.
    """
    from scipy.special import stdtr

    if not influence.any():
        return math.exp(-(statistic**2)) if statistic > 0.0 else 1.0
    return float(stdtr(degrees(influence, counts), -statistic))


@dataclass(frozen=True, kw_only=True)
class AucEstimate:
    """An AUC, or the mean of several, with its patients' influences."""

    value: float
    influence: Floats
    counts: Sequence[Counts]

    @cached_property
    def variance(self) -> float:
        """By DeLong's components, summed by patient."""
        return float((self.influence**2).sum())

    def variance_at(self, auc: float) -> float:
        """The variance if the AUC were another: in proportion to AUC * (1 - AUC)."""
        auc = min(max(auc, EDGE), 1.0 - EDGE)
        if self.variance == 0.0:
            return exponential_variance(auc, self.counts)
        return self.variance * auc * (1 - auc) / max(self.value * (1 - self.value), EDGE)

    def bounds(self, confidence: float) -> Bounds:
        """One-sided bounds of the AUC, within [0, 1]."""
        if not np.isfinite(self.variance):
            return Bounds(value=self.value, low=0.0, high=1.0)
        t = reach(self.influence, self.counts, confidence)

        def beyond(auc: float) -> float:
            return abs(auc - self.value) - t * float(np.sqrt(self.variance_at(auc)))

        low, high = _root(beyond, self.value, 0.0), _root(beyond, self.value, 1.0)
        return Bounds(value=self.value, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class AucDrop:
    """The reference's AUC less the candidate's, or the mean of several such drops.

    `identical`: both rank all images alike, in every class; then these images show no drop at all.
    `unseen`, (patients,): how far the drop would change with one more patient like each of these,
    and `most`, (patients,), how far it could change at most (`exposure`).
    """

    reference: AucEstimate
    candidate: AucEstimate
    identical: bool
    unseen: Floats
    most: Floats

    @property
    def value(self) -> float:
        """The drop."""
        return 0.0 if self.identical else self.reference.value - self.candidate.value

    @cached_property
    def variance(self) -> float:
        """Of the drop, at least that of a single pair of images that changed places."""
        counts = self.reference.counts
        pairs = [2.0 / (c.positives * c.negatives) ** 2 for c in counts]
        return max(self.standard_error**2, sum(pairs) / len(counts) ** 2)

    @cached_property
    def standard_error(self) -> float:
        """By DeLong's components, summed by patient; infinite where the sample can't tell."""
        if not self.known:
            return math.inf
        return float(np.sqrt((self.influence**2).sum()))

    @cached_property
    def influence(self) -> Floats:
        """How far each patient moves the drop."""
        return self.reference.influence - self.candidate.influence

    @property
    def known(self) -> bool:
        """Whether the sample says anything of its own uncertainty: no kind has a single patient."""
        return bool(np.isfinite(self.reference.variance))

    def variance_at(self, drop: float) -> float:
        """The variance if the drop were another: both AUCs move apart, or together, by halves; what
        they share stays. Where an AUC shows no variance, nothing is known of what they share.
        """
        first, second = self.reference, self.candidate
        middle = (first.value + second.value) / 2
        one, two = first.variance_at(middle + drop / 2), second.variance_at(middle - drop / 2)
        unshared = 2.0
        if first.variance > 0.0 and second.variance > 0.0:
            apart = np.sqrt(first.variance) - np.sqrt(second.variance)
            product = np.sqrt(first.variance * second.variance)
            unshared = max(0.0, (self.variance - apart**2) / product)
        moved = (np.sqrt(one) - np.sqrt(two)) ** 2 + unshared * np.sqrt(one * two)
        return max(float(moved), min(self.variance, EDGE))

    def bounds(self, confidence: float) -> Bounds:
        """One-sided bounds of the drop, within [-1, 1]: no nearer than patients who weren't seen
        could move it, and no further than Stringer's bounds.
        """
        if not self.known:
            return Bounds(value=self.value, low=-1.0, high=1.0)
        unseen = float(self.unseen.max()) * patients_unseen(confidence)
        low, high = max(self.value - unseen, -1.0), min(self.value + unseen, 1.0)
        if self.identical:
            return Bounds(value=0.0, low=low, high=high)
        t = reach(self.influence, self.reference.counts, confidence)

        def beyond(drop: float) -> float:
            return abs(drop - self.value) - t * float(np.sqrt(self.variance_at(drop)))

        below, above = _root(beyond, self.value, -1.0), _root(beyond, self.value, 1.0)
        below = max(below, self.value - self._stringer(-self.influence, confidence))
        above = min(above, self.value + self._stringer(self.influence, confidence))
        return Bounds(value=self.value, low=min(low, below), high=max(high, above))

    def _stringer(self, influence: Floats, confidence: float) -> float:
        return stringer_reach(influence, float(self.most.max()), confidence)

    def _stringer_tail(self, excess: float) -> float:
        """The probability at which Stringer's lower bound lies so far below the value, at most a
        half.
        """

        def short(probability: float) -> float:
            return excess - self._stringer(-self.influence, 1.0 - probability)

        return _root(short, LEAST_TAIL, 0.5) if short(LEAST_TAIL) < 0.0 else LEAST_TAIL

    def p_above(self, margin: float) -> float:
        """The probability of so large a drop, or larger, if the true one were `margin`."""
        if self.identical or not self.known:
            return 1.0
        statistic = (self.value - margin) / math.sqrt(self.variance_at(margin))
        by_unseen = math.exp(min(margin - self.value, 0.0) / max(float(self.unseen.max()), EDGE))
        by_t = tail(self.influence, self.reference.counts, statistic)
        if by_t < 0.5:
            by_t = min(by_t, self._stringer_tail(self.value - margin))
        return max(by_t, by_unseen)

    def rests_on_unseen(self, confidence: float) -> bool:
        """Whether its bounds are what patients could do who weren't seen: nearly no order of two
        images is another one.
        """
        unseen = float(self.unseen.max()) * patients_unseen(confidence)
        bounds = self.bounds(confidence)
        above, below = min(self.value + unseen, 1.0), max(self.value - unseen, -1.0)
        return unseen > 0.0 and bounds.high <= above and bounds.low >= below

    def growth(self, margin: float, confidence: float, power: float) -> float | None:
        """How many times as much data would pass with probability `power` if the true drop were 0;
        None where no amount would.

        As the bounds, a pass looks at the variance at the margin, chance at the one at 0; and what
        patients who weren't seen could do is in proportion to the number of those who were.
        """
        from scipy.special import ndtri

        if margin < LEAST_MARGIN or not self.known:
            return None
        by_unseen = float(self.unseen.max()) * patients_unseen(confidence) / margin
        if self.identical:
            return by_unseen
        at_margin, at_none = (float(np.sqrt(self.variance_at(drop))) for drop in (margin, 0.0))
        t = reach(self.influence, self.reference.counts, confidence)
        return max(float(t * at_margin + ndtri(power) * at_none) ** 2 / margin**2, by_unseen)
