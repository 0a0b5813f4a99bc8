"""Two models on the same images: the drop of every class's AUC, and of their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.stats.arrays import Codes, Labels, Mask, Scores
from edgeassay.stats.auc import Counts, count, influences, midranks
from edgeassay.stats.auc_bounds import AucDrop, AucEstimate
from edgeassay.stats.unseen import exposure


@dataclass(frozen=True, kw_only=True)
class PairedAucs:
    """Per class: the drop, None where the class lacks positives or negatives; and its counts."""

    drops: Sequence[AucDrop | None]
    counts: Sequence[Counts]

    def mean(self) -> AucDrop | None:
        """The drop of the mean AUC, over the classes that have one; None where none has."""
        found = [drop for drop in self.drops if drop is not None]
        if not found:
            return None
        return AucDrop(
            reference=mean_estimate([drop.reference for drop in found]),
            candidate=mean_estimate([drop.candidate for drop in found]),
            identical=all(drop.identical for drop in found),
            unseen=np.mean([drop.unseen for drop in found], axis=0),
            most=np.mean([drop.most for drop in found], axis=0),
        )


def mean_estimate(parts: Sequence[AucEstimate]) -> AucEstimate:
    """The mean of several classes' AUCs: a patient's influences on them add up."""
    with np.errstate(invalid="ignore"):  # infinite where a kind has a single patient
        influence = np.mean([part.influence for part in parts], axis=0)
    return AucEstimate(
        value=float(np.mean([part.value for part in parts])),
        influence=np.where(np.isnan(influence), np.inf, influence),
        counts=[counts for part in parts for counts in part.counts],
    )


def estimate(positive: Mask, scores: Scores, codes: Codes, counts: Counts) -> AucEstimate:
    """The AUC of one class, which has positives and negatives."""
    value, influence = influences(positive, scores, codes)
    return AucEstimate(value=value, influence=influence, counts=[counts])


def compare_aucs(
    labels: Labels,
    reference: Scores,
    candidate: Scores,
    codes: Codes,
) -> PairedAucs:
    """Compare two models' scores, (images, classes) each like `labels` of 0 and 1; `codes`,
    (images,), numbers the patients from 0.
    """
    drops: list[AucDrop | None] = []
    counts = [count(positive, codes) for positive in labels.T.astype(bool)]
    for k, positive in enumerate(labels.T.astype(bool)):
        if not counts[k].both:
            drops.append(None)
            continue
        first, second = reference[:, k], candidate[:, k]
        unseen, most = exposure(positive, first, second, codes, counts[k])
        drops.append(
            AucDrop(
                reference=estimate(positive, first, codes, counts[k]),
                candidate=estimate(positive, second, codes, counts[k]),
                identical=bool(np.array_equal(midranks(first), midranks(second))),
                unseen=unseen,
                most=most,
            )
        )
    return PairedAucs(drops=drops, counts=counts)
