"""What patients could do who weren't seen.

If none of I patients does a thing, a share of up to -log(1 - confidence) / I of all patients may
still do it: three in I at 95 %, "the rule of three" (Hanley & Lippman-Hand 1983).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Codes, Floats, Mask, Scores
from edgeassay.stats.auc import Counts, pairs_won
from edgeassay.stats.patients import Patients

# How many times as far as the furthest patient that was seen another may move; by simulation.
FURTHER: Final = 3.0
# More different pairs of scores than these are rare where scores repeat.
MOST_WEIGHED: Final = 4000


def patients_unseen(confidence: float) -> float:
    """For how many patients like those who were seen the rule of three allows: 3.0 at 95 %."""
    return -math.log(1.0 - confidence)


def unseen_move(possible: float, furthest: float, moved: float, patients: float) -> float:
    """How far patients may move who weren't seen, on average, at most `possible`.

    Of `patients`, `moved` are known to have moved at all, `furthest` at most. If nobody moved,
    nothing is known, and all that is possible may happen. If all moved, their spread shows how far
    patients move, and a bound by that spread needs nothing from here. Between the two, another
    patient may move FURTHER times as far as any that was seen, and the rest of the way that is
    possible counts by one over one more than the number that moved (Laplace's rule of succession).
    """
    likely = min(possible, FURTHER * furthest)
    return (1.0 - moved / patients) * (likely + (possible - likely) / (1.0 + moved))


def unseen_reach(moves: Floats, patients: Patients, possible: float, confidence: float) -> float:
    """How far patients who weren't seen may move a mean over images; `moves` (images,) is how far
    each image moved, and `possible` how far one can.
    """
    furthest = float((np.abs(patients.sums(moves)) / patients.sizes).max())
    share = float((patients.sums(moves != 0.0) > 0).mean())
    move = unseen_move(possible, furthest, share * patients.worth, patients.worth)
    return min(1.0, patients_unseen(confidence) / patients.worth) * move


def exposure(
    positive: Mask, reference: Scores, candidate: Scores, codes: Codes, counts: Counts
) -> tuple[Floats, Floats]:
    """How far an AUC's drop would change with one more patient like each of these, (patients,), if
    the models disagreed on that patient as far as `unseen_move` allows; and if they disagreed as
    far as is possible.
    """
    both = (reference, candidate)
    won = [pairs_won(positive, scores) for scores in both]
    found, most = np.zeros((2, int(codes.max()) + 1))
    kinds = (
        (positive, counts.effective_positives, (np.min, np.max)),
        (~positive, counts.effective_negatives, (np.max, np.min)),
    )
    for kind, worth, (wrong, right) in kinds:
        others = float((~kind).sum())
        images = np.bincount(codes[kind], minlength=len(found))
        there = images > 0
        shift = np.abs(np.bincount(codes[kind], (won[0] - won[1])[kind], len(found))[there])
        furthest = float((shift / images[there]).max()) / others
        share = 1.0 - ranked_alike(reference[kind], candidate[kind]) / float(kind.sum())
        possible = max(
            _furthest(
                float(one[kind].mean()) / others,
                scores[~kind],
                float(wrong(scores)),
                float(right(scores)),
            )
            for one, scores in zip(won, both, strict=True)
        )
        move = unseen_move(possible, furthest, share * worth, worth)
        found[there] += move / worth
        most[there] += possible / worth
    return found, most


def ranked_alike(first: Scores, second: Scores) -> float:
    """The most images of one kind that both models rank alike, ties included: the others would have
    to be left out.

    The longest sequence in which both models' scores rise together; images with the same two scores
    are one step, which counts as often as there are such images. If there are very many steps, each
    counts as often as they do on average.
    """
    one, two = (np.unique(scores, return_inverse=True)[1].reshape(-1) for scores in (first, second))
    pairs, sizes = np.unique(one * (int(two.max()) + 1) + two, return_counts=True)
    first_ranks, second_ranks = np.divmod(pairs, int(two.max()) + 1)
    # Among equals of the first model the second's fall, so that only one of them is taken.
    order = np.lexsort((-second_ranks, first_ranks))
    rising, weights = second_ranks[order], sizes[order]
    if len(rising) > MOST_WEIGHED or (weights == 1).all():
        return _longest(rising.tolist()) * float(weights.mean())
    return _heaviest(rising, weights)


def _longest(values: list[int]) -> int:
    """The length of the longest rising subsequence (Schensted 1961)."""
    tops: list[int] = []
    for value in values:
        place = bisect_left(tops, value)
        tops[place : place + 1] = [value]
    return len(tops)


def _heaviest(values: npt.NDArray[np.intp], weights: npt.NDArray[np.intp]) -> float:
    """The largest sum of weights of a rising subsequence."""
    best = np.zeros(len(values))
    for k, weight in enumerate(weights):
        best[k] = weight + np.max(best[:k], where=values[:k] < values[k], initial=0.0)
    return float(best.max())


def _furthest(placement: float, others: Scores, wrong: float, right: float) -> float:
    """How far the typical placement of a kind's images lies from the one at either end of the
    scores, whichever is further. `others` are the scores of the other kind; at the `wrong` end an
    image loses, and at the `right` end it wins, all pairs that aren't ties. If all scores are
    equal, another score wins or loses the half of all pairs that is tied.
    """
    if wrong == right:
        return 0.5
    lost, won = (0.5 * float(np.mean(others == end)) for end in (wrong, right))
    return max(placement - lost, 1.0 - won - placement)
