"""The rule from measurement and limit to verdict, on both sides of every kind of limit."""

from __future__ import annotations

from dataclasses import replace

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


@pytest.mark.parametrize("name", list(ClaimName))
def test_an_interval_decides_only_where_all_of_it_lies_on_one_side(name: ClaimName) -> None:
    outcomes = {(0.40, 0.49): "below", (0.51, 0.60): "above", (0.40, 0.60): "across"}
    below, above = Verdict.PASS, Verdict.FAIL
    if TRAITS[name].sense is Sense.AT_LEAST:
        below, above = above, below
    verdicts = {"below": below, "above": above, "across": Verdict.INCONCLUSIVE}
    for (low, high), place in outcomes.items():
        bounded = replace(measured((low + high) / 2), low=low, high=high, confidence=0.95)
        assert decide(claim(name), bounded).verdict is verdicts[place]


def test_too_little_evidence_is_inconclusive_on_either_side_and_says_what_would_do() -> None:
    for value in (0.4, 0.6):
        poor = replace(
            measured(value), insufficient="12 positives are too few", planning="40 would do"
        )
        judged = decide(claim(ClaimName.MEAN_AUC_DROP), poor)
        assert judged.verdict is Verdict.INCONCLUSIVE
        assert judged.reason.startswith("12 positives are too few")
        assert judged.reason.endswith("40 would do")


def test_where_one_bound_is_unknown_the_other_can_still_decide() -> None:
    for name in (ClaimName.LATENCY_P95_MS, ClaimName.MIN_AUC):
        low, high = replace(measured(0.6), low=0.55), replace(measured(0.4), high=0.45)
        worse, better = (low, high) if TRAITS[name].sense is Sense.AT_MOST else (high, low)
        assert decide(claim(name), worse).verdict is Verdict.FAIL
        assert decide(claim(name), better).verdict is Verdict.PASS
        for unsure in (replace(measured(0.4), low=0.35), replace(measured(0.6), high=0.65)):
            assert decide(claim(name), unsure).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.30, 0.45, Verdict.PASS),
        (0.30, 0.55, Verdict.INCONCLUSIVE),
        (0.41, 0.55, Verdict.FAIL),
        (0.41, 0.45, Verdict.FAIL),
        (None, None, Verdict.FAIL),
    ],
)
def test_what_is_more_than_tolerated_fails_and_what_is_less_than_the_limit_passes(
    low: float | None, high: float | None, verdict: Verdict
) -> None:
    made = claim(ClaimName.BASELINE_LATENCY_RATIO)
    made = replace(made, limit=replace(made.limit, tolerated=0.4))
    judged = decide(made, replace(measured(0.43), low=low, high=high, confidence=0.99))
    assert judged.verdict is verdict
    assert "limit at most 0.5 (0.4 tolerated)" in judged.reason


def test_an_inconclusive_judgement_tells_both_bounds() -> None:
    wide = replace(measured(0.45), low=0.4, high=0.6, confidence=0.95)
    text = decide(claim(ClaimName.MEAN_AUC_DROP), wide).reason
    assert "too little evidence to tell: the limit lies between the bounds" in text
    assert "(bounds 0.4, 0.6, each one-sided 95 %)" in text


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
