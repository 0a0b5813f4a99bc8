"""The operating point: where scores become decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.errors import DataError
from edgeassay.spec import OperatingPoint
from edgeassay.stats.auc import Floats, Labels, Mask, Scores
from edgeassay.stats.thresholds import threshold_for_sensitivity, youden_threshold


@dataclass(frozen=True, kw_only=True)
class Operating:
    """A threshold for every class, (classes,), and how it came to be, in words."""

    thresholds: Floats
    rule: str
    origin: str

    def decide(self, scores: Scores) -> Mask:
        """Which scores, (images, classes), are called positive."""
        called: Mask = scores > self.thresholds
        return called | (scores == self.thresholds) if self.rule == ">=" else called


def given_by(point: OperatingPoint, classes: Sequence[str]) -> Operating:
    """The product's own thresholds."""
    values = [point.thresholds.get(name, point.threshold) for name in classes]
    return Operating(
        thresholds=np.array(values, np.float64), rule=point.rule, origin="as the product has it"
    )


def fixed_on(
    labels: Labels, scores: Scores, point: OperatingPoint, classes: Sequence[str]
) -> Operating:
    """The thresholds that the reference's scores on the validation split give; DataError where a
    class has no positives or no negatives there.
    """
    thresholds = np.empty(len(classes))
    for k, name in enumerate(classes):
        positive = labels[:, k] == 1
        if positive.all() or not positive.any():
            raise DataError(
                f"all images of the validation split are alike for {name!r}, so no operating"
                " threshold can be fixed there; give the product's under [operating_point]"
            )
        if point.sensitivity is None:
            thresholds[k] = youden_threshold(positive, scores[:, k])
        else:
            thresholds[k] = threshold_for_sensitivity(positive, scores[:, k], point.sensitivity)
    how = "the largest sum of sensitivity and specificity (Youden)"
    if point.sensitivity is not None:
        how = f"a sensitivity of at least {point.sensitivity:g}"
    return Operating(
        thresholds=thresholds,
        rule=point.rule,
        origin=f"fixed on the reference's validation split for {how}",
    )
