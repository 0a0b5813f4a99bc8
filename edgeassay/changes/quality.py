"""How much worse: two builds' scores of the same images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeassay.changes.change import Change, Effect, Pair, Quantity, sources
from edgeassay.gates import undecided, verdict_of
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import mean_drop_measured
from edgeassay.measure.guessing import senseless
from edgeassay.spec import Measurement, Sense, Statistics, Verdict
from edgeassay.stats import AucDrop
from edgeassay.stats.holm import holm_levels


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A pair with both builds' scores of the same images, where they are kept.

    `absent` says why there are none; `other_data` that the builds were evaluated on other images;
    `same_scores` that both gave the same, by their digests.
    """

    pair: Pair
    compared: Compared | None = None
    absent: str = "the scores weren't kept"
    other_data: bool = False
    same_scores: bool = False


def judge_aucs(all_scored: Sequence[Scored], need: Statistics) -> list[Change | None]:
    """The verdict on the mean AUC of each pair, one family, as for time (Holm 1979); None where the
    base has none to compare with.
    """
    tests = [_Test.of(scored, need) for scored in all_scored]
    levels = holm_levels([test.p_value for test in tests], 1.0 - need.confidence)
    family = sum(math.isfinite(test.p_value) for test in tests)
    return [
        test.judge(float(level), family, need) for test, level in zip(tests, levels, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class _Test:
    """One pair on its way to a verdict; `measured` and `drop` only where the scores decide."""

    scored: Scored
    drop: AucDrop | None = None
    measured: Measurement | None = None

    @classmethod
    def of(cls, scored: Scored, need: Statistics) -> _Test:
        if _settled(scored) is not None or scored.compared is None:
            return cls(scored=scored)
        limit = scored.pair.allowed.auc_drop.value
        return cls(
            scored=scored,
            drop=scored.compared.aucs.mean(),
            measured=mean_drop_measured(scored.compared, limit, need),
        )

    @property
    def p_value(self) -> float:
        """Of "the drop is within its limit"; NaN where that isn't tested."""
        if self.drop is None or self.measured is None or self.measured.insufficient is not None:
            return math.nan
        return self.drop.p_above(self.scored.pair.allowed.auc_drop.value)

    def judge(self, level: float, family: int, need: Statistics) -> Change | None:
        """The verdict, with Holm's `level` among a `family` of that many tests."""
        pair = self.scored.pair
        if pair.base.mean_auc is None:
            return None
        settled = _settled(self.scored)
        if settled is not None:
            return settled
        if self.drop is None or self.measured is None:
            return _change(pair, Verdict.INCONCLUSIVE, self._without_drop())
        return self._by_bounds(self.drop, self.measured, level, family, need)

    def _senseless(self, need: Statistics) -> tuple[Verdict, str] | None:
        """What is said of a head whose scores say nothing or look inverted, or of such a base."""
        compared = self.scored.compared
        assert compared is not None, "there is a drop"
        for candidate, verdict in ((True, Verdict.FAIL), (False, Verdict.INCONCLUSIVE)):
            words = senseless(compared, need.confidence, candidate=candidate)
            if words is not None:
                return verdict, f"the {'head' if candidate else 'base'}'s {words}"
        return None

    def _without_drop(self) -> str:
        pair = self.scored.pair
        if self.scored.compared is not None:
            return "no class has both positives and negatives, so there is no AUC to compare"
        return (
            f"from {pair.base.mean_auc:.4f} to {pair.head.mean_auc:.4f}, and {self.scored.absent}:"
            " nothing shows how much of it is chance"
        )

    def _by_bounds(
        self, drop: AucDrop, measured: Measurement, level: float, family: int, need: Statistics
    ) -> Change:
        pair, limit = self.scored.pair, self.scored.pair.allowed.auc_drop
        alone = verdict_of(measured, limit.value, Sense.AT_MOST)
        low_confidence = need.confidence
        if math.isfinite(level):
            low_confidence = 1.0 - level
            measured = replace(measured, low=drop.bounds(low_confidence).low)
        verdict = verdict_of(measured, limit.value, Sense.AT_MOST)
        why = f"{undecided(measured)}: " if verdict is Verdict.INCONCLUSIVE else ""
        if verdict is not Verdict.FAIL and (odd := self._senseless(need)) is not None:
            verdict, words = odd
            why = f"{words}: "
        if alone is Verdict.FAIL and verdict is not Verdict.FAIL:
            why = (
                f"alone it would fail (p = {self.p_value:.2g}), but not among {family} benchmarks"
                " that are looked at (Holm 1979): "
            )
        assert measured.low is not None
        assert measured.high is not None
        reason = (
            f"{why}the mean AUC drops by {measured.value:+z.5f}, at least {measured.low:+z.5f}"
            f" ({100 * low_confidence:.4g} % confidence), at most {measured.high:+z.5f}"
            f" ({100 * need.confidence:.4g} %), and {limit.value:g} is allowed; {measured.n:,}"
            f" images; limit {sources([limit])}"
        )
        if verdict is Verdict.INCONCLUSIVE and measured.planning is not None:
            reason += f"; {measured.planning}"
        effect = Effect(
            value=measured.value,
            unit="AUC",
            n=(measured.n, measured.n),
            low=measured.low,
            low_confidence=low_confidence,
            high=measured.high,
            high_confidence=need.confidence,
        )
        improved = verdict is Verdict.PASS and measured.high < 0.0
        change = _change(pair, verdict, reason, effect, improved=improved)
        return replace(change, unchanged=drop.identical and verdict is Verdict.PASS)


def _settled(scored: Scored) -> Change | None:
    """What needs no statistics; None where the scores must tell."""
    pair = scored.pair
    base, head = pair.base.mean_auc, pair.head.mean_auc
    if base is None:
        return None
    if head is None:
        why = "the head has no mean AUC: it wasn't evaluated in that run"
        return _change(pair, Verdict.UNMEASURED, why)
    if scored.other_data:
        why = f"evaluated on other data, {base:.4f} on the base's and {head:.4f} on the head's"
        return _change(pair, Verdict.INCOMPARABLE, why)
    same = "the same scores" if scored.same_scores else None
    if pair.same_artifact and base == head:
        same = "the same artifact on the same stack"
    if same is None:
        return None
    return replace(_change(pair, Verdict.PASS, f"unchanged: {same}"), unchanged=True)


def _change(
    pair: Pair,
    verdict: Verdict,
    reason: str,
    effect: Effect | None = None,
    *,
    improved: bool = False,
) -> Change:
    base, head = pair.base.mean_auc, pair.head.mean_auc
    if effect is None and base is not None and head is not None:
        effect = Effect(value=base - head, unit="AUC")
    return Change(
        quantity=Quantity.MEAN_AUC,
        verdict=verdict,
        reason=reason,
        unit="AUC",
        base=base,
        head=head,
        effect=effect,
        limits=[pair.allowed.auc_drop],
        improved=improved,
    )
