"""What should be known beside a verdict on predictions: what it didn't see, and what looks odd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from edgeassay.datasets.labels import positives_told
from edgeassay.judging.predictions import Given
from edgeassay.judging.verdicts import Judged
from edgeassay.spec import Verdict

# By how much the range of scores may change before it is odd: a quantizer's rounding does nothing
# of the kind, a forgotten dequantization or another last layer does.
ODD_RANGE: Final = 2.0


def remarks(judged: Judged, given: Given) -> Iterator[str]:
    """The lines that stand below the verdict."""
    if given.patient is not None:
        yield (
            f"{judged.images:,} images of {judged.patients:,} patients, as the labels' column"
            f" {given.patient!r} names them"
        )
    else:
        yield (
            f"{judged.images:,} images; the labels name no patients, so each image counts as one:"
            " if patients have several, the bounds are too narrow"
        )
    labels = given.compared.labels
    counts = dict(zip(given.compared.classes, labels.sum(axis=0).tolist(), strict=True))
    yield f"labels: {positives_told(counts, len(labels), given.negatives)}"
    if given.unused:
        yield f"not used: {', '.join(given.unused)} of the labels"
    if judged.left_out:
        yield f"left out of the mean: {', '.join(judged.left_out)}"
    yield from _odd(given)
    boot = judged.mean_auc.bootstrap
    if boot is not None:
        yield (
            f"cross-check: {boot.resamples:,} times redrawn patients give at least"
            f" {boot.lower:+z.4f} and at most {boot.upper:+z.4f} (it knows nothing of patients who"
            " weren't seen)"
        )
        if judged.verdict is Verdict.PASS and boot.upper > judged.margin:
            yield "the cross-check doesn't exclude the margin: look at the data again"
    yield (
        "judged is the mean AUC alone, which sees ranks: decisions at the product's threshold, and"
        " whether a score still means what it meant, aren't"
    )


def _odd(given: Given) -> Iterator[str]:
    """What a mistake in the files would look like."""
    compared = given.compared
    if np.array_equal(compared.reference, compared.candidate):
        yield "reference and candidate have the same scores: is the right file given?"
    for k, name in enumerate(compared.classes):
        one, two = (
            np.quantile(s[:, k], [0.01, 0.99]) for s in (compared.reference, compared.candidate)
        )
        ranges = float(one[1] - one[0]), float(two[1] - two[0])
        if not max(ranges) <= ODD_RANGE * min(ranges):
            yield (
                f"{name}: the reference's scores go from {one[0]:.4g} to {one[1]:.4g} and the"
                f" candidate's from {two[0]:.4g} to {two[1]:.4g} (1st and 99th percentile): are"
                " they on the same scale?"
            )
