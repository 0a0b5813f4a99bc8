"""The rule from measurement and limit to verdict, on both sides of every kind of limit."""

from __future__ import annotations

import pytest

from edgeassay.gates import decide, told
from edgeassay.spec import TRAITS, Case, Claim, ClaimName, Limit, Measurement, Sense, Verdict

CASE = Case(model="m", variant="int8", runtime="litert", device="host")


def claim(name: ClaimName) -> Claim:
    limit = Limit(value=0.5, source="models/m/model.toml:limits.x", rationale="because")
    return Claim(name=name, case=CASE, limit=limit)


def measured(value: float, n: int = 100) -> Measurement:
    return Measurement(value=value, unit="u", n=n)


@pytest.mark.parametrize("name", list(ClaimName))
def test_every_claim_can_pass_and_can_fail(name: ClaimName) -> None:
    inside, outside = (0.4, 0.6) if TRAITS[name].sense is Sense.AT_MOST else (0.6, 0.4)
    assert decide(claim(name), measured(inside)).verdict is Verdict.PASS
    assert decide(claim(name), measured(0.5)).verdict is Verdict.PASS
    assert decide(claim(name), measured(outside)).verdict is Verdict.FAIL


def test_too_few_samples_are_inconclusive_on_either_side() -> None:
    for value in (0.4, 0.6):
        judged = decide(claim(ClaimName.LATENCY_P95_MS), measured(value, n=19), least_n=20)
        assert judged.verdict is Verdict.INCONCLUSIVE
        assert "19 samples are too few, 20 are needed" in judged.reason


def test_a_judgement_tells_value_limit_margin_count_file_and_rationale() -> None:
    text = told(decide(claim(ClaimName.SIZE_RATIO), measured(0.625)))
    for words in (
        "m int8 on litert",
        "measured 0.625 ratio",
        "limit at most 0.5",
        "margin -0.125",
        "n = 100",
        "models/m/model.toml:limits.x",
        "because",
    ):
        assert words in text
