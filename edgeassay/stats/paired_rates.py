"""Two models' decisions on the same images: by how much the share of hits drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.stats.arrays import Codes, Floats, Mask
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.class_means import ClassPart, mean_over_classes
from edgeassay.stats.patients import Patients, checked_confidence, effective_images


@dataclass(frozen=True, kw_only=True)
class PairedHits:
    """Of one class's images, (images,) each: both models' hits, and whose image it is."""

    reference: Mask
    candidate: Mask
    codes: Codes


def score_limit(lost: float, gained: float, n: float, z: float) -> float:
    """The largest drop that Tango's (1998) score test doesn't reject, within [-1, 1].

    `lost` of n images are hits of the reference alone, `gained` of the candidate alone; z is the
    normal quantile of the one-sided confidence. At each drop tried, the variance is that of the
    likeliest rates with this very drop. The smallest drop not rejected is the negative of what
    this gives for `gained` and `lost` exchanged.
    """
    from scipy.optimize import brentq

    def beyond(drop: float) -> float:
        middle = (2 * n - lost + gained) * drop - lost - gained
        root = np.sqrt(max(middle**2 + 8 * n * gained * drop * (1 - drop), 0.0))
        gain = max((root - middle) / (4 * n), 0.0)
        variance = n * (2 * gain + drop * (1 - drop))
        return float(n * drop - (lost - gained) - z * np.sqrt(max(variance, 0.0)))

    # At the estimate itself, the statistic and its variance may both be zero.
    start = (lost - gained) / n + 1e-12
    if start >= 1.0 or beyond(1.0) <= 0.0:
        return 1.0
    return float(brentq(beyond, start, 1.0, xtol=1e-13))


def paired_drop_bounds(
    reference: Mask,
    candidate: Mask,
    codes: Codes,
    confidence: float,
) -> Bounds:
    """The reference's share of hits less the candidate's, on the same images, with one-sided
    bounds within [-1, 1] that always have a width.

    All (images,); for a drop of sensitivity, the positive images. Tango's (1998) score limits with
    one image a patient: even identical decisions on n images leave +-z^2 / (n + z^2). Else the
    same with the effective number of images in place of n, which inflates the variance in the
    score statistic by the design effect (the manner of Yang, Sun & Hardin 2012, but with the
    design effect of `effective_images`, not theirs); n is what the patients are worth if no
    decision differs. ValueError without images or with a confidence outside (0.5, 1).
    """
    from scipy.special import ndtri

    checked_confidence(confidence)
    patients = Patients.from_codes(codes)
    difference = _difference(reference, candidate, patients)
    value = float(difference.mean())
    effective = effective_images(
        difference - value,
        patients,
        eventful=patients.several_with(difference != 0),
        confidence=confidence,
    )
    scale = effective / patients.images
    lost = float((difference > 0).sum()) * scale
    gained = float((difference < 0).sum()) * scale
    z = float(ndtri(confidence))
    return Bounds(
        value=value,
        low=min(-score_limit(gained, lost, effective, z), value),
        high=max(score_limit(lost, gained, effective, z), value),
    )


def mean_paired_drop_bounds(classes: Sequence[PairedHits], confidence: float) -> Bounds:
    """The mean over classes of their drops, with one-sided bounds.

    Classes have positive images of their own, and share patients: `codes` mean the same patients
    in all. `paired_drop_bounds` of each class, combined by `mean_over_classes`; with one class,
    exactly its `paired_drop_bounds`. Leave out a class without images (ValueError).
    """
    return mean_over_classes([_part(one, confidence) for one in classes], least=-1.0, most=1.0)


def _part(one: PairedHits, confidence: float) -> ClassPart:
    bounds = paired_drop_bounds(one.reference, one.candidate, one.codes, confidence)
    difference = _difference(one.reference, one.candidate, Patients.from_codes(one.codes))
    return ClassPart(
        bounds=bounds,
        residuals=difference - bounds.value,
        events=difference != 0,
        codes=one.codes,
    )


def _difference(reference: Mask, candidate: Mask, patients: Patients) -> Floats:
    if reference.shape != patients.of.shape or candidate.shape != patients.of.shape:
        message = (
            f"{patients.images} patient codes need as many decisions of both models, not"
            f" {reference.shape} and {candidate.shape}"
        )
        raise ValueError(message)
    return np.asarray(reference, np.float64) - np.asarray(candidate, np.float64)
