"""From two cases' counts of pixels to Dice and its drop, with bounds, and what they would need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from edgeassay.errors import NoEvidence
from edgeassay.measure.segments import Segments
from edgeassay.spec import Measurement, ModelSpec, Statistics
from edgeassay.stats import Bounds
from edgeassay.stats.arrays import Codes, Floats, Mask
from edgeassay.stats.boundaries import surface_dice
from edgeassay.stats.overlap import dice, jaccard
from edgeassay.stats.patient_means import drop_bounds, mean_bounds
from edgeassay.stats.patients import Patients


def dices(segments: Segments) -> Floats:
    """Dice by image and class; 1 where neither mask has a pixel."""
    return dice(segments.pixels)


def jaccards(segments: Segments) -> Floats:
    """IoU by image and class, likewise."""
    return jaccard(segments.pixels)


def surface_dices(segments: Segments) -> Floats:
    """The Dice of boundaries by image and class, likewise."""
    assert segments.boundaries is not None, "they were asked for"
    return surface_dice(segments.boundaries)


Score = Callable[[Segments], Floats]


@dataclass(frozen=True, kw_only=True)
class Overlaps:
    """What the reference and a candidate mark on the same images; `codes`, (images,), numbers the
    patients from 0. Where `empty` is "skip", a class is left out of images on which it isn't drawn.
    """

    classes: Sequence[str]
    reference: Segments
    candidate: Segments
    codes: Codes
    empty: Literal["one", "skip"]

    @cached_property
    def drawn(self) -> Mask:
        """Which classes are drawn on which images, (images, classes)."""
        found: Mask = np.asarray(self.candidate.pixels[..., [0, 2]].sum(axis=-1) > 0)
        return found

    @cached_property
    def counted(self) -> Mask:
        """Which classes count on which images, (images, classes)."""
        return self.drawn if self.empty == "skip" else np.ones(self.drawn.shape, np.bool_)

    @cached_property
    def rows(self) -> Mask:
        """Which images count: those with a class that does. NoEvidence where there is none."""
        found = np.asarray(self.counted.any(axis=1))
        if not found.any():
            raise NoEvidence(
                f"on none of {len(found):,} images is a pixel of {' or '.join(self.classes)} drawn,"
                ' and segmentation.empty = "skip" leaves such images out'
            )
        return found

    @cached_property
    def patients(self) -> Patients:
        """Whose the images are that count."""
        return Patients.from_codes(self.codes[self.rows])

    def means(self, values: Floats) -> Floats:
        """Of each image that counts the mean over its classes."""
        kept, rows = np.where(self.counted, values, 0.0), self.rows
        means: Floats = kept[rows].sum(axis=1) / self.counted[rows].sum(axis=1)
        return means

    @property
    def mean_dice(self) -> float:
        """The candidate's mean Dice."""
        return float(self.means(dices(self.candidate)).mean())

    @property
    def mean_dice_drop(self) -> float:
        """The reference's mean Dice less the candidate's."""
        return float((self.means(dices(self.reference)) - self.means(dices(self.candidate))).mean())

    @property
    def words(self) -> str:
        """Both mean Dices, in words."""
        there = float(self.means(dices(self.reference)).mean())
        return f"mean Dice {self.mean_dice:.4f}, there {there:.4f}"

    @property
    def aside(self) -> str | None:
        """What the empty rule does to these images, in words; None where it does nothing."""
        bare = int((~self.drawn).sum())
        if not bare:
            return None
        what = "images" if len(self.classes) == 1 else "pairs of image and class"
        rule = "they are left out" if self.empty == "skip" else "marking none counts as 1"
        return f"on {bare:,} of {self.drawn.size:,} {what} nothing is drawn: {rule}"


def drop_measured(
    overlaps: Overlaps, score: Score, unit: str, model: ModelSpec, *, limit: float, seed: int
) -> tuple[Measurement, float]:
    """The drop of a score's mean over images, paired by image, and the reference's own mean."""
    reference, candidate = (
        overlaps.means(score(segments)) for segments in (overlaps.reference, overlaps.candidate)
    )
    need, least = model.statistics, model.segmentation.min_patients
    bounds = drop_bounds(
        reference - candidate,
        overlaps.codes[overlaps.rows],
        need.confidence,
        possible=max(
            max(mean, 1.0 - mean) for mean in map(float, (reference.mean(), candidate.mean()))
        ),
        resamples=need.resamples,
        seed=seed,
    )
    planned = planning(bounds, overlaps.patients.count, limit, need, least)
    return _measured(overlaps, bounds, unit, model, planned), float(reference.mean())


def mean_measured(
    overlaps: Overlaps, score: Score, unit: str, model: ModelSpec, *, seed: int
) -> Measurement:
    """The mean of a candidate's score over images."""
    need, least = model.statistics, model.segmentation.min_patients
    bounds = mean_bounds(
        overlaps.means(score(overlaps.candidate)),
        overlaps.codes[overlaps.rows],
        need.confidence,
        resamples=need.resamples,
        seed=seed,
    )
    bounds = Bounds(value=bounds.value, low=max(bounds.low, 0.0), high=min(bounds.high, 1.0))
    few = overlaps.patients.worth < least
    planned = f"at least {least:,} patients are needed" if few else None
    return _measured(overlaps, bounds, unit, model, planned)


def _measured(
    overlaps: Overlaps, bounds: Bounds, unit: str, model: ModelSpec, planned: str | None
) -> Measurement:
    patients, least = overlaps.patients, model.segmentation.min_patients
    few = (
        f"too few patients: {patients.count} have a mask{patients.uneven}, and {least} are needed"
        " before bounds can be relied on"
    )
    return Measurement(
        value=bounds.value,
        unit=unit,
        n=int(overlaps.rows.sum()),
        low=bounds.low,
        high=bounds.high,
        confidence=model.statistics.confidence,
        insufficient=few if patients.worth < least else None,
        planning=planned,
        detail=overlaps.aside,
    )


def planning(
    bounds: Bounds, patients: int, margin: float, need: Statistics, least: int
) -> str | None:
    """How many patients would be enough if there were no drop, in words: the distance from value to
    upper bound shrinks with the root of their number; never fewer than `least`.
    """
    from scipy.special import ndtri

    if margin <= 0.0:
        return None
    reach = (bounds.high - bounds.value) * (1.0 + ndtri(need.power) / ndtri(need.confidence))
    wanted = max(least, math.ceil((reach / margin) ** 2 * patients))
    if wanted <= patients:
        return (
            f"if the true drop were 0, about {wanted:,} patients would do, and there are"
            f" {patients:,}: it isn't the amount of data that is in the way"
        )
    return (
        f"if the true drop were 0, about {wanted:,} patients would pass with a chance of"
        f" {100 * need.power:g} %: a figure to plan with, no licence to add data until it passes"
    )
