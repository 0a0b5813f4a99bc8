"""What `edgeassay advise` chooses, says and draws, of candidates made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.dom import minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeassay.advising.candidates import Candidate, LeftOut, Reason, Standing
from edgeassay.advising.chart import draw
from edgeassay.advising.choosing import Advice, Outcome, choose, dominates, front_of
from edgeassay.advising.command import EXITS
from edgeassay.advising.measuring import Found, standing_of
from edgeassay.advising.next_steps import variant_keys, variant_line
from edgeassay.advising.showing import document
from edgeassay.advising.wording import Asked, sentences
from edgeassay.config.loading import read_variant
from edgeassay.spec import (
    Case,
    Claim,
    ClaimName,
    Deviation,
    Judgement,
    Kind,
    Limit,
    Measurement,
    Prefer,
    VariantSpec,
    Verdict,
)
from suites.meta.test_matrix import MACHINE

SAME_SIZE = 0.02
MARGIN = Limit(value=0.009, source="models/x/model.toml:limits.mean_auc_drop")
ASKED = Asked(model="x", device="a cart", runtime="litert", margin=MARGIN, images=600, whole=600)


def measured(value: float, half: float, **changes: Any) -> Measurement:
    low, high = value - half, value + half
    return Measurement(value=value, unit="x", n=600, low=low, high=high, confidence=0.95, **changes)


def candidate(
    name: str,
    size: int,
    time: float | None,
    drop: float | None,
    standing: Standing = Standing.HOLDS,
    **changes: Any,
) -> Candidate:
    made = Candidate(
        name=name,
        spec=VariantSpec(method="w8"),
        size_bytes=size,
        standing=standing,
        p50_ms=time,
        ratio=None if time is None else measured(time, 0.02),
        auc=None if drop is None else 0.99 - drop,
        drop=None if drop is None else measured(drop, 0.002),
    )
    return replace(made, **changes)


WHOLE = Candidate(
    name="fp32",
    spec=VariantSpec(method="fp32"),
    size_bytes=1000,
    standing=Standing.HOLDS,
    is_reference=True,
    p50_ms=1.0,
    auc=0.99,
)
FAST = candidate("int8", 300, 0.5, 0.001)
SMALL = candidate("w8", 250, 1.0, 0.0005)
SLOW = candidate("drq", 260, 2.0, 0.0005)
WRONG = candidate("w4", 100, 0.3, 0.05, Standing.FAILS, broken=("mean_auc_drop 0.05, limit 0.009",))
UNSURE = replace(
    FAST, standing=Standing.UNSHOWN, unshown=("mean_auc_drop: too few patients: x has 3",)
)


def advice(*others: Candidate, prefer: Prefer = Prefer.LATENCY, whole: Candidate = WHOLE) -> Advice:
    return choose([whole, *others], prefer, SAME_SIZE)


def told(*others: Candidate, prefer: Prefer = Prefer.LATENCY, **changes: Any) -> str:
    facts = {"left_out": (), "no_quality": None, "no_times": None} | changes
    found = Found(candidates=(WHOLE, *others), **facts)
    return "\n".join(sentences(ASKED, found, advice(*others, prefer=prefer)))


def test_the_fastest_that_holds_is_advised_with_its_runner_up() -> None:
    made = advice(WRONG, SMALL, FAST, SLOW)
    assert made.outcome is Outcome.ADVISED
    assert made.chosen == FAST
    assert made.runner_up == SMALL
    assert made.beaten == {"drq": "w8"}
    assert [c.name for c in made.front] == ["fp32", "w8", "int8"]


def test_the_smallest_is_taken_where_that_is_wanted() -> None:
    assert advice(SMALL, FAST, prefer=Prefer.SIZE).chosen == SMALL
    nearly = candidate("drq", 246, 1.5, 0.0001)
    made = advice(SMALL, nearly, prefer=Prefer.SIZE)
    assert (made.chosen, made.alike) == (SMALL, ("w8", "drq"))
    far = replace(nearly, size_bytes=200)
    assert advice(SMALL, far, prefer=Prefer.SIZE).chosen == far


def test_of_what_isnt_shown_to_be_slower_the_smallest_is_taken() -> None:
    close = candidate("w8", 250, 0.53, 0.0005)
    assert advice(FAST, close).chosen == close
    assert advice(FAST, close).alike == ("int8", "w8")
    apart = candidate("w8", 250, 0.55, 0.0005)
    assert advice(FAST, apart).chosen == FAST


def test_the_whole_network_is_advised_where_nothing_that_holds_is_faster() -> None:
    made = advice(SLOW)
    assert made.outcome is Outcome.ADVISED
    assert made.chosen == WHOLE
    assert "compressing doesn't pay here" in told(SLOW)


def test_where_nothing_holds_it_is_told_how_close_the_best_came() -> None:
    better = replace(WRONG, name="w4a8", drop=measured(0.011, 0.004))
    made = advice(WRONG, better)
    assert made.outcome is Outcome.NOTHING_HOLDS
    assert made.chosen is None
    words = told(WRONG, better)
    assert "closest comes w4a8, whose mean AUC drops by 0.0110 and perhaps by 0.0150" in words
    assert "with 0.009 allowed (models/x/model.toml:limits.mean_auc_drop)" in words
    assert "w4 doesn't hold: mean_auc_drop 0.05, limit 0.009." in words


def test_too_little_evidence_gives_no_advice() -> None:
    made = advice(UNSURE, WRONG)
    assert (made.outcome, made.chosen) == (Outcome.INCONCLUSIVE, None)
    assert "int8 isn't shown to hold: mean_auc_drop: too few patients" in told(UNSURE, WRONG)
    assert advice(UNSURE, SMALL).chosen == SMALL


def test_a_network_that_finds_nothing_gives_no_advice() -> None:
    lost = replace(WHOLE, standing=Standing.UNSHOWN, unshown=("fp32 itself has an AUC of 0.51",))
    made = advice(FAST, whole=lost)
    assert (made.outcome, made.why) == (Outcome.INCONCLUSIVE, "fp32 itself has an AUC of 0.51")


def test_disturbed_times_decide_nothing_but_sizes_still_do() -> None:
    loud = replace(FAST, ratio=measured(0.5, 0.02, insufficient="others used 1.5 of 2 CPUs"))
    made = advice(loud, SMALL)
    assert (made.outcome, made.chosen) == (Outcome.INCONCLUSIVE, loud)
    words = told(loud, SMALL)
    assert "others used 1.5 of 2 CPUs" in words
    assert "As measured, int8 leads" in words
    assert "Ship" not in words
    assert advice(loud, SMALL, prefer=Prefer.SIZE).outcome is Outcome.ADVISED
    nearly = replace(loud, size_bytes=251)  # as small, and seemingly faster
    assert advice(nearly, SMALL, prefer=Prefer.SIZE).chosen == SMALL
    words = told(loud, SMALL, prefer=Prefer.SIZE)
    assert "Ship w8" in words
    assert "Sizes decide here; the times can't be relied on: others used 1.5 of 2 CPUs." in words


def test_unknown_times_decide_nothing_but_sizes_still_do() -> None:
    blind = [replace(c, ratio=None) for c in (FAST, SMALL)]
    made = advice(*blind)
    assert (made.outcome, made.chosen) == (Outcome.UNMEASURED, None)
    assert "board is emulated; `--prefer size`" in told(*blind, no_times="board is emulated")
    smallest = advice(*blind, prefer=Prefer.SIZE)
    assert (smallest.outcome, smallest.chosen) == (Outcome.ADVISED, blind[1])


def test_without_quality_size_and_speed_are_ranked_and_nothing_is_advised() -> None:
    bare = [
        candidate(c.name, c.size_bytes, c.time, None, Standing.UNMEASURED) for c in (FAST, SMALL)
    ]
    made = advice(*bare)
    assert made.outcome is Outcome.UNMEASURED
    assert made.chosen == bare[0]
    words = told(*bare, no_quality="model.toml has no [data]")
    assert "No advice on a cart with litert: diagnostic quality is unmeasured: model.toml" in words
    assert "By size and speed alone int8 leads" in words
    assert "Ship" not in words


def test_every_outcome_has_its_exit_code() -> None:
    assert {outcome: EXITS[outcome] for outcome in Outcome} == {
        Outcome.ADVISED: 0,
        Outcome.NOTHING_HOLDS: 1,
        Outcome.INCONCLUSIVE: 3,
        Outcome.UNMEASURED: 4,
    }


def test_the_words_say_why_what_it_costs_and_what_was_dropped() -> None:
    left = (
        LeftOut(name="int16x8", reason=Reason.NOT_EVALUATED, words="45 times slower than fp32"),
        LeftOut(name="a", reason=Reason.NOT_TRIED, words="no [data]"),
        LeftOut(name="b", reason=Reason.NOT_TRIED, words="no [data]"),
    )
    words = told(FAST, SMALL, SLOW, left_out=left)
    assert "Ship int8 on a cart with litert: it is the fastest, with 300 bytes (30%" in words
    assert "and 0.50 (0.48 to 0.52) of its time" in words
    assert "drops by 0.0010; at most 0.0030 is lost (95 % confidence), and 0.009 may be" in words
    assert (
        "Runner-up: w8, which against int8 has -50 bytes, +0.5 ms an inference (1.00 instead of"
        " 0.50 of fp32's time), +0.0005 AUC." in words
    )
    assert "Beaten in size, time and AUC together: drq by w8." in words
    assert "int16x8 not evaluated: 45 times slower than fp32." in words
    assert "a and b left out: no [data]." in words


def candidates(holding: st.SearchStrategy[Standing]) -> st.SearchStrategy[list[Candidate]]:
    numbers = st.tuples(
        st.integers(1, 6), st.integers(1, 6), st.integers(-1, 3), holding, st.integers(0, 3)
    )
    return st.lists(numbers, min_size=1, max_size=6).map(
        lambda rows: [
            replace(
                candidate(f"v{k}", 100 * size, time / 4, drop / 1000, standing),
                ratio=measured(time / 4, spread / 10),
            )
            for k, (size, time, drop, standing, spread) in enumerate(rows)
        ]
    )


@settings(deadline=None, max_examples=50)
@given(candidates(st.sampled_from(Standing)), st.sampled_from(Prefer))
def test_what_is_advised_always_holds_and_nothing_that_holds_beats_it(
    others: list[Candidate], prefer: Prefer
) -> None:
    made = advice(*others, prefer=prefer)
    if made.outcome is not Outcome.ADVISED:
        assert made.outcome is Outcome.INCONCLUSIVE or made.chosen is None
        return
    chosen = made.chosen
    assert chosen is not None
    assert chosen.standing is Standing.HOLDS
    holding = [c for c in (WHOLE, *others) if c.standing is Standing.HOLDS]
    assert not any(dominates(other, chosen) for other in holding)
    assert made.runner_up in [c for c in holding if c != chosen]
    assert {c.name for c in made.front} | set(made.beaten) == {c.name for c in holding}


@settings(deadline=None, max_examples=50)
@given(candidates(st.just(Standing.HOLDS)), st.sampled_from(Prefer), st.randoms())
def test_the_order_of_the_candidates_makes_no_difference(
    others: list[Candidate], prefer: Prefer, random: Any
) -> None:
    shuffled = random.sample(others, len(others))
    one, two = (advice(*c, prefer=prefer).chosen for c in (others, shuffled))
    assert one is not None
    assert two is not None
    assert (one.size_bytes, one.time, one.loss) == (two.size_bytes, two.time, two.loss)


@settings(deadline=None, max_examples=50)
@given(candidates(st.just(Standing.HOLDS)))
def test_everything_beaten_is_beaten_by_one_of_the_front(others: list[Candidate]) -> None:
    front, beaten = front_of(others)
    by_name = {c.name: c for c in others}
    assert front
    for name, by in beaten.items():
        assert by_name[by] in front
        assert dominates(by_name[by], by_name[name])


def judgement(
    verdict: Verdict, claim: ClaimName = ClaimName.MEAN_AUC_DROP, **changes: Any
) -> Judgement:
    case = Case(model="x", variant="w8", runtime="litert", device="host")
    made = Judgement(claim=Claim(name=claim, case=case, limit=MARGIN), verdict=verdict, reason="so")
    return replace(made, **changes)


def test_what_must_be_shown_and_what_must_not_be_broken() -> None:
    fine = judgement(Verdict.PASS)
    decisions = ClaimName.SENSITIVITY_DROP
    expected = {
        Standing.HOLDS: [[fine], [fine, judgement(Verdict.INCONCLUSIVE, decisions)]],
        Standing.FAILS: [[judgement(Verdict.FAIL)], [fine, judgement(Verdict.FAIL, decisions)]],
        Standing.UNSHOWN: [[judgement(Verdict.INCONCLUSIVE)]],
        Standing.UNMEASURED: [[judgement(Verdict.UNMEASURED)], []],
    }
    for standing, cases in expected.items():
        for judged in cases:
            assert standing_of(judged, is_reference=False) is standing, judged


def test_a_declared_deviation_excuses_here_too() -> None:
    declared = Deviation(
        claim=ClaimName.MEAN_AUC_DROP,
        reason="known",
        expires=date(2999, 1, 1),
        source="model.toml",
    )
    failed = judgement(Verdict.FAIL, ClaimName.LATENCY_RATIO, deviation=declared)
    assert standing_of([judgement(Verdict.PASS), failed], is_reference=False) is Standing.HOLDS


@pytest.mark.parametrize("is_reference", [False, True])
def test_a_declared_lack_of_evidence_shows_nothing(*, is_reference: bool) -> None:
    declared = Deviation(
        claim=ClaimName.MEAN_AUC_DROP,
        verdict=Verdict.INCONCLUSIVE,
        reason="too few images",
        expires=date(2999, 1, 1),
        source="model.toml",
    )
    unsure = judgement(Verdict.INCONCLUSIVE, deviation=declared)
    fine = judgement(Verdict.PASS)
    assert standing_of([unsure, fine], is_reference=is_reference) is Standing.UNSHOWN


def test_the_document_is_json_and_names_every_variant() -> None:
    found = Found(candidates=(WHOLE, FAST, WRONG), left_out=(), no_quality=None, no_times=None)
    made = document(
        ASKED, found, advice(FAST, WRONG), ["said"], machine=MACHINE, next_steps={"command": "x"}
    )
    read = json.loads(json.dumps(made, allow_nan=False))
    assert (read["outcome"], read["chosen"]) == ("advised", "int8")
    assert set(read["candidates"]) == {"fp32", "int8", "w4"}
    assert read["candidates"]["w4"]["broken"] == list(WRONG.broken)


@pytest.mark.parametrize("bare", [False, True])
def test_the_picture_is_xml_with_every_candidate_and_one_ring(*, bare: bool) -> None:
    others = [FAST, SMALL, SLOW, WRONG]
    if bare:
        others = [
            candidate(c.name, c.size_bytes, c.time, None, Standing.UNMEASURED) for c in others
        ]
    found = Found(candidates=(WHOLE, *others), left_out=(), no_quality=None, no_times=None)
    picture = draw(ASKED, found, advice(*others))
    parsed = minidom.parseString(picture)  # noqa: S318
    assert len(parsed.getElementsByTagName("polyline")) == 1
    rings = [c for c in parsed.getElementsByTagName("circle") if c.getAttribute("r") == "10"]
    assert len(rings) == 1
    assert all(f"{c.name}, " in picture for c in (WHOLE, *others))
    assert ("at most 0.009" in picture) is not bare


def test_a_software_picture_says_so() -> None:
    found = Found(candidates=(WHOLE, FAST), left_out=(), no_quality=None, no_times=None)
    asked = replace(ASKED, kind=Kind.SOFTWARE)
    assert "SOFTWARE" in draw(asked, found, advice(FAST))
    assert "labelled software" in "\n".join(sentences(asked, found, advice(FAST)))


@pytest.mark.parametrize(
    "variant",
    [
        VariantSpec(method="int8", calibration_images=150),
        VariantSpec(method="w8"),
        VariantSpec(method="mixed", others="int8", layers={"a/b.c": "float"}, calibration_images=7),
        VariantSpec(method="int16x8", calibration_images=3, on_request=True),
    ],
)
def test_what_is_to_be_declared_reads_back_as_it_was(tmp_path: Path, variant: VariantSpec) -> None:
    (tmp_path / "x.toml").write_text("\n".join(variant_keys(variant)))
    assert read_variant(tmp_path / "x.toml", "x.toml") == variant
    line = variant_line(replace(FAST, name="int8.v2", spec=variant))
    assert line.startswith('"int8.v2" = { method = ')
