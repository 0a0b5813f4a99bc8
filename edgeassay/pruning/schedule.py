"""When channels go and when a network is trained, by the number of the epoch."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec import Pruning


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Epochs with one optimizer: those behind a removal, or the final ones; `first` is the number
    of its first epoch, and `removals` how many there have been when it begins.
    """

    first: int
    epochs: int
    removals: int
    final: bool


def phase_of(settings: Pruning, epoch: int) -> Phase:
    """The phase that an epoch belongs to; they are numbered from 1."""
    before = settings.steps * settings.epochs
    if epoch > before:
        return Phase(
            first=before + 1, epochs=settings.final_epochs, removals=settings.steps, final=True
        )
    step = (epoch - 1) // settings.epochs
    return Phase(
        first=step * settings.epochs + 1, epochs=settings.epochs, removals=step + 1, final=False
    )


def budget_after(removals: int, steps: int, begin: float, target: float) -> float:
    """What a network may cost at most after so many of all removals: each leaves the same share of
    what was there, and the last the target.
    """
    if removals == steps:
        return target
    return float(begin * (target / begin) ** (removals / steps))
