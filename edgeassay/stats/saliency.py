"""How alike two maps of the same image are, and what that is on average."""

from __future__ import annotations

import numpy as np

from edgeassay.stats.arrays import Codes, Floats
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.patients import Patients, checked_confidence

# Resamples at a time: what a chunk needs is patients x this x 8 bytes.
CHUNK = 1000


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


def mean_bounds(
    values: Floats,
    codes: Codes,
    confidence: float,
    *,
    resamples: int,
    seed: int,
) -> Bounds:
    """The mean of images' values with one-sided bounds, by redrawn patients; `codes` (images,) tell
    them apart.

    Each resample draws as many patients as there are, with replacement, and takes all of a
    patient's images each time. Of few patients the percentiles are too close to the mean: they are
    taken further out, as far as Student's bounds lie beyond the normal ones (Hesterberg 2015). One
    patient bounds nothing but by what was seen. ValueError without values, or for a confidence
    outside (0.5, 1).
    """
    from scipy.special import ndtr, stdtrit

    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    value = float(values.mean())
    if patients.count == 1:
        return Bounds(value=value, low=-np.inf, high=np.inf)
    sums, count = patients.sums(values), patients.count
    rng = np.random.default_rng(seed)
    shares = np.full(count, 1.0 / count)
    means = []
    for start in range(0, resamples, CHUNK):
        drawn = rng.multinomial(count, shares, min(CHUNK, resamples - start)).astype(np.float64)
        means.append((drawn @ sums) / (drawn @ patients.sizes))
    reach = np.sqrt(count / (count - 1)) * stdtrit(count - 1, confidence)
    level = float(ndtr(reach))
    low, high = np.quantile(np.concatenate(means), [1.0 - level, level])
    return Bounds(value=value, low=min(float(low), value), high=max(float(high), value))
