"""What images' values are on average, with bounds by redrawn patients that allow for patients who
weren't seen.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeassay.stats.arrays import Codes, Floats
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.patients import Patients, checked_confidence
from edgeassay.stats.unseen import patients_unseen, unseen_reach

# Resamples at a time: what a chunk needs is patients x this x 8 bytes.
CHUNK: Final = 1000
# How many times further from the mean than the worst patient that was seen one may be that wasn't.
UNSEEN: Final = 2.0


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
    bounds lie beyond the normal ones (Hesterberg 2015). If all values are equal, patients who
    weren't seen may still differ, down to 0 and up to 1, by the rule of three. One patient bounds
    nothing. ValueError without values, or for a confidence outside (0.5, 1).
    """
    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    value = float(values.mean())
    if patients.count == 1:
        return Bounds(value=value, low=-np.inf, high=np.inf)
    if (values == values[0]).all():
        share = min(1.0, patients_unseen(confidence) / patients.worth)
        low, high = min(value, 0.0), max(value, 1.0)
        return Bounds(
            value=value, low=value - share * (value - low), high=value + share * (high - value)
        )
    sums, sizes = patients.sums(values), patients.sizes
    worst = float((sums / sizes).min())
    unseen = max(min(0.0, worst), value - UNSEEN * (value - worst))
    more = np.append(sums, unseen * sizes.mean()), np.append(sizes, sizes.mean())
    low = _quantile(*more, 1.0 - confidence, resamples, seed)
    high = _quantile(sums, sizes, confidence, resamples, seed)
    return Bounds(value=value, low=min(low, value), high=min(max(high, value), 1.0))


def drop_bounds(
    values: Floats,
    codes: Codes,
    confidence: float,
    *,
    possible: float,
    resamples: int,
    seed: int,
) -> Bounds:
    """The mean of images' drops, each in [-1, 1], with one-sided bounds by redrawn patients.

    As `mean_bounds`, but on either side one more patient is drawn from who is as the one furthest
    there, since a drop can be large on either: bounds by percentiles, or by Student's t, are too
    narrow where drops have a tail (docs/segmentation.md). Neither bound lies nearer than patients
    could move the mean who weren't seen (`unseen_move`); `possible` is how far an image's drop can
    lie from 0. One patient bounds nothing. ValueError likewise.
    """
    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    value = float(values.mean())
    if patients.count == 1:
        return Bounds(value=value, low=-1.0, high=1.0)
    sums, sizes = patients.sums(values), patients.sizes
    means, size = sums / sizes, sizes.mean()
    ends = []
    for furthest, level in ((means.min(), 1.0 - confidence), (means.max(), confidence)):
        more = np.append(sums, furthest * size), np.append(sizes, size)
        ends.append(_quantile(*more, level, resamples, seed))
    unseen = unseen_reach(values, patients, possible, confidence)
    low, high = min(ends[0], value - unseen), max(ends[1], value + unseen)
    return Bounds(value=value, low=max(low, -1.0), high=min(high, 1.0))


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
