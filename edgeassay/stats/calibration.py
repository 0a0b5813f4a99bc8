"""Whether scores mean what they say, and how far a candidate's drift from the reference's.

Scores are probabilities, labels 0 or 1, both (images, classes); several classes count as the mean
over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Codes, Floats, Labels, Scores
from edgeassay.stats.auc_bounds import degrees_of_freedom
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.patients import Patients, checked_confidence
from edgeassay.stats.unseen import unseen_reach

# As many as Guo et al. 2017.
BINS: Final = 15
# With fewer, scores nearer to 0 and 1 look better calibrated than they are; by simulation.
IMAGES_PER_BIN: Final = 40
# Resamples at a time: what a chunk needs is patients x this x 8 bytes.
CHUNK: Final = 100


def brier_score(labels: Labels, scores: Scores) -> float:
    """The mean of (score - label)^2 over images and classes, from 0 to 1 (Brier 1950).

    ValueError for scores that aren't probabilities or of another shape than the labels'.
    """
    return float(np.mean((_checked(labels, scores) - labels) ** 2))


def brier_drift_bounds(
    labels: Labels,
    reference: Scores,
    candidate: Scores,
    codes: Codes,
    confidence: float,
) -> Bounds:
    """The candidate's Brier score less the reference's, with one-sided bounds within [-1, 1].

    All (images, classes) but `codes` (images,). A mean over images of differences; its bounds are
    Student's with the variance of patients' sums, which is at least what the patient with the
    largest sum adds to the mean, and degrees of freedom by their kurtosis, at most one less than
    the patients are worth (Kish 1965). Neither bound lies nearer than patients could move the mean
    who weren't seen (`unseen_move`). One patient bounds nothing. ValueError as for `brier_score`,
    and for a confidence outside (0.5, 1).
    """
    from scipy.special import stdtrit

    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    first, second = _checked(labels, reference), _checked(labels, candidate)
    _same_images(labels, patients)
    scores = [((one - labels) ** 2).mean(axis=1) for one in (first, second)]
    difference = scores[1] - scores[0]
    value = float(difference.mean())
    if patients.count == 1:
        return Bounds(value=value, low=-1.0, high=1.0)
    influence = patients.sums(difference - value) / patients.images
    variance = patients.count / (patients.count - 1) * float((influence**2).sum())
    largest = float(np.abs(patients.sums(difference)).max()) / patients.images
    degrees = max(1.0, min(degrees_of_freedom(influence), patients.worth - 1.0))
    possible = max(float(max(one.mean(), 1.0 - one.mean())) for one in scores)
    reach = max(
        float(stdtrit(degrees, confidence)) * max(float(np.sqrt(variance)), largest),
        unseen_reach(difference, patients, possible, confidence),
    )
    return Bounds(value=value, low=max(-1.0, value - reach), high=min(1.0, value + reach))


def expected_calibration_error(labels: Labels, scores: Scores, *, bins: int = BINS) -> float:
    """The mean over images of |mean score - share of positives| in the image's bin, from 0 to 1;
    the mean over classes.

    Guo et al. 2017, of the probability of each class, but with bins of equal mass by the class's
    own scores: nearly all scores of a rare finding lie below 0.1, in one or two of 15 bins of equal
    width, where they would be averaged into one. Equal scores share a bin, so quantized scores
    may fill fewer. On n images it is too large by about the mean of sqrt(2 p (1 - p) bins / (pi n))
    where scores are well calibrated: no verdict should rest on its size alone. ValueError as for
    `brier_score`, and without a bin.
    """
    exact = _checked(labels, scores)
    gaps = exact - labels
    columns = [
        np.abs(np.bincount(one, weights=gaps[:, k])).sum()
        for k, one in enumerate(_bins(exact, bins).T)
    ]
    return float(np.mean(columns)) / len(exact)


def ece_drift_bounds(
    labels: Labels,
    reference: Scores,
    candidate: Scores,
    codes: Codes,
    confidence: float,
    *,
    resamples: int,
    seed: int,
    bins: int = BINS,
) -> Bounds:
    """The candidate's expected calibration error less the reference's, both in the reference's
    bins, with one-sided bounds within [-1, 1].

    An ECE is too large on few images, the more so the better the scores are calibrated; so a drift
    looks too small, and its bootstrap interval misses a reference's good calibration in half of all
    samples (docs/statistics.md). Instead: in the same bins, the drift can't exceed the mean over
    bins of |mean shift of the scores|, from which the labels cancel. The upper bound is that of
    this shift, the lower one its negative. Only with IMAGES_PER_BIN or more the bound on zero's
    side, which the bias moves the safe way, is the paired bootstrap's: the lower one where that is
    above zero, the upper one where that is below.

    What moves scores within a bin without moving their mean isn't seen: the Brier score sees it.
    Patients are resampled `resamples` times, from `seed`. Neither bound lies nearer than patients
    could shift the scores who weren't seen (`unseen_move`). One patient bounds nothing. ValueError
    as for `brier_drift_bounds`.
    """
    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    first, second = _checked(labels, reference), _checked(labels, candidate)
    _same_images(labels, patients)
    where = _bins(first, bins)
    before = _sums(where, first - labels, patients, bins)
    after = _sums(where, second - labels, patients, bins)
    scale = patients.images * labels.shape[1]
    value = float(_gap(after.sum(axis=0)) - _gap(before.sum(axis=0))) / scale
    if patients.count == 1:
        return Bounds(value=value, low=-1.0, high=1.0)
    drifts, shifts = [], []
    for weights in _weights(patients.count, resamples, seed):
        drawn = (weights @ patients.sizes) * labels.shape[1]
        old, new = weights @ before, weights @ after
        drifts.append((_gap(new) - _gap(old)) / drawn)
        shifts.append(_gap(new - old) / drawn)
    resampled = float(np.quantile(np.concatenate(shifts), confidence))
    moved = np.abs(second - first).mean(axis=1)
    possible = max(float(np.maximum(one, 1.0 - one).mean()) for one in (first, second))
    shift = max(
        resampled,
        _shift_limit(after - before, patients, scale, confidence),
        abs(value) + unseen_reach(moved, patients, possible, confidence),
    )
    low, high = np.quantile(np.concatenate(drifts), [1.0 - confidence, confidence])
    telling = patients.images >= IMAGES_PER_BIN * bins
    return Bounds(
        value=value,
        low=float(min(low, value)) if telling and low > 0.0 else max(-1.0, -shift),
        high=float(max(high, value)) if telling and high < 0.0 else min(1.0, shift),
    )


def _shift_limit(moved: Floats, patients: Patients, scale: int, confidence: float) -> float:
    """The upper bound of the mean over bins of |mean shift|: Student's, for few patients, where
    resampling alone is too narrow. `moved` (patients, classes * bins) sums the shifts.
    """
    from scipy.special import stdtrit

    shift = float(_gap(moved.sum(axis=0))) / scale
    # Each patient's pull in the direction in which its bins moved, less what its images would.
    pull = moved @ np.sign(moved.sum(axis=0)) / scale
    influence = pull - shift * patients.sizes / patients.images
    variance = patients.count / (patients.count - 1) * float((influence**2).sum())
    degrees = max(1.0, min(degrees_of_freedom(influence), patients.worth - 1.0))
    return shift + float(stdtrit(degrees, confidence) * np.sqrt(variance))


def _bins(scores: Floats, bins: int) -> npt.NDArray[np.intp]:
    """Each score's bin, (images, classes), of equal mass as far as ties allow."""
    if bins < 1:
        message = f"a calibration error needs at least one bin, not {bins}"
        raise ValueError(message)
    shares = np.arange(1, bins) / bins
    found = np.empty(scores.shape, np.intp)
    for k, column in enumerate(scores.T):
        edges = np.unique(np.quantile(column, shares, method="inverted_cdf"))
        found[:, k] = np.searchsorted(edges, column, "left")
    return found


