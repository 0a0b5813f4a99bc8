"""From two models' scores to AUCs and their drops, with bounds, and what they would need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from edgeassay.measure.compared import Compared
from edgeassay.measure.guessing import unshown
from edgeassay.spec import Measurement, Statistics
from edgeassay.stats import AucDrop, AucEstimate, Bounds
from edgeassay.stats.auc import Counts

MOST_NAMED: Final = 3


def too_few(counts: Sequence[Counts], names: Sequence[str], need: Statistics) -> str | None:
    """Why AUCs of so few patients decide nothing; None where there are enough."""
    poor = [
        f"{name} has {c.positive_patients} positive and {c.negative_patients} negative patients"
        + _uneven(c)
        for name, c in zip(names, counts, strict=True)
        if c.effective_positives < need.min_positives or c.effective_negatives < need.min_negatives
    ]
    if not poor:
        return None
    more = f" and {len(poor) - MOST_NAMED} more classes" if len(poor) > MOST_NAMED else ""
    return (
        f"too few patients: {'; '.join(poor[:MOST_NAMED])}{more}, and {need.min_positives} and"
        f" {need.min_negatives} are needed before bounds can be relied on"
    )


def _uneven(c: Counts) -> str:
    """What unequal numbers of images make the patients worth, in words."""
    if (
        c.positive_patients - c.effective_positives < 1.0
        and c.negative_patients - c.effective_negatives < 1.0
    ):
        return ""
    return (
        f", who are worth {c.effective_positives:.1f} and {c.effective_negatives:.1f} with equal"
        " numbers of images"
    )


def planning(drop: AucDrop, images: int, margin: float, need: Statistics) -> str | None:
    """How much data would be enough if there were no drop, in words; never less than what gives
    every class the patients that it needs.
    """
    growth = drop.growth(margin, need.confidence, need.power)
    if growth is None:
        return None
    for c in drop.reference.counts:
        growth = max(growth, need.min_positives / c.effective_positives)
        growth = max(growth, need.min_negatives / c.effective_negatives)
    wanted = math.ceil(growth * images)
    if growth <= 1.0:
        return _enough(wanted, images, "images")
    rarest = min(drop.reference.counts, key=lambda c: min(c.positives, c.negatives))
    kinds = {"positives": rarest.positives, "negatives": rarest.negatives}
    parts = " and ".join(f"{math.ceil(growth * n):,} {kind}" for kind, n in kinds.items())
    return (
        f"if the true drop were 0, about {wanted:,} images, with {parts} of the rarest class, would"
        f" pass with a chance of {100 * need.power:g} %: a figure to plan with, no licence to add"
        " data until it passes"
    )


def _enough(wanted: int, images: int, what: str) -> str:
    return (
        f"if the true drop were 0, about {wanted:,} {what} would do, and there are {images:,}: it"
        " isn't the amount of data that is in the way"
    )


def rate_planning(
    bounds: Bounds,
    images: int,
    kind: str,
    margin: float,
    need: Statistics,
    *,
    least: float,
    differing: bool,
) -> str | None:
    """The same for the drop of a rate over `images` of a `kind`: the distance from value to upper
    bound shrinks with the root of their number, and with their number itself where no decision is
    `differing`. `least` is the least growth that could be enough.
    """
    from scipy.special import ndtri

    if margin <= 0.0:
        return None
    reach = (bounds.high - bounds.value) * (1.0 + ndtri(need.power) / ndtri(need.confidence))
    growth = (reach / margin) ** 2 if differing else (bounds.high - bounds.value) / margin
    growth = max(least, growth)
    wanted = math.ceil(growth * images)
    if growth <= 1.0:
        return _enough(wanted, images, f"{kind} images")
    return (
        f"if the true drop were 0, about {wanted:,} {kind} images would pass with a chance of"
        f" {100 * need.power:g} %: a figure to plan with, no licence to add data until it passes"
    )


def drop_measured(
    drop: AucDrop, compared: Compared, margin: float, need: Statistics, *, detail: str | None = None
) -> Measurement:
    """A drop with its bounds."""
    bounds, images = drop.bounds(need.confidence), len(compared.labels)
    if drop.rests_on_unseen(need.confidence):
        detail = "; ".join(filter(None, (_of_unseen(drop), detail)))
    return Measurement(
        value=bounds.value,
        unit="AUC",
        n=images,
        low=bounds.low,
        high=bounds.high,
        confidence=need.confidence,
        planning=planning(drop, images, margin, need),
        detail=detail,
    )


def _of_unseen(drop: AucDrop) -> str:
    """What keeps the bounds apart where nearly nothing changed, in words."""
    fewest = min(min(c.positive_patients, c.negative_patients) for c in drop.reference.counts)
    return (
        f"hardly an image changed its order, and the bounds are about patients who weren't seen:"
        f" {fewest:,} of a kind can't exclude that a few others fail"
    )


def mean_drop_measured(
    compared: Compared, margin: float, need: Statistics, *, shown: bool = True
) -> Measurement | None:
    """The drop of the mean AUC; None where no class has one. It decides nothing, but for a failure,
    if it must be `shown` that the reference is better than guessing, and isn't.
    """
    drop = compared.aucs.mean()
    if drop is None:
        return None
    measured = drop_measured(drop, compared, margin, need, detail=left_out(compared))
    names, counts = zip(*_with_auc(compared), strict=True)
    why = too_few(counts, names, need)
    if why is None and shown:
        return _if_shown(drop, measured, margin)
    return _insufficient(measured, why)


def class_drop_measured(
    compared: Compared, k: int, margin: float, need: Statistics
) -> Measurement | None:
    """The drop of one class's AUC; None where it has none."""
    drop = compared.aucs.drops[k]
    if drop is None:
        return None
    measured = drop_measured(drop, compared, margin, need)
    counts = [compared.aucs.counts[k]]
    why = too_few(counts, [compared.classes[k]], need)
    return _if_shown(drop, measured, margin) if why is None else _insufficient(measured, why)


def _if_shown(drop: AucDrop, measured: Measurement, margin: float) -> Measurement:
    """The measurement. A drop from a reference that may be guessing passes nothing, however much
    data there is; it may still fail.
    """
    assert measured.low is not None
    assert measured.confidence is not None
    why = None if measured.low > margin else unshown(drop.reference, measured.confidence)
    return measured if why is None else replace(measured, insufficient=why, planning=None)


def auc_measured(estimate: AucEstimate, compared: Compared, need: Statistics) -> Measurement:
    """A mean AUC with its bounds."""
    bounds = estimate.bounds(need.confidence)
    measured = Measurement(
        value=bounds.value,
        unit="AUC",
        n=len(compared.labels),
        low=bounds.low,
        high=bounds.high,
        confidence=need.confidence,
        detail=left_out(compared),
    )
    names, counts = zip(*_with_auc(compared), strict=True)
    return _insufficient(measured, too_few(counts, names, need))


def left_out(compared: Compared) -> str | None:
    """Which classes a mean leaves out, in words; None where it has all."""
    names = compared.one_sided
    if not names:
        return None
    return f"without {', '.join(names)}: all images alike, so no AUC"


def _with_auc(compared: Compared) -> Iterator[tuple[str, Counts]]:
    pairs = zip(compared.classes, compared.aucs.counts, strict=True)
    return ((name, counts) for name, counts in pairs if counts.both)


def _insufficient(measured: Measurement, why: str | None) -> Measurement:
    return measured if why is None else replace(measured, insufficient=why)
