"""How alike two maps of the same image are, and what that is on average."""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeassay.stats.arrays import Codes, Floats
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.patients import Patients, checked_confidence

# Resamples at a time: what a chunk needs is patients x this x 8 bytes.
CHUNK: Final = 1000
# How many times further from the mean than the worst patient that was seen one may be that wasn't.
UNSEEN: Final = 2.0


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
    """The mean of images' agreements (at most 1) with one-sided bounds, by redrawn patients;
    `codes` (images,) tell them apart.

    Each resample draws as many patients as there are, with replacement, and takes all of a
    patient's images each time. Agreements pile up near 1 and have a tail that few patients don't
    show, so percentiles alone give a lower bound that is too high (docs/statistics.md): for it one
    more patient is drawn from, as far below the mean again as the worst that was seen (UNSEEN),
    though not below 0 or what was seen. Percentiles are taken further out, as far as Student's
    bounds lie beyond the normal ones (Hesterberg 2015). No width only where all values are equal;
    else one patient bounds nothing. ValueError without values, or for a confidence outside
    (0.5, 1).
    """
    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    value = float(values.mean())
    if (values == value).all():
        return Bounds(value=value, low=value, high=value)
    if patients.count == 1:
        return Bounds(value=value, low=-np.inf, high=np.inf)
    sums, sizes = patients.sums(values), patients.sizes
    worst = float((sums / sizes).min())
    unseen = max(min(0.0, worst), value - UNSEEN * (value - worst))
    more = np.append(sums, unseen * sizes.mean()), np.append(sizes, sizes.mean())
    low = _quantile(*more, 1.0 - confidence, resamples, seed)
    high = _quantile(sums, sizes, confidence, resamples, seed)
    return Bounds(value=value, low=min(low, value), high=min(max(high, value), 1.0))


def _quantile(sums: Floats, sizes: Floats, level: float, resamples: int, seed: int) -> float:
    """A quantile of the redrawn patients' mean, taken further out for few patients."""
    from scipy.special import ndtr, stdtrit

    count = len(sums)
    reach = np.sqrt(count / (count - 1)) * stdtrit(count - 1, level)
    rng, means = np.random.default_rng(seed), []
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        drawn = rng.multinomial(count, np.full(count, 1.0 / count), size).astype(np.float64)
        means.append((drawn @ sums) / (drawn @ sizes))
    return float(np.quantile(np.concatenate(means), float(ndtr(reach))))
