"""What patients could do who weren't seen.

If none of I patients does a thing, a share of up to -log(1 - confidence) / I of all patients may
still do it: three in I at 95 %, "the rule of three" (Hanley & Lippman-Hand 1983).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final

import numpy as np

from edgeassay.stats.arrays import Codes, Floats, Mask, Scores
from edgeassay.stats.auc import Counts, pairs_won
from edgeassay.stats.patients import Patients

# How many times as far as the furthest patient that was seen another may move; by simulation.
FURTHER: Final = 3.0


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
) -> Floats:
    """How far an AUC's drop would change with one more patient like each of these, (patients,), if
    the models disagreed on that patient as far as `unseen_move` allows.
    """
    both = (reference, candidate)
    won = [pairs_won(positive, scores) for scores in both]
    found = np.zeros(int(codes.max()) + 1)
    kinds = (
        (positive, counts.effective_positives, (np.min, np.max)),
        (~positive, counts.effective_negatives, (np.max, np.min)),
    )
    for kind, worth, (wrong, right) in kinds:
        others = float((~kind).sum())
        images = np.bincount(codes[kind], minlength=len(found))
        shift, there = (won[0] - won[1])[kind] / others, images > 0
        moves = np.abs(np.bincount(codes[kind], shift, len(found))[there]) / images[there]
        changed = float((np.bincount(codes[kind], shift != 0.0, len(found))[there] > 0).mean())
        share = max(changed, 1.0 - in_order(reference[kind], candidate[kind]) / kind.sum())
        possible = max(
            _furthest(
                float(one[kind].mean()) / others,
                scores[~kind],
                float(wrong(scores)),
                float(right(scores)),
            )
            for one, scores in zip(won, both, strict=True)
        )
        move = unseen_move(possible, float(moves.max()), share * worth, worth)
        found[there] += move / worth
    return found


def in_order(first: Scores, second: Scores) -> int:
    """The most images, of those scored, that both models can be said to rank alike, ties aside: the
    longest sequence in which neither model's scores fall.
    """
    tops: list[float] = []
    for score in second[np.lexsort((second, first))].tolist():
        place = bisect_right(tops, score)
        tops[place : place + 1] = [score]
    return len(tops)


def _furthest(placement: float, others: Scores, wrong: float, right: float) -> float:
    """How far the typical placement of a kind's images lies from the one at either end of the
    scores, whichever is further. `others` are the scores of the other kind; at the `wrong` end an
    image loses, and at the `right` end it wins, all pairs that aren't ties.
    """
    lost, won = (0.5 * float(np.mean(others == end)) for end in (wrong, right))
    return max(placement - lost, 1.0 - won - placement)
