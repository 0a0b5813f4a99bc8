"""Area under the ROC curve: the probability that a positive scores above a negative, ties half; and
what each image, and so each patient, contributes to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int8]
Scores = npt.NDArray[np.floating[Any]]


def patient_codes(patients: Sequence[str] | None, images: int) -> Codes:
    """A number from 0 for each image's patient; each image is its own where nobody is named."""
    if patients is None:
        return np.arange(images)
    codes: Codes = np.unique(np.asarray(patients), return_inverse=True)[1].reshape(-1)
    return codes


def midranks(scores: Scores) -> Floats:
    """The rank of every score, from 1; equal scores share the mean of their ranks."""
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[where.reshape(-1)]
    return ranks


def placements(positive: Mask, scores: Scores) -> Floats:
    """Each image's placement, (images,): of a positive the share of negatives that score less, of
    a negative the share of positives that score more, ties half.

    The mean over either kind is the AUC (DeLong, DeLong & Clarke-Pearson 1988), found here from
    midranks in the time of a sort (Sun & Xu 2014).
    """
    ranks = midranks(scores)
    among_positives, among_negatives = midranks(scores[positive]), midranks(scores[~positive])
    placed = np.empty(len(scores))
    placed[positive] = (ranks[positive] - among_positives) / len(among_negatives)
    placed[~positive] = 1.0 - (ranks[~positive] - among_negatives) / len(among_positives)
    return placed


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What stands behind a class's AUC: images and patients with and without it."""

    positives: int
    negatives: int
    positive_patients: int
    negative_patients: int

    @property
    def both(self) -> bool:
        """Whether there is an AUC at all."""
        return self.positives > 0 and self.negatives > 0


def count(positive: Mask, codes: Codes) -> Counts:
    """Images and patients of a class."""
    return Counts(
        positives=int(positive.sum()),
        negatives=int((~positive).sum()),
        positive_patients=len(np.unique(codes[positive])),
        negative_patients=len(np.unique(codes[~positive])),
    )


def influences(positive: Mask, scores: Scores, codes: Codes) -> tuple[float, Floats]:
    """The AUC, and how far each patient moves it, (patients,).

    The sum of the squares is the AUC's variance: DeLong's where every patient has one image, else
    with patients as the unit, as Obuchowski (1997), each kind's sums scaled by I / (I - 1) for its
    number of patients I. All infinite where a kind has a single patient.
    """
    placed = placements(positive, scores)
    auc = float(placed[positive].mean())
    total = np.zeros(int(codes.max()) + 1)
    for kind in (positive, ~positive):
        patients = len(np.unique(codes[kind]))
        if patients == 1:
            return auc, np.full(len(total), np.inf)
        deviations = (placed[kind] - auc) / kind.sum()
        scale = np.sqrt(patients / (patients - 1))
        total += scale * np.bincount(codes[kind], deviations, len(total))
    return auc, total


def class_aucs(labels: Labels, scores: Scores) -> Floats:
    """The AUC of every class, (classes,); NaN where a class lacks positives or negatives.

    `labels` (images, classes) holds 0 and 1; `scores` has the same shape and is finite.
    """
    aucs = np.full(labels.shape[1], np.nan)
    for k, positive in enumerate(labels.T.astype(bool)):
        if positive.any() and not positive.all():
            aucs[k] = placements(positive, scores[:, k])[positive].mean()
    return aucs
