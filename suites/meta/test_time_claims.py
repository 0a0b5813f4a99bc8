"""What claims about time are made of: which durations, by which others, in which unit."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeassay.claims.time import MEASURES
from edgeassay.measure.latency import Durations
from edgeassay.measure.sustained import Sustained
from edgeassay.spec import Case, Claim, ClaimName, Limit, Verdict
from suites.meta.test_timing import CASE, judged, rounds

SLOW_MS, FAST_MS = 4.0, 1.0


class Timings:
    """Times of the candidate, and of whatever takes turns with it."""

    def __init__(self, *, candidate_ms: float, other_ms: float) -> None:
        self._durations = Durations(
            candidate=rounds([candidate_ms] * 5),
            reference=rounds([other_ms] * 5),
            starts=(),
            worker={},
        )
        hot = np.repeat([1e6, 3e6], 10_000).astype(np.int64)
        self._sustained = Sustained(durations=hot, ran_ns=None, waited_ns=None)

    def durations(self, case: Case) -> Durations:
        assert case.variant == "int8"
        return self._durations

    def in_turn(self, case: Case, wider: Case) -> Durations:
        assert (case.variant, wider.variant) == ("int8", "wide")
        return self._durations

    def sustained(self, case: Case) -> Sustained:
        return self._sustained

    def excess(self, case: Case, what: str) -> None:
        """Nobody disturbed it."""


def measured(name: ClaimName, timings: Timings) -> Any:
    """What a claim measures of these times, and the reference's own value."""
    plan = SimpleNamespace(
        reference_of=lambda case: replace(case, variant="fp32"),
        wider_of=lambda case: replace(case, variant="wide"),
    )
    model = SimpleNamespace(statistics=SimpleNamespace(confidence=0.95))
    evidence: Any = SimpleNamespace(
        rig=SimpleNamespace(plan=plan, model=lambda _: model), timings=timings
    )
    return MEASURES[name](evidence, Claim(name=name, case=CASE, limit=Limit(value=1.0, source="")))


@pytest.mark.parametrize("name", [ClaimName.LATENCY_RATIO, ClaimName.WIDER_LATENCY_RATIO])
def test_a_ratio_is_the_candidates_time_by_the_others(name: ClaimName) -> None:
    slower, reference = measured(name, Timings(candidate_ms=SLOW_MS, other_ms=FAST_MS))
    assert slower.value == pytest.approx(SLOW_MS / FAST_MS)
    assert reference == FAST_MS
    assert judged(slower, 1.0, name).verdict is Verdict.FAIL
    faster, reference = measured(name, Timings(candidate_ms=FAST_MS, other_ms=SLOW_MS))
    assert faster.value == pytest.approx(FAST_MS / SLOW_MS)
    assert reference == SLOW_MS
    assert judged(faster, 1.0, name).verdict is Verdict.PASS


def test_a_p95_is_the_candidates_own() -> None:
    found, reference = measured(
        ClaimName.LATENCY_P95_MS, Timings(candidate_ms=SLOW_MS, other_ms=FAST_MS)
    )
    assert found.value == pytest.approx(SLOW_MS)
    assert reference is None


def test_a_long_run_is_judged_by_its_end() -> None:
    timings = Timings(candidate_ms=FAST_MS, other_ms=FAST_MS)
    ratio, _ = measured(ClaimName.SUSTAINED_RATIO, timings)
    assert ratio.value == pytest.approx(3.0)
    assert judged(ratio, 1.5, ClaimName.SUSTAINED_RATIO).verdict is Verdict.FAIL
    p95, _ = measured(ClaimName.SUSTAINED_P95_MS, timings)
    assert p95.value == pytest.approx(3.0)
