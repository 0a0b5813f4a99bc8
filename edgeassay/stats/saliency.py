"""How alike two maps of the same image are."""

from __future__ import annotations

import numpy as np

from edgeassay.stats.arrays import Floats


def rank_correlations(first: Floats, second: Floats) -> Floats:
    """Spearman's rank correlation of each row of `first` with the row of `second`, by midranks, in
    [-1, 1]; exactly 1 where the ranks are the same, and 0 where a row's values are all equal: it
    has no order that could agree with another (Spearman 1904). ValueError for unlike shapes.
    """
    from scipy.stats import rankdata

    _check(first, second)
    # Twice the midranks less twice their mean are whole numbers, whose sums are exact.
    a, b = (2.0 * rankdata(maps, axis=1) - (maps.shape[1] + 1.0) for maps in (first, second))
    together, own = (a * b).sum(axis=1), (a * a).sum(axis=1) * (b * b).sum(axis=1)
    found: Floats = np.divide(together, np.sqrt(own), out=np.zeros(len(a)), where=own > 0.0)
    return found


def top_overlaps(first: Floats, second: Floats, share: float) -> Floats:
    """Of the `share` of positions with the highest values in each row of `first`, the share that is
    among those of `second`'s row, in [0, 1].

    k positions of a row count, the share rounded up. Values tied for the last of them share the
    places that are left equally, so that nothing hangs on the order of positions: each position has
    a weight from 0 to 1, and a row's weights add up to k. The overlap is the sum of the smaller of
    both weights, by k: 1 for equal rows, and k / positions, what chance gives, where all of one
    row's values are equal. ValueError for unlike shapes or a share outside (0, 1].
    """
    _check(first, second)
    if not 0.0 < share <= 1.0:
        message = f"a share of positions lies above 0 and is at most 1, not {share}"
        raise ValueError(message)
    # Rounded up, but for what 0.1 isn't exactly.
    count = int(np.ceil(round(share * first.shape[1], 9)))
    common = np.minimum(_weights(first, count), _weights(second, count)).sum(axis=1)
    found: Floats = np.round(common / count, 12)  # of equal rows it is 1, whatever the thirds
    return found


def _weights(maps: Floats, count: int) -> Floats:
    """How far each position is among a row's `count` highest."""
    last = -np.sort(-maps, axis=1)[:, count - 1 : count]
    above, tied = maps > last, maps == last
    left = count - above.sum(axis=1, keepdims=True)
    weights: Floats = above + tied * (left / tied.sum(axis=1, keepdims=True))
    return weights


def _check(first: Floats, second: Floats) -> None:
    if first.ndim != 2 or first.shape != second.shape or first.shape[1] == 0:
        message = f"maps are (images, positions), both alike: {first.shape} and {second.shape}"
        raise ValueError(message)
