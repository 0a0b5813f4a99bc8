"""What the images of fewer patients are worth: a patient's images resemble each other.

The unit is the patient. A rate over n images of fewer patients is as certain as one over some
smaller number of independent images, the effective number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.stats.arrays import Codes, Floats, Mask

# How many eventful patients the assumption "a patient's images are all alike" weighs as much as.
# Where one or two patients carry all events, they show next to nothing of how alike images are.
ALIKE_WEIGHT: Final = 1.0


def checked_confidence(confidence: float) -> float:
    """The confidence of a one-sided bound; ValueError unless it lies between 0.5 and 1."""
    if not 0.5 < confidence < 1.0:
        message = f"a one-sided bound's confidence lies between 0.5 and 1, not {confidence}"
        raise ValueError(message)
    return confidence


@dataclass(frozen=True, kw_only=True)
class Patients:
    """Whose image each is: `of` (images,) numbers the patients from 0, `sizes` (patients,) counts
    their images.
    """

    of: npt.NDArray[np.intp]
    sizes: Floats

    @classmethod
    def from_codes(cls, codes: Codes) -> Patients:
        """By integers that tell patients apart, (images,); ValueError where there are none."""
        if codes.ndim != 1 or len(codes) == 0:
            message = f"patient codes of at least one image are needed, not of shape {codes.shape}"
            raise ValueError(message)
        _, of, sizes = np.unique(codes, return_inverse=True, return_counts=True)
        return cls(of=of.reshape(-1), sizes=sizes.astype(np.float64))

    @classmethod
    def none(cls) -> Patients:
        """Nobody."""
        return cls(of=np.zeros(0, np.intp), sizes=np.zeros(0))

    @property
    def worth(self) -> float:
        """As many patients of one size as these are worth (Kish 1965); 0 where there are none."""
        return self.images / self.all_alike if self.images else 0.0

    @property
    def uneven(self) -> str:
        """What their unequal numbers of images make them worth, in words; empty if all are equal
        enough.
        """
        if math.floor(self.worth) >= self.count - 1:
            return ""
        return f", who are worth {self.worth:.1f} with equal numbers of images"

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.of)

    @property
    def count(self) -> int:
        """How many patients there are."""
        return len(self.sizes)

    def sums(self, values: npt.NDArray[Any]) -> Floats:
        """Sums over each patient's images, (patients,)."""
        return np.bincount(self.of, weights=values, minlength=self.count).astype(np.float64)

    def several_with(self, events: Mask) -> int:
        """How many patients of several images have an image that shows the event."""
        return int(((self.sums(events) > 0) & (self.sizes > 1)).sum())

    @property
    def all_alike(self) -> float:
        """The design effect if all of a patient's images were alike (Kish 1965)."""
        return float((self.sizes**2).sum() / self.images)


def design_effect(residuals: Floats, patients: Patients, *, eventful: int) -> float:
    """By how much the variance of a mean exceeds that of as many independent images, at least 1.

    The larger of two estimates: the linearized variance by patient (the sandwich), which sees what
    large patients did but not what they could have done; and 1 + r (`all_alike` - 1), where r is
    the likeness (intraclass correlation) of two images of one patient, each patient weighed by
    its images, and `all_alike` knows the large patients (Kish 1965). r is drawn towards 1, which
    weighs as much as ALIKE_WEIGHT of the `eventful` patients, those of several images that show
    an event.
    """
    n, count, sizes = patients.images, patients.count, patients.sizes
    squares = patients.sums(residuals**2)
    together = patients.sums(residuals) ** 2
    independent = n / (n - 1) * squares.sum()
    linearized = count / (count - 1) * together.sum() / independent if independent > 0 else 1.0
    several = sizes > 1
    within = float(squares[several].sum())
    pairs = ((together - squares)[several] / (sizes[several] - 1)).sum()
    likeness = float(np.clip(pairs / within, 0.0, 1.0)) if within > 0 else 1.0
    likeness = (eventful * likeness + ALIKE_WEIGHT) / (eventful + ALIKE_WEIGHT)
    modelled = 1.0 + likeness * (patients.all_alike - 1.0)
    return max(1.0, float(linearized), modelled)


def effective_images(
    residuals: Floats,
    patients: Patients,
    *,
    eventful: int,
    confidence: float,
) -> float:
    """How many independent images these are worth: n with one image a patient, what the patients
    are worth (Kish 1965) if no image differs from another, and never more than n.

    n over the design effect, less what its estimate from few patients costs: the squared ratio
    of Student's quantiles with patients - 1 and n - 1 degrees (Korn & Graubard 1998). `residuals`,
    (images,): each image's value less the mean.
    """
    from scipy.special import stdtrit

    n, count = patients.images, patients.count
    if count == n:
        return float(n)
    if count == 1 or not residuals.any():
        return patients.worth
    effect = design_effect(residuals, patients, eventful=eventful)
    adjusted = effect * (stdtrit(count - 1, confidence) / stdtrit(n - 1, confidence)) ** 2
    # Uncertainty of the design effect ends where all of a patient's images are alike.
    return n / max(effect, min(float(adjusted), patients.all_alike))
