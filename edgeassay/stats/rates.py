"""Shares of images, such as a sensitivity or how often two models decide differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.stats.arrays import Codes, Mask
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.class_means import ClassPart, mean_over_classes
from edgeassay.stats.patients import Patients, checked_confidence, effective_images


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Of one class's images, (images,) each: whether it is a hit, and whose image it is."""

    hits: Mask
    codes: Codes


def clopper_pearson(hits: float, n: float, confidence: float) -> tuple[float, float]:
    """The lower and the upper bound of a rate, each one-sided (Clopper & Pearson 1934), by the beta
    distribution; numbers of images may be fractions.
    """
    from scipy.special import betaincinv

    misses = n - hits
    low = float(betaincinv(hits, misses + 1.0, 1.0 - confidence)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1.0, misses, confidence)) if misses > 0 else 1.0
    return low, high


def rate_bounds(hits: Mask, codes: Codes, confidence: float) -> Bounds:
    """The share of hits, with one-sided bounds within [0, 1] that always have a width.

    `hits` and `codes` (images,). Clopper & Pearson's (1934) with one image a patient, and theirs
    with an effective number of images else (Korn & Graubard 1998; `effective_images` tells what is
    added to it). With no hits, or only hits, n is what the patients are worth. The upper bound is
    never below that of no hits, nor the lower one above that of only hits: one patient's hit can't
    make the rate look smaller. ValueError without images or with a confidence outside (0.5, 1).
    """
    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    hits = _checked(hits, patients)
    count, n = int(hits.sum()), patients.images
    value = count / n
    effective = effective_images(
        hits.astype(np.float64) - value,
        patients,
        eventful=min(patients.several_with(hits), patients.several_with(~hits)),
        confidence=confidence,
    )
    scale = effective / n
    low, high = clopper_pearson(count * scale, effective, confidence)
    if patients.count < n:
        all_hit = (1.0 - confidence) ** (1.0 / patients.worth)
        low, high = min(low, all_hit), max(high, 1.0 - all_hit)
    return Bounds(value=value, low=min(low, value), high=max(high, value))


def mean_rate_bounds(classes: Sequence[Hits], confidence: float) -> Bounds:
    """The mean over classes of their shares of hits, with one-sided bounds.

    Classes have images of their own, and share patients: `codes` mean the same patients in all.
    `rate_bounds` of each class, combined by `mean_over_classes`; with one class, exactly its
    `rate_bounds`. Leave out a class without images: there is nothing to be said of it (ValueError).
    """
    return mean_over_classes([_part(one, confidence) for one in classes], least=0.0, most=1.0)


def _part(one: Hits, confidence: float) -> ClassPart:
    bounds = rate_bounds(one.hits, one.codes, confidence)
    hits = np.asarray(one.hits, np.bool_)
    return ClassPart(
        bounds=bounds,
        residuals=hits.astype(np.float64) - bounds.value,
        events=hits if bounds.value <= 0.5 else ~hits,
        codes=one.codes,
    )


def _checked(hits: Mask, patients: Patients) -> Mask:
    if hits.shape != patients.of.shape:
        message = f"{patients.images} patient codes need as many decisions, not {hits.shape}"
        raise ValueError(message)
    return np.asarray(hits, np.bool_)
