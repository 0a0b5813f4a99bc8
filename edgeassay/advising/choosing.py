"""The choice among candidates: pure.

Of those that hold, what another one beats in size, time and loss of AUC falls out. Of the rest the
fastest is taken, or the smallest of those that aren't shown to be slower (`Prefer.LATENCY`); or the
smallest, or the fastest of those of about its size (`Prefer.SIZE`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from edgeassay.advising.candidates import Candidate, Standing
from edgeassay.spec import Prefer


class Outcome(StrEnum):
    """What can be said."""

    ADVISED = "advised"
    NOTHING_HOLDS = "nothing holds"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The choice. `chosen` is what leads; it is advised only where the outcome says so, and `why`
    says why it isn't. `alike` are those that it was chosen from in the end, itself included.
    `front` has what nothing beats, and `beaten` the others with what beats them, of those that
    could be chosen.
    """

    outcome: Outcome
    prefer: Prefer
    chosen: Candidate | None = None
    runner_up: Candidate | None = None
    alike: tuple[str, ...] = ()
    front: tuple[Candidate, ...] = ()
    beaten: Mapping[str, str] = field(default_factory=dict)
    why: str | None = None


def dominates(one: Candidate, other: Candidate) -> bool:
    """Whether one is at least as good as another in size, time and loss, and better in one. What
    isn't known of either makes no difference; what is known of one alone makes them incomparable.
    """
    pairs = (
        (float(one.size_bytes), float(other.size_bytes)),
        (one.time, other.time),
        (one.loss, other.loss),
    )
    better = False
    for mine, others in pairs:
        if mine is None and others is None:
            continue
        if mine is None or others is None or mine > others:
            return False
        better = better or mine < others
    return better


def front_of(pool: Sequence[Candidate]) -> tuple[list[Candidate], dict[str, str]]:
    """What nothing of the pool beats, and the rest by what beats it: the first of the front."""
    front = [c for c in pool if not any(dominates(other, c) for other in pool)]
    beaten = {
        c.name: next(other.name for other in front if dominates(other, c))
        for c in pool
        if c not in front
    }
    return front, beaten


def choose(candidates: Sequence[Candidate], prefer: Prefer, same_size: float) -> Advice:
    """The advice on all candidates, one of which is the reference."""
    reference = next(c for c in candidates if c.is_reference)
    others = [c for c in candidates if not c.is_reference]
    if all(c.drop is None for c in others):
        able = [c for c in candidates if c.standing is not Standing.FAILS]
        return _taken(
            able,
            prefer,
            same_size,
            outcome=Outcome.UNMEASURED if any(c in able for c in others) else Outcome.NOTHING_HOLDS,
            why="diagnostic quality is unmeasured",
        )
    if reference.standing is Standing.UNSHOWN:
        why = "; ".join(reference.unshown)
        return Advice(outcome=Outcome.INCONCLUSIVE, prefer=prefer, why=why)
    holding = [c for c in candidates if c.standing is Standing.HOLDS]
    if not any(c in holding for c in others):
        unshown = [c.name for c in others if c.standing is Standing.UNSHOWN]
        if not unshown:
            return Advice(outcome=Outcome.NOTHING_HOLDS, prefer=prefer)
        why = f"whether {' or '.join(unshown)} holds is not shown by so few images"
        return Advice(outcome=Outcome.INCONCLUSIVE, prefer=prefer, why=why)
    outcome, doubt = _of_times(holding)
    if prefer is Prefer.SIZE:  # by which nothing is alike where times can't tell it apart
        same_size = same_size if outcome is Outcome.ADVISED else 0.0
        outcome, doubt = Outcome.ADVISED, None
    return _taken(holding, prefer, same_size, outcome=outcome, why=doubt)


def _of_times(holding: Sequence[Candidate]) -> tuple[Outcome, str | None]:
    """Whether times can be relied on, and why not."""
    if any(c.time is None for c in holding):
        return Outcome.UNMEASURED, "speed is unmeasured"
    disturbed = [
        c.ratio.insufficient for c in holding if c.ratio is not None and c.ratio.insufficient
    ]
    if disturbed:
        return Outcome.INCONCLUSIVE, f"the times can't be relied on: {disturbed[0]}"
    return Outcome.ADVISED, None


def _taken(
    pool: Sequence[Candidate],
    prefer: Prefer,
    same_size: float,
    *,
    outcome: Outcome,
    why: str | None,
) -> Advice:
    front, beaten = front_of(pool)
    chosen, alike = pick(front, prefer, same_size)
    runner_up = None
    if chosen is not None:
        runner_up, _ = pick(front_of([c for c in pool if c != chosen])[0], prefer, same_size)
    return Advice(
        outcome=outcome,
        prefer=prefer,
        chosen=chosen,
        runner_up=runner_up,
        alike=tuple(c.name for c in alike),
        front=tuple(front),
        beaten=beaten,
        why=why,
    )


def pick(
    front: Sequence[Candidate], prefer: Prefer, same_size: float
) -> tuple[Candidate | None, list[Candidate]]:
    """The one that is taken, and those that are like the best; None where speed is what counts and
    isn't known.
    """
    timed = [(c, c.time) for c in front if c.time is not None]
    if not front or (prefer is Prefer.LATENCY and len(timed) < len(front)):
        return None, []
    if prefer is Prefer.SIZE:
        most = min(c.size_bytes for c in front) * (1.0 + same_size)
        alike = [c for c in front if c.size_bytes <= most]
        return min(alike, key=lambda c: (_last(c.time), c.size_bytes, _last(c.loss))), alike
    least = min(time for _, time in timed)
    # Of several as fast, the one that is known worst: the order they came in tells nothing.
    most = max(c.most_time or 0.0 for c, time in timed if time == least)
    alike = [c for c in front if (c.least_time or 0.0) <= most]
    return min(alike, key=lambda c: (c.size_bytes, _last(c.time), _last(c.loss))), alike


def _last(value: float | None) -> float:
    """What isn't known comes after everything that is."""
    return math.inf if value is None else value
