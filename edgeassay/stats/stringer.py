"""Stringer's bound: how far a mean may lie above the errors that were seen.

Auditors bound the errors of a whole by a sample in which few items have one (Stringer 1963). No
case is known in which the bound fails more often than it may (Bickel 1992).
"""

from __future__ import annotations

import numpy as np

from edgeassay.stats.arrays import Floats


def stringer_reach(moves: Floats, largest: float, confidence: float) -> float:
    """How far the expected sum of `moves`, (patients,), may lie above their sum.

    One more patient moves the sum by `largest` at most, and -log(1 - confidence) such patients may
    have been missed. Upward moves, the largest first, count as much more as they raise Poisson's
    upper limit by more than 1; downward moves as much less as they raise its lower limit by less.
    """
    from scipy.special import gammaincinv

    up, down = -np.sort(-moves[moves > 0.0]), -np.sort(moves[moves < 0.0])
    upper = gammaincinv(np.arange(1, len(up) + 2), confidence)
    lower = gammaincinv(np.arange(1, len(down) + 1), 1.0 - confidence)
    more = float((up * (np.diff(upper) - 1.0)).sum())
    less = float((down * (1.0 - np.diff(lower, prepend=0.0))).sum())
    return float(upper[0]) * largest + more + less
