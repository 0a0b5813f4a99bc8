"""How much slower: two builds' durations, with what processes differ by from each other.

docs/statistics.md, "Comparing saved runs", says why each rule is as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeassay.changes.change import Change, Effect, Pair, Quantity, percent, sources
from edgeassay.runs.saved import Durations, Timed
from edgeassay.spec import Allowed, Limit, Noise, Verdict
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.holm import holm_levels
from edgeassay.stats.ratios import LEAST_PAIRS, Difference, Mean

LEAST_ROUNDS: Final = 2  # of one alone, the spread within its process isn't known
LIKELY: Final = 0.8  # a chance to plan with; it decides nothing
FARTHEST: Final = 100.0  # no ratio's logarithm that anybody has seen
FEW: Final = ", too few to show what processes differ by: taken for {:g} % (noise.process_cv)"
SAME_ARTIFACT: Final = (
    ", with the same artifact on the same stack: the machine or its system changed, not the build"
)


def judge_times(pairs: Sequence[Pair], noise: Noise) -> list[Change]:
    """The verdict on the time of each pair, one family: the probability that any fails that is no
    slower than tolerated is at most `noise.false_alarms` (Holm 1979).
    """
    tests = [_Test.of(pair, noise) for pair in pairs]
    p_values = [test.p_value for test in tests]
    levels = holm_levels(p_values, noise.false_alarms)
    family = int(np.isfinite(p_values).sum())
    return [
        test.judge(float(level), family, noise) for test, level in zip(tests, levels, strict=True)
    ]


def typical_ms(timed: Timed) -> float:
    """A benchmark's time in ms: the geometric mean of its processes' medians."""
    if not timed.processes:
        return 1e3 * timed.median_s
    return 1e3 * float(np.exp(np.log(timed.process_medians_s).mean()))


def not_compared(pair: Pair, verdict: Verdict, reason: str) -> Change:
    """Both times and their ratio, with a verdict that rests on none of them."""
    base, head = typical_ms(pair.base), typical_ms(pair.head)
    return Change(
        quantity=Quantity.TIME,
        verdict=verdict,
        reason=reason,
        unit="ms",
        base=base,
        head=head,
        effect=Effect(value=head / base, unit="ratio", n=_counts(pair)),
    )


def _counts(pair: Pair) -> tuple[int, int]:
    return len(pair.base.processes), len(pair.head.processes)


def same_durations(base: Timed, head: Timed) -> bool:
    """Whether both have the same durations: the same file, or a copy."""
    if not base.processes or not head.processes:
        return base.summary == head.summary
    return len(base.processes) == len(head.processes) and all(
        np.array_equal(one, two) for one, two in zip(base.processes, head.processes, strict=True)
    )


def _log_ratio(base: Timed, head: Timed, noise: Noise) -> Difference | None:
    """The logarithm of head/base; None where a side's durations don't show what it is known to."""
    sides = (base, head)
    if not all(_many(side) or _has_rounds(side) for side in sides):
        return None
    known = max([noise.process_cv, *(_spread(side) for side in sides if _many(side))])
    occasion = noise.run_cv**2
    return Difference.between(_mean(head, known).plus(occasion), _mean(base, known).plus(occasion))


def _has_rounds(timed: Timed) -> bool:
    return bool(timed.processes) and all(len(row) >= LEAST_ROUNDS for row in timed.processes)


def _many(timed: Timed) -> bool:
    return len(timed.processes) >= LEAST_PAIRS


def _spread(timed: Timed) -> float:
    return float(np.log(timed.process_medians_s).std(ddof=1))


def _mean(timed: Timed, known: float) -> Mean:
    """The mean of a side's log medians: with its own spread where processes enough show it, else
    with a `known` one, and what the medians themselves aren't known to.
    """
    logs = np.log(timed.process_medians_s)
    if _many(timed):
        return Mean.of(logs)
    within = float(np.mean([_median_variance(row) for row in timed.processes]))
    variance = (known**2 + within) / len(logs)
    return Mean(value=float(logs.mean()), variance=variance, freedom=math.inf)


def _median_variance(durations: Durations) -> float:
    """Of the logarithm of a median: how far the ranks of one standard error lie apart, whatever
    the distribution (McKean & Schrader 1984).
    """
    ranked, count = np.sort(np.log(durations)), len(durations)
    reach = math.sqrt(count) / 2.0
    below = max(0, math.floor(count / 2.0 - reach))
    above = min(count - 1, math.ceil(count / 2.0 + reach))
    return float((ranked[above] - ranked[below]) / 2.0) ** 2


@dataclass(frozen=True, kw_only=True)
class _Test:
    """One pair on its way to a verdict."""

    pair: Pair
    base_ms: float
    head_ms: float
    tolerated: float
    unacceptable: float
    alike: bool
    log_ratio: Difference | None

    @classmethod
    def of(cls, pair: Pair, noise: Noise) -> _Test:
        base_ms = typical_ms(pair.base)
        tolerated, unacceptable = pair.allowed.slowdowns(base_ms)
        return cls(
            pair=pair,
            base_ms=base_ms,
            head_ms=typical_ms(pair.head),
            tolerated=tolerated,
            unacceptable=unacceptable,
            alike=same_durations(pair.base, pair.head),
            log_ratio=_log_ratio(pair.base, pair.head, noise),
        )

    @property
    def disturbed(self) -> str | None:
        """What others did to the machine while a side was timed."""
        sides = (("base", self.pair.base.disturbed), ("head", self.pair.head.disturbed))
        told = [f"while the {name} was timed, {what}" for name, what in sides if what is not None]
        return "; ".join(told) or None

    @property
    def p_value(self) -> float:
        """Of "no slower than tolerated"; NaN where that isn't tested."""
        if self.alike or self.disturbed is not None or self.log_ratio is None:
            return math.nan
        return self.log_ratio.p_above(math.log1p(self.tolerated))

    def judge(self, level: float, family: int, noise: Noise) -> Change:
        """The verdict, with Holm's `level` among a `family` of that many tests."""
        ratio = (
            f"{percent(self.head_ms / self.base_ms)}, {_ms(self.base_ms)} to {_ms(self.head_ms)}"
        )
        if self.alike:
            return self._change(Verdict.PASS, "unchanged: the same durations", unchanged=True)
        if self.disturbed is not None:
            return self._change(Verdict.INCONCLUSIVE, f"{self.disturbed}; {ratio}")
        if self.log_ratio is None:
            return self._by_summary(ratio, noise)
        return self._by_bounds(self.log_ratio, level, family, noise)

    def _by_summary(self, ratio: str, noise: Noise) -> Change:
        """Without durations only what no noise does is a slowdown."""
        least = max(noise.summary_slowdown, self.tolerated)
        if self.head_ms > self.base_ms * (1.0 + least):
            why = f"{ratio}: more than the {100 * least:g} % by which summaries are told apart"
            return self._change(Verdict.FAIL, why)
        why = (
            f"{ratio}: without the durations, nothing shows how much of it is noise; save runs with"
            " --benchmark-save-data"
        )
        return self._change(Verdict.INCONCLUSIVE, why)

    def _by_bounds(self, found: Difference, level: float, family: int, noise: Noise) -> Change:
        low, high = found.low(1.0 - level), found.high(1.0 - noise.false_passes)
        ratio = Bounds(value=_exp(found.value), low=_exp(low), high=_exp(high))
        effect = Effect(
            value=ratio.value,
            unit="ratio",
            n=_counts(self.pair),
            low=ratio.low,
            low_confidence=1.0 - level,
            high=ratio.high,
            high_confidence=1.0 - noise.false_passes,
        )
        verdict, why = self._decided(ratio, family, noise)
        reason = f"{why}: {self._numbers(ratio, level, noise)}"
        if verdict is Verdict.INCONCLUSIVE:
            reason += self._planning(found, noise)
        return self._change(verdict, reason, effect, improved=ratio.high < 1.0)

    def _decided(self, ratio: Bounds, family: int, noise: Noise) -> tuple[Verdict, str]:
        tolerated, unacceptable = map(self._told, self.limits)
        if ratio.low > 1.0 + self.tolerated:
            same = SAME_ARTIFACT if self.pair.same_artifact else ""
            return Verdict.FAIL, f"slower by more than the {tolerated} that is tolerated{same}"
        if self.p_value <= noise.false_alarms:
            return Verdict.INCONCLUSIVE, (
                f"alone it would fail (p = {self.p_value:.2g}), but not among {family} benchmarks"
                " that are looked at (Holm 1979)"
            )
        if ratio.high < 1.0:
            return Verdict.PASS, "faster"
        if ratio.high <= 1.0 + self.unacceptable:
            return Verdict.PASS, f"a slowdown of {unacceptable} is excluded"
        return Verdict.INCONCLUSIVE, (
            f"neither a slowdown above {tolerated} is shown nor one of {unacceptable} excluded"
        )

    def _told(self, limit: Limit) -> str:
        """A slowdown in words: where the floor sets it, in time."""
        floor = self.pair.allowed.floor_ms
        return (
            f"{floor.value:g} ms" if limit.source == floor.source else f"{100 * limit.value:.3g} %"
        )

    def _numbers(self, ratio: Bounds, level: float, noise: Noise) -> str:
        base, head = _counts(self.pair)
        few = "" if min(base, head) >= LEAST_PAIRS else FEW.format(100 * noise.process_cv)
        return (
            f"{percent(ratio.value)}, at least {percent(ratio.low)} ({100 * (1 - level):.4g} %"
            f" confidence), at most {percent(ratio.high)} ({100 * (1 - noise.false_passes):.4g} %),"
            f" from {_ms(self.base_ms)} to {_ms(self.head_ms)}, of {base} and {head}"
            f" processes{few}; limits {sources(self.limits)}"
        )

    def _planning(self, found: Difference, noise: Noise) -> str:
        """How many processes a side would likely pass if nothing had changed, in words."""
        from scipy.special import ndtri

        counts = _counts(self.pair)
        if min(counts) < LEAST_PAIRS:
            return "; more processes on each side would tell more"
        square = found.error**2 / sum(1.0 / count for count in counts)
        reach = float(ndtri(1.0 - noise.false_passes) + ndtri(LIKELY))
        wanted = math.ceil(2.0 * square * (reach / math.log1p(self.unacceptable)) ** 2)
        if wanted <= min(counts):
            return ""
        return f"; if nothing has changed, about {wanted} processes a side would likely show it"

    @property
    def limits(self) -> list[Limit]:
        """The tolerated and the unacceptable slowdown as they are here, and who set them."""
        allowed: Allowed = self.pair.allowed
        return [
            _limit(value, declared, allowed)
            for value, declared in (
                (self.tolerated, allowed.tolerated),
                (self.unacceptable, allowed.unacceptable),
            )
        ]

    def _change(
        self,
        verdict: Verdict,
        reason: str,
        effect: Effect | None = None,
        *,
        unchanged: bool = False,
        improved: bool = False,
    ) -> Change:
        ratio = Effect(value=self.head_ms / self.base_ms, unit="ratio", n=_counts(self.pair))
        return Change(
            quantity=Quantity.TIME,
            verdict=verdict,
            reason=reason,
            unit="ms",
            base=self.base_ms,
            head=self.head_ms,
            effect=effect or ratio,
            limits=self.limits,
            unchanged=unchanged,
            improved=improved,
        )


def _limit(value: float, declared: Limit, allowed: Allowed) -> Limit:
    """A slowdown's limit; where the floor is more, it is the floor's."""
    if value == declared.value:
        return declared
    source = declared if value == allowed.tolerated.value else allowed.floor_ms
    return Limit(value=value, source=source.source, rationale=source.rationale)


def _exp(logarithm: float) -> float:
    """Of bounds, which may lie anywhere."""
    return math.exp(min(logarithm, FARTHEST))


def _ms(value: float) -> str:
    return f"{value:.4g} ms"
