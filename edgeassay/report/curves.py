"""What a case's scores and times look like, few enough numbers to be drawn from results.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pydantic import Field

from edgeassay.runs.records import Many, Plain, Record
from edgeassay.stats import percentile_upper
from edgeassay.stats.arrays import Floats, Labels, Scores

ROC_POINTS: Final = 61
BINS: Final = 10
QUANTILES: Final = 101
DIGITS: Final = 5


class RocRecord(Record):
    """A class's receiver operating characteristic: points (false positive rate, true positive
    rate) from (0, 0) to (1, 1), no more than can be drawn, over so many images of both kinds.
    """

    class_name: Plain = Field(alias="class")
    positives: int
    negatives: int
    points: Many[tuple[float, float]]


class BinRecord(Record):
    """Images whose scores are alike: their mean score, the share that is positive, how many."""

    score: float
    share: float
    n: int


class TimesRecord(Record):
    """Durations of single inferences: `quantiles_ms` at 0, 1, ... 100 %, over all rounds of all
    fresh processes, and each process's median.
    """

    processes: int
    rounds: int
    quantiles_ms: Many[float]
    process_medians_ms: Many[float]


class SubgroupRecord(Record):
    """How many evaluation images and patients have a value in a column that quality is judged by;
    null where a count is too small to be told to others.
    """

    column: Plain
    value: Plain
    images: int | None
    patients: int | None


class Curves(Record):
    """What is drawn of a case: nothing decides by it."""

    roc: Many[RocRecord] = Field(default_factory=list)
    reliability: Many[BinRecord] = Field(default_factory=list)
    times: TimesRecord | None = None
    subgroups: Many[SubgroupRecord] = Field(default_factory=list)


def roc_records(labels: Labels, scores: Scores, classes: Sequence[str]) -> list[RocRecord]:
    """Each class's curve; labels and scores are (images, classes), and a class that has images of
    one kind only has none.
    """
    from sklearn.metrics import roc_curve

    found = []
    for k, name in enumerate(classes):
        truth = labels[:, k].astype(bool)
        positives = int(truth.sum())
        if positives in (0, len(truth)):
            continue
        wrong, right, _ = roc_curve(truth, scores[:, k].astype(np.float64))
        chosen = _spread(wrong, right)
        points = [(round(float(wrong[i]), DIGITS), round(float(right[i]), DIGITS)) for i in chosen]
        found.append(
            RocRecord(
                class_name=name,
                positives=positives,
                negatives=len(truth) - positives,
                points=points,
            )
        )
    return found


def _spread(x: Floats, y: Floats) -> list[int]:
    """Indices of at most `ROC_POINTS` points that follow a monotone line evenly, with both ends."""
    if len(x) <= ROC_POINTS:
        return list(range(len(x)))
    length = x + y  # monotone in both, so this is how far along the line a point lies
    wanted = np.linspace(length[0], length[-1], ROC_POINTS)
    chosen = np.unique(np.searchsorted(length, wanted).clip(0, len(x) - 1))
    return [int(i) for i in chosen]


def bin_records(labels: Labels, scores: Scores) -> list[BinRecord]:
    """The reliability curve over all classes, in bins of equal mass; nothing where scores aren't
    probabilities.
    """
    exact, truth = scores.astype(np.float64).ravel(), labels.astype(np.float64).ravel()
    if not exact.size or not ((exact >= 0.0) & (exact <= 1.0)).all():
        return []
    order = np.argsort(exact, kind="stable")
    return [
        BinRecord(
            score=round(float(exact[part].mean()), DIGITS),
            share=round(float(truth[part].mean()), DIGITS),
            n=len(part),
        )
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def times_record(durations_ns: Floats) -> TimesRecord:
    """What so many durations, (processes, rounds), look like."""
    ms = durations_ns / 1e6
    # As p50 and p95 are taken: numpy's quantile of 0.95 is another where that is no exact number.
    above = (percentile_upper(ms, k / (QUANTILES - 1)) for k in range(1, QUANTILES))
    return TimesRecord(
        processes=len(ms),
        rounds=ms.shape[1],
        quantiles_ms=[round(float(one), DIGITS) for one in (ms.min(), *above)],
        process_medians_ms=np.median(ms, axis=1).round(DIGITS).tolist(),
    )
