"""Whether scores say anything about the labels: two models that guess alike have kept no quality.

An AUC of 0.5 is a guess. Scores whose AUC surely lies below it look inverted: they belong to the
absence of the class, or to another class. Scores that are the same for every image say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeassay.measure.compared import Compared
from edgeassay.stats import AucEstimate

GUESS: Final = 0.5


def senseless(
    compared: Compared,
    confidence: float,
    *,
    candidate: bool,
    classes: Sequence[int] | None = None,
) -> str | None:
    """Why a model's scores can't be what they are called, in words that follow whose they are; None
    where they may be. Looked at are `classes`; or, if None, all of them and the mean of their AUCs.
    """
    found = senseless_classes(compared, confidence, candidate=candidate, classes=classes)
    if found:
        more = f" (so do those of {len(found) - 1} more classes)" if len(found) > 1 else ""
        return f"{next(iter(found.values()))}{more}"
    mean = compared.aucs.mean() if classes is None else None
    if mean is None:
        return None
    words = senseless_estimate(mean.candidate if candidate else mean.reference, confidence)
    return None if words is None else f"scores {words}, on average"


def senseless_classes(
    compared: Compared,
    confidence: float,
    *,
    candidate: bool,
    classes: Sequence[int] | None = None,
) -> dict[int, str]:
    """The classes, by their number, whose scores say nothing or look inverted, with the words.

    Each of several is allowed its share of the error (Bonferroni), so that chance alone doesn't
    make a class that nobody can learn look inverted. A class without an AUC isn't looked at.
    """
    drops = compared.aucs.drops
    wanted = [k for k, drop in enumerate(drops) if drop is not None]
    if classes is not None:
        wanted = [k for k in wanted if k in classes]
    found = {}
    for k in wanted:
        drop = drops[k]
        assert drop is not None, "only those that have one are wanted"
        estimate = drop.candidate if candidate else drop.reference
        words = senseless_estimate(estimate, 1.0 - (1.0 - confidence) / len(wanted))
        if words is not None:
            name = "" if len(drops) == 1 else f" of {compared.classes[k]!r}"
            found[k] = f"scores{name} {words}"
    return found


def senseless_estimate(estimate: AucEstimate, confidence: float) -> str | None:
    """What is wrong with the scores of an AUC, in words that follow "the scores"; None where
    nothing is. Only where all images have one score does nobody move an AUC of 0.5.
    """
    if estimate.value == GUESS and not estimate.influence.any():
        return "say nothing: every image has the same score"
    bounds = estimate.bounds(confidence)
    if bounds.high >= GUESS:
        return None
    return (
        f"look inverted: AUC {bounds.value:.4f}, at most {bounds.high:.4f} with"
        f" {100 * confidence:.4g} % confidence"
    )


def unshown(reference: AucEstimate, confidence: float) -> str | None:
    """That a reference may be guessing, in words; None where it is shown to be better."""
    bounds = reference.bounds(confidence)
    if bounds.low > GUESS:
        return None
    return (
        f"the reference isn't shown to be better than guessing: its AUC is {bounds.value:.4f}, at"
        f" least {bounds.low:.4f} with {100 * confidence:g} % confidence, and guessing has"
        f" {GUESS:g}"
    )
