"""Area under the ROC curve: the probability that a positive scores above a negative, ties half; and
what each image, and so each patient, contributes to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.stats.arrays import Codes, Floats, Labels, Mask, Scores
from edgeassay.stats.patients import Patients


def patient_codes(patients: Sequence[str] | None, images: int) -> Codes:
    """A number from 0 for each image's patient; each image is its own where nobody is named."""
    if patients is None:
        return np.arange(images)
    codes: Codes = np.unique(np.asarray(patients), return_inverse=True)[1].reshape(-1)
    return codes


def joined(codes: Codes, others: Codes) -> Codes:
    """Joins the groups that have an image in common. `codes` and `others` number each image's
    group in two ways, from 0; the result numbers the joined groups, from 0.
    """
    if len(np.unique(others)) == len(others):
        return codes
    groups = int(codes.max()) + 1
    found = components(codes, groups + others, groups + int(others.max()) + 1)[codes]
    return np.unique(found, return_inverse=True)[1].reshape(-1)


def components(starts: Codes, ends: Codes, size: int) -> Codes:
    """The number of the component that each of `size` nodes lies in, (size,); an edge goes from
    each of `starts` to the one of `ends` beside it.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(starts), np.int8), (starts, ends)), shape=(size, size))
    found: Codes = connected_components(graph, directed=False)[1]
    return found


def midranks(scores: Scores) -> Floats:
    """The rank of every score, from 1; equal scores share the mean of their ranks."""
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[where.reshape(-1)]
    return ranks


def pairs_won(positive: Mask, scores: Scores) -> Floats:
    """How many pairs with an image are in order, (images,): with a positive the negatives that
    score less, with a negative the positives that score more, ties half. Whole numbers and halves,
    so that their sums are exact.

    Found from midranks in the time of a sort (Sun & Xu 2014).
    """
    ranks = midranks(scores)
    among_positives, among_negatives = midranks(scores[positive]), midranks(scores[~positive])
    won = np.empty(len(scores))
    won[positive] = ranks[positive] - among_positives
    won[~positive] = len(among_positives) - (ranks[~positive] - among_negatives)
    return won


def placements(positive: Mask, scores: Scores) -> Floats:
    """Each image's placement, (images,): the share of its pairs that are in order.

    The mean over either kind is the AUC (DeLong, DeLong & Clarke-Pearson 1988).
    """
    positives = int(positive.sum())
    others: Floats = np.where(positive, len(scores) - positives, positives)
    return pairs_won(positive, scores) / others


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What stands behind a class's AUC: images and patients with and without it.

    The effective numbers are as many patients of one size as those of a kind are worth, (sum n)^2 /
    sum n^2 for their numbers of images of that kind (Kish 1965): a patient with half of all
    positive images is nearly alone, whatever the negatives are.
    """

    positives: int
    negatives: int
    positive_patients: int
    negative_patients: int
    effective_positives: float
    effective_negatives: float

    @property
    def effective_patients(self) -> float:
        """What the patients of the poorer kind are worth."""
        return min(self.effective_positives, self.effective_negatives)

    @property
    def both(self) -> bool:
        """Whether there is an AUC at all."""
        return self.positives > 0 and self.negatives > 0


def count(positive: Mask, codes: Codes) -> Counts:
    """Images and patients of a class."""
    kinds = [Patients.from_codes(codes[kind]) for kind in (positive, ~positive) if kind.any()]
    if len(kinds) == 1:
        kinds.insert(0 if not positive.any() else 1, Patients.none())
    with_it, without = kinds
    return Counts(
        positives=with_it.images,
        negatives=without.images,
        positive_patients=with_it.count,
        negative_patients=without.count,
        effective_positives=with_it.worth,
        effective_negatives=without.worth,
    )


def influences(positive: Mask, scores: Scores, codes: Codes) -> tuple[float, Floats]:
    """The AUC, and how far each patient moves it, (patients,).

    The sum of the squares is the AUC's variance: DeLong's where every patient has one image, else
    with patients as the unit, as Obuchowski (1997), each kind's sums scaled by I / (I - 1) for its
    number of patients I. All infinite where a kind has a single patient.
    """
    won = pairs_won(positive, scores)
    all_won, size = won[positive].sum(), int(codes.max()) + 1
    pairs = float(positive.sum()) * float((~positive).sum())
    parts = []
    for kind in (positive, ~positive):
        patients = len(np.unique(codes[kind]))
        if patients == 1:
            return float(all_won / pairs), np.full(size, np.inf)
        # In whole numbers and halves: what cancels out, within a patient too, must leave nothing.
        deviations = kind.sum() * won[kind] - all_won
        sums = np.bincount(codes[kind], deviations, size) * (~kind).sum()
        parts.append(np.sqrt(patients / (patients - 1)) * sums)
    return float(all_won / pairs), (parts[0] + parts[1]) / pairs**2


def class_aucs(labels: Labels, scores: Scores) -> Floats:
    """The AUC of every class, (classes,); NaN where a class lacks positives or negatives.

    `labels` (images, classes) holds 0 and 1; `scores` has the same shape and is finite.
    """
    aucs = np.full(labels.shape[1], np.nan)
    for k, positive in enumerate(labels.T.astype(bool)):
        if positive.any() and not positive.all():
            aucs[k] = placements(positive, scores[:, k])[positive].mean()
    return aucs
