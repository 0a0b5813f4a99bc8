"""The mean over classes of rates or drops, where classes share patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.stats.arrays import Codes, Floats, Mask
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.patients import ALIKE_WEIGHT


@dataclass(frozen=True, kw_only=True)
class ClassPart:
    """One class: its bounds; of each of its images the patient, the value less the class's mean
    (`residuals`), and whether it shows the event (`events`).
    """

    bounds: Bounds
    residuals: Floats
    events: Mask
    codes: Codes


def _by_patient(parts: Sequence[ClassPart]) -> tuple[Floats, Floats, Floats]:
    """Per class and patient, (classes, patients) each: influence on the class's mean, the share
    of the class's images, and the number of events.
    """
    _, of = np.unique(np.concatenate([part.codes for part in parts]), return_inverse=True)
    of = of.reshape(-1)
    patients = int(of.max()) + 1
    influence, shares, events = (np.zeros((len(parts), patients)) for _ in range(3))
    start = 0
    for k, part in enumerate(parts):
        n = len(part.codes)
        own = of[start : start + n]
        influence[k] = np.bincount(own, weights=part.residuals, minlength=patients) / n
        shares[k] = np.bincount(own, minlength=patients) / n
        events[k] = np.bincount(own, weights=part.events, minlength=patients)
        start += n
    return influence, shares, events


def _inflation(sums: Floats) -> float:
    """The variance of the classes' sum over that of independent classes; 1 where nothing varies."""
    independent = float((sums**2).sum())
    return float((sums.sum(axis=0) ** 2).sum()) / independent if independent > 0 else 1.0


def class_correlation(parts: Sequence[ClassPart]) -> float:
    """By how much shared patients inflate the variance of the mean over classes, at least 1.

    Estimated from the patients' influences, and drawn towards what it would be if all of a
    patient's images in all classes were alike: by ALIKE_WEIGHT patients' worth against the
    eventful patients that several classes share. 1 where classes share no patients.
    """
    influence, shares, events = _by_patient(parts)
    shared = (shares > 0).sum(axis=0) > 1
    eventful = int((shared & (events.sum(axis=0) > 0)).sum())
    seen, alike = _inflation(influence), _inflation(shares)
    return max(1.0, (eventful * seen + ALIKE_WEIGHT * alike) / (eventful + ALIKE_WEIGHT))


def mean_over_classes(parts: Sequence[ClassPart], *, least: float, most: float) -> Bounds:
    """The plain mean with one-sided bounds; with one class, that class's bounds exactly.

    Each class's distance from value to bound is taken for its own quantile times its standard
    error; their squares add up (MOVER: Zou & Donner 2008), times `class_correlation`. `least` and
    `most` are the range of what is bounded.
    """
    if not parts:
        message = "a mean over classes needs at least one class"
        raise ValueError(message)
    if len(parts) == 1:
        return parts[0].bounds
    found = [part.bounds for part in parts]
    value = float(np.mean([b.value for b in found]))
    inflation = class_correlation(parts)
    below = np.sqrt(inflation * sum((b.value - b.low) ** 2 for b in found)) / len(found)
    above = np.sqrt(inflation * sum((b.high - b.value) ** 2 for b in found)) / len(found)
    return Bounds(
        value=value,
        low=max(least, value - float(below)),
        high=min(most, value + float(above)),
    )
