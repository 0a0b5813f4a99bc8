"""What a timed ladder shows: each runtime's costs, and from which size one overtakes the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.breakeven.networks import Network
from edgeassay.breakeven.timing import Contestant, Timed, Times, totals
from edgeassay.errors import MeasurementError
from edgeassay.spec import Kind, Ladder, Statistics
from edgeassay.stats.launch import Bounded, Crossing, Line, fit_crossing, misfit
from edgeassay.stats.ratios import ratio_bounds

LEAST_RUNGS = 3  # a line through two points says nothing of how well it fits


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A runtime's costs by its line, how far that misses at worst, and its `floor`: the almost
    empty network.
    """

    id: str
    line: Line
    fixed_ms: Bounded
    ms_per_mmac: Bounded
    misfit: float
    floor: Times
    rungs: tuple[Times, ...]
    adapter: str | None

    @property
    def gmacs(self) -> float | None:
        """Billions of multiply-accumulates a second, beyond the fixed cost."""
        return 1.0 / self.line.ms_per_mmac if self.line.ms_per_mmac > 0.0 else None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Both runtimes' costs on `networks`, the ratio of their times on each, and the size from which
    the first is the faster one.
    """

    kind: Kind
    networks: tuple[Network, ...]
    floor: Network
    candidate: Cost
    against: Cost
    ratios: tuple[Bounded, ...]
    mmacs: Bounded
    confidence: float

    @property
    def largest(self) -> float:
        """The largest network's size in MMACs."""
        return self.networks[-1].mmacs

    @property
    def is_within(self) -> bool:
        """Whether the break-even lies on the ladder, or below it."""
        return self.mmacs.value <= self.largest


def find(
    contestants: Sequence[Contestant],
    floor: Network,
    rungs: Sequence[Network],
    timed: Timed,
    *,
    ladder: Ladder,
    statistics: Statistics,
    seed: int,
) -> Found:
    """Fit both and compare; MeasurementError where too few networks were fast enough."""
    kept = [network for network in rungs if network not in timed.left_out]
    if len(kept) < LEAST_RUNGS:
        raise MeasurementError(
            f"only {len(kept)} networks take less than {ladder.longest_s:g} s, and a line needs"
            f" {LEAST_RUNGS}; this runtime is too slow here for a break-even"
        )
    names, sizes = [n.name for n in kept], [n.mmacs for n in kept]
    first, second = (totals(times, names) for times in timed.times)
    fitted = fit_crossing(
        sizes,
        first,
        second,
        confidence=statistics.confidence,
        resamples=statistics.resamples,
        rng=np.random.default_rng(seed),
    )
    costs = [
        _cost(contestant, k, fitted, timed, [floor, *kept])
        for k, contestant in enumerate(contestants)
    ]
    ratios = [
        ratio_bounds(first[:, n] / second[:, n], statistics.confidence) for n in range(len(kept))
    ]
    software = any(t.facts.get("software") for times in timed.times for t in times.values())
    kind = Kind.SOFTWARE if software else Kind.MEASURED
    return Found(
        kind=kind,
        networks=tuple(kept),
        floor=floor,
        candidate=costs[0],
        against=costs[1],
        ratios=tuple(Bounded(value=v, low=low, high=high) for v, low, high in ratios),
        mmacs=fitted.mmacs,
        confidence=statistics.confidence,
    )


def _cost(
    contestant: Contestant, k: int, fitted: Crossing, timed: Timed, networks: Sequence[Network]
) -> Cost:
    line, fixed, slope = (
        (fitted.first, fitted.first_fixed_ms, fitted.first_ms_per_mmac),
        (fitted.second, fitted.second_fixed_ms, fitted.second_ms_per_mmac),
    )[k]
    floor, *rungs = (timed.times[k][network.name] for network in networks)
    return Cost(
        id=contestant.id,
        line=line,
        fixed_ms=fixed,
        ms_per_mmac=slope,
        misfit=misfit(line, [n.mmacs for n in networks[1:]], [t.median_ms("total") for t in rungs]),
        floor=floor,
        rungs=tuple(rungs),
        adapter=rungs[-1].facts.get("adapter"),
    )


def headline(found: Found) -> str:
    """The break-even as a sentence."""
    one, other, size = found.candidate.id, found.against.id, found.mmacs
    label = "" if found.kind is Kind.MEASURED else f" ({found.kind}: no measurement of a GPU)"
    if not found.is_within:
        words = f"{one} is never faster than {other} within the ladder (up to {found.largest:,.0f}"
        more = " MMACs)"
        if math.isfinite(size.value):
            more = f" MMACs; the line would get there at {size.value:,.0f})"
        return f"{words}{more}{label}"
    if size.value <= found.networks[0].mmacs:
        return f"{one} is faster than {other} from the smallest network on{label}"
    high = f"{size.high:,.4g}" if size.high <= found.largest else "beyond the ladder"
    return (
        f"break-even at {size.value:,.4g} MMACs ({size.low:,.4g} to {high}): from there on {one} is"
        f" faster than {other}{label}"
    )


def doubts(found: Found, timed: Timed, ladder: Ladder) -> list[str]:
    """What a reader must know to believe it, or not to."""
    lines = []
    for cost in (found.candidate, found.against):
        if cost.misfit > ladder.misfit:
            lines.append(
                f"{cost.id}: its line misses a measured time by {cost.misfit:.0%}, so its fixed"
                " cost and throughput are rough"
            )
        partial = {
            network.name
            for network, times in zip(found.networks, cost.rungs, strict=True)
            if times.facts.get("delegated", times.facts.get("nodes")) != times.facts.get("nodes")
        }
        if partial:
            lines.append(f"{cost.id}: it didn't take all nodes of {', '.join(sorted(partial))}")
    for network, ratio in zip(found.networks, found.ratios, strict=True):
        beyond = network.mmacs > found.mmacs.value
        if (ratio.low > 1.0 and beyond) or (ratio.high < 1.0 and not beyond):
            lines.append(
                f"{network.name} ({network.mmacs:,.4g} MMACs) was measured on the other side of the"
                f" break-even: it took {ratio.value:.3g} times as long"
            )
    lines += [f"{network.name}: too slow to be timed here" for network in timed.left_out]
    return lines