def _sums(where: npt.NDArray[np.intp], values: Floats, patients: Patients, bins: int) -> Floats:
    """Sums by patient, and by class and bin: (patients, classes * bins)."""
    classes = where.shape[1]
    cells = (patients.of[:, None] * classes + np.arange(classes)) * bins + where
    size = patients.count * classes * bins
    flat = np.bincount(cells.ravel(), weights=values.ravel(), minlength=size)
    return flat.astype(np.float64).reshape(patients.count, classes * bins)


def _gap(sums: Floats) -> Floats:
    """Over classes and bins, the last axis: the sum of distances from zero."""
    gaps: Floats = np.abs(sums).sum(axis=-1)
    return gaps


def _weights(patients: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each patient was drawn, (a chunk of resamples, patients)."""
    if resamples < 1:
        message = f"a bootstrap needs at least one resample, not {resamples}"
        raise ValueError(message)
    rng = np.random.default_rng(seed)
    shares = np.full(patients, 1.0 / patients)
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        yield rng.multinomial(patients, shares, size).astype(np.float64)


def _checked(labels: Labels, scores: Scores) -> Floats:
    if labels.ndim != 2 or labels.shape != scores.shape or labels.size == 0:
        message = f"labels and scores are (images, classes): {labels.shape} and {scores.shape}"
        raise ValueError(message)
    exact = scores.astype(np.float64)
    if not ((exact >= 0.0) & (exact <= 1.0)).all():
        message = "calibration is a matter of probabilities: a score lies outside [0, 1]"
        raise ValueError(message)
    return exact


def _same_images(labels: Labels, patients: Patients) -> None:
    if len(labels) != patients.images:
        message = f"{len(labels)} images need as many patient codes, not {patients.images}"
        raise ValueError(message)
