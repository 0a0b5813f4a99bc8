"""The verdict on two models' predictions: of the mean AUC drop, and of every class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

import edgeassay
from edgeassay.errors import DataError
from edgeassay.gates import undecided, verdict_of
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import class_drop_measured, mean_drop_measured
from edgeassay.measure.guessing import senseless, senseless_classes
from edgeassay.spec import Measurement, Sense, Statistics, Verdict
from edgeassay.stats import AucDrop
from edgeassay.stats.bootstrap import percentile_bounds_of, resampled_aucs
from edgeassay.stats.holm import holm


class Bootstrap(BaseModel):
    """Bounds by redrawn patients: a check of the others, which decides nothing."""

    lower: float
    upper: float
    resamples: int
    seed: int


class Drop(BaseModel):
    """An AUC under both models; all null where there is none. drop = reference - candidate."""

    reference: float | None
    candidate: float | None
    drop: float | None
    lower: float | None
    upper: float | None
    standard_error: float | None = None
    bootstrap: Bootstrap | None = None


class ClassDrop(Drop):
    """The same for a class."""

    positives: int
    negatives: int
    positive_patients: int
    negative_patients: int
    verdict: Verdict
    reason: str | None


class Judged(BaseModel):
    """What `edgeassay judge` finds, and writes as JSON."""

    model_config = ConfigDict(populate_by_name=True)
    schema_version: Literal[1] = Field(alias="schema", default=1)
    edgeassay: str = edgeassay.__version__
    verdict: Verdict
    reason: str
    margin: float
    confidence: float
    images: int
    patients: int
    mean_auc: Drop
    classes: dict[str, ClassDrop]
    left_out: list[str]
    inputs: dict[str, Any] = Field(default_factory=dict)


def judge_aucs(compared: Compared, margin: float, need: Statistics, *, seed: int) -> Judged:
    """Judge the drop of the mean AUC against a margin, and of every class. A candidate whose scores
    say nothing, or look inverted, fails; DataError where the reference's do.
    """
    if (words := senseless(compared, need.confidence, candidate=False)) is not None:
        raise DataError(
            f"the reference's {words}, so no drop from it can be judged; give --reference the score"
            " of each class itself, higher where the class is likelier, or leave the class out"
        )
    measured = mean_drop_measured(compared, margin, need)
    boots = _bootstrap(compared, need, seed)
    mean = compared.aucs.mean()
    if measured is None or mean is None:
        verdict = Verdict.INCONCLUSIVE
        reason = "no class has both positives and negatives, so there is no AUC to compare"
    else:
        verdict = verdict_of(measured, margin, Sense.AT_MOST)
        reason = _reason(measured, margin, verdict)
        if (words := senseless(compared, need.confidence, candidate=True)) is not None:
            verdict, reason = Verdict.FAIL, f"the candidate's {words}; {reason}"
    return Judged(
        verdict=verdict,
        reason=reason,
        margin=margin,
        confidence=need.confidence,
        images=len(compared.labels),
        patients=int(compared.codes.max()) + 1,
        mean_auc=_drop(mean, need, boots[-1]),
        classes=_classes(compared, margin, need, boots),
        left_out=compared.one_sided,
    )


def _reason(measured: Measurement, margin: float, verdict: Verdict) -> str:
    """What decides the verdict, in words."""
    assert measured.confidence is not None
    bounds = (
        f"the mean AUC drops by {measured.value:+.5f}, by at least {measured.low:+.5f} and at most"
        f" {measured.high:+.5f} (each with {100 * measured.confidence:g} % confidence), and the"
        f" margin is {margin:g}"
    )
    if measured.detail is not None:
        bounds += f"; {measured.detail}"
    if verdict is not Verdict.INCONCLUSIVE:
        return bounds
    words = f"{undecided(measured)}: {bounds}"
    return f"{words}; {measured.planning}" if measured.planning else words


def _drop(drop: AucDrop | None, need: Statistics, boot: Bootstrap | None) -> Drop:
    if drop is None:
        return Drop(reference=None, candidate=None, drop=None, lower=None, upper=None)
    bounds = drop.bounds(need.confidence)
    return Drop(
        reference=drop.reference.value,
        candidate=drop.candidate.value,
        drop=bounds.value,
        lower=bounds.low,
        upper=bounds.high,
        standard_error=drop.standard_error,
        bootstrap=boot,
    )


def _classes(
    compared: Compared, margin: float, need: Statistics, boots: Sequence[Bootstrap | None]
) -> dict[str, ClassDrop]:
    """Every class's drop and verdict; a failure stands where Holm's correction lets it."""
    drops = compared.aucs.drops
    p_values = np.array([np.nan if d is None else d.p_above(margin) for d in drops])
    stands = holm(p_values, 1.0 - need.confidence)
    odd = senseless_classes(compared, need.confidence, candidate=True)
    found = {}
    for k, (name, counts) in enumerate(zip(compared.classes, compared.aucs.counts, strict=True)):
        measured = class_drop_measured(compared, k, margin, need)
        verdict, reason = Verdict.INCONCLUSIVE, "all images are alike, so there is no AUC"
        if measured is not None:
            verdict = verdict_of(measured, margin, Sense.AT_MOST)
            reason = undecided(measured) if verdict is Verdict.INCONCLUSIVE else ""
        if verdict is Verdict.FAIL and not stands[k]:
            verdict = Verdict.INCONCLUSIVE
            reason = (
                f"alone it would fail (p = {p_values[k]:.3g}), but not among"
                f" {int((~np.isnan(p_values)).sum())} classes that are looked at (Holm 1979)"
            )
        if (words := odd.get(k)) is not None:
            verdict, reason = Verdict.FAIL, f"the candidate's {words}"
        found[name] = ClassDrop(
            **_drop(drops[k], need, boots[k]).model_dump(),
            positives=counts.positives,
            negatives=counts.negatives,
            positive_patients=counts.positive_patients,
            negative_patients=counts.negative_patients,
            verdict=verdict,
            reason=reason or None,
        )
    return found


def _bootstrap(compared: Compared, need: Statistics, seed: int) -> list[Bootstrap | None]:
    """Bounds by redrawn patients of every class's drop, and last of the mean's."""
    models = [compared.reference, compared.candidate]
    resamples = need.resamples
    aucs = resampled_aucs(compared.labels, models, compared.codes, resamples=resamples, seed=seed)
    drops = aucs[:, 0] - aucs[:, 1]
    used = [k for k, drop in enumerate(compared.aucs.drops) if drop is not None]
    # A class that a resample happens to miss is left out of that resample's mean.
    present = np.isfinite(drops[:, used])
    counts = present.sum(axis=1)
    sums = np.where(present, drops[:, used], 0.0).sum(axis=1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    found: list[Bootstrap | None] = []
    for column in (*drops.T, means):
        bounds = percentile_bounds_of(column, 0.0, need.confidence)
        found.append(
            None
            if bounds is None
            else Bootstrap(lower=bounds.low, upper=bounds.high, resamples=resamples, seed=seed)
        )
    return found
