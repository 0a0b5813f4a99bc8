"""The operating point: where scores become decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.errors import DataError
from edgeassay.spec import OperatingPoint
from edgeassay.stats.arrays import Floats, Labels, Mask, Scores
from edgeassay.stats.operating import (
    Rule,
    decisions,
    threshold_for_sensitivity,
    within_step,
    youden_threshold,
)


@dataclass(frozen=True, kw_only=True)
class Operating:
    """A threshold for every class, (classes,), when a score is positive, and who says so."""

    thresholds: Floats
    rule: Rule
    origin: str

    def decide(self, scores: Scores) -> Mask:
        """Which scores, (images, classes), are called positive."""
        return decisions(scores, self.thresholds, rule=self.rule)

    def near(self, scores: Scores, step: float) -> int:
        """How many scores lie within a step of their threshold."""
        return int(within_step(scores, self.thresholds, step).sum())

    @property
    def words(self) -> str:
        """The operating point, for people."""
        if len(self.thresholds) == 1:
            return f"positive where score {self.rule} {self.thresholds[0]:.6g}, {self.origin}"
        return f"a threshold for each of {len(self.thresholds)} classes, {self.origin}"


def given_by(point: OperatingPoint, classes: Sequence[str]) -> Operating:
    """The product's own thresholds."""
    values = [point.thresholds.get(name, point.threshold) for name in classes]
    return Operating(
        thresholds=np.array(values, np.float64),
        rule=Rule(point.rule),
        origin="as the product has it",
    )


def fixed_on(
    labels: Labels, scores: Scores, point: OperatingPoint, classes: Sequence[str]
) -> Operating:
    """The thresholds that the reference's scores on the validation split give; DataError where a
    class has no positives or no negatives there.
    """
    rule, thresholds = Rule(point.rule), np.empty(len(classes))
    for k, name in enumerate(classes):
        try:
            if point.sensitivity is None:
                thresholds[k] = youden_threshold(labels[:, k], scores[:, k], rule=rule)
            else:
                thresholds[k] = threshold_for_sensitivity(
                    labels[:, k], scores[:, k], point.sensitivity, rule=rule
                )
        except ValueError as error:
            raise DataError(
                f"no operating threshold can be fixed on the validation split for {name!r}:"
                f" {error}; give the product's under [operating_point]"
            ) from None
    how = "the largest sensitivity + specificity"
    if point.sensitivity is not None:
        how = f"a sensitivity of {point.sensitivity:g}"
    return Operating(
        thresholds=thresholds,
        rule=rule,
        origin=f"fixed for {how} on the reference's validation split",
    )
