"""Scores that say nothing, or that look inverted, pass no claim about quality."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import DataError, MeasurementError
from edgeassay.measure.guessing import senseless, senseless_classes, unshown
from edgeassay.spec import ClaimName, Verdict
from edgeassay.stats.arrays import Labels, Scores
from suites.meta.compared import claim, evidence, judged, of, scores
from suites.meta.judge_files import Files

CONFIDENCE = 0.95
Change = Callable[[Scores], Scores]


def inverted(column: Scores) -> Scores:
    return 1.0 - column


def constant(column: Scores) -> Scores:
    return np.full_like(column, 0.25)


def drawn(classes: int = 1, images: int = 600) -> tuple[Labels, Scores, Scores]:
    rng = np.random.default_rng(classes)
    labels = (rng.random((images, classes)) < 0.3).astype(np.int8)
    return labels, *scores(rng, labels, 0.0)


def changed(found: Scores, change: Change, k: int = 0) -> Scores:
    """The same, of which one class's scores are others."""
    made = found.copy()
    made[:, k] = change(made[:, k])
    return made


WORDS: dict[Change, str] = {
    inverted: r"look inverted: AUC 0\.\d{4}, at most 0\.[0-4]",
    constant: "say nothing: every",
}
SIDES = pytest.mark.parametrize("change", WORDS)
RELATIVE = (
    ClaimName.MEAN_AUC_DROP,
    ClaimName.SUBGROUP_AUC_DROP,
    ClaimName.SENSITIVITY_DROP,
    ClaimName.SPECIFICITY_DROP,
    ClaimName.POSITIVE_FLIP_RATE,
    ClaimName.NEGATIVE_FLIP_RATE,
    ClaimName.BRIER_DRIFT,
    ClaimName.ECE_DRIFT,
)
FLOORS = (ClaimName.MIN_AUC, ClaimName.MIN_SENSITIVITY, ClaimName.MIN_SPECIFICITY)


@SIDES
@pytest.mark.parametrize("name", RELATIVE)
def test_a_reference_that_says_nothing_passes_no_claim(name: ClaimName, change: Change) -> None:
    labels, first, _ = drawn()
    odd = changed(first, change)
    sites = {"site": ["north", "south"] * 300}
    with pytest.raises(MeasurementError, match=f"the reference's scores {WORDS[change]}"):
        judged(evidence(of(labels, odd, odd, subgroups=sites)), claim(name, 0.9))
    well = evidence(of(labels, first, first, subgroups=sites))
    assert judged(well, claim(name, 0.9)).verdict is Verdict.PASS


@SIDES
@pytest.mark.parametrize("name", [*RELATIVE, *FLOORS])
def test_a_candidate_that_says_nothing_fails_by_name_or_by_what_was_measured(
    name: ClaimName, change: Change
) -> None:
    labels, first, _ = drawn()
    compared = of(labels, first, changed(first, change), subgroups={"site": ["n", "s"] * 300})
    loose = 0.0 if name in FLOORS else 1.0
    with pytest.raises(MeasurementError, match=f"the candidate's scores {WORDS[change]}"):
        judged(evidence(compared), claim(name, loose))


@SIDES
def test_what_fails_by_what_was_measured_keeps_its_measurement(change: Change) -> None:
    """So that a declared deviation can excuse it."""
    labels, first, _ = drawn()
    asked = evidence(of(labels, first, changed(first, change)))
    for name, limit in ((ClaimName.MEAN_AUC_DROP, 0.01), (ClaimName.MIN_AUC, 0.8)):
        found = judged(asked, claim(name, limit))
        assert found.verdict is Verdict.FAIL
        assert found.shows_failure


@SIDES
def test_one_class_of_fourteen_is_named_and_the_others_are_judged(change: Change) -> None:
    labels, first, second = drawn(14)
    odd = evidence(of(labels, changed(first, change, 7), changed(second, change, 7)))
    with pytest.raises(MeasurementError, match=f"the reference's scores of 'c7' {WORDS[change]}"):
        judged(odd, claim(ClaimName.MEAN_AUC_DROP, 0.1))
    with pytest.raises(MeasurementError, match="the reference's scores of 'c7'"):
        judged(odd, claim(ClaimName.CLASS_AUC_DROP, 0.1, "c7"))
    assert judged(odd, claim(ClaimName.CLASS_AUC_DROP, 0.1, "c6")).verdict is Verdict.PASS
    of_class = claim(ClaimName.CLASS_AUC_DROP, 0.1, "c7")
    alone = evidence(of(labels, first, changed(second, change, 7)), claims=[of_class])
    with pytest.raises(MeasurementError, match="the candidate's scores of 'c7'"):
        judged(alone, claim(ClaimName.MEAN_AUC_DROP, 0.1))
    assert judged(alone, of_class).verdict is Verdict.FAIL


def test_several_classes_are_counted() -> None:
    labels, first, second = drawn(3)
    odd = changed(changed(second, inverted, 0), constant, 2)
    compared = of(labels, first, odd)
    assert senseless(compared, CONFIDENCE, candidate=False) is None
    words = senseless(compared, CONFIDENCE, candidate=True)
    assert words is not None
    assert words.endswith("(so do those of 1 more classes)")
    assert list(senseless_classes(compared, CONFIDENCE, candidate=True)) == [0, 2]
    assert senseless(compared, CONFIDENCE, candidate=True, classes=[1]) is None


def test_classes_that_look_inverted_only_together_are_seen() -> None:
    rng = np.random.default_rng(5)
    labels = (rng.random((400, 10)) < 0.3).astype(np.int8)
    first = rng.normal(size=labels.shape) - 0.12 * labels
    compared = of(labels, first, first)
    assert not senseless_classes(compared, CONFIDENCE, candidate=True)
    words = senseless(compared, CONFIDENCE, candidate=True)
    assert words is not None
    assert words.endswith("on average")


def test_guesses_seldom_look_inverted() -> None:
    """Of twenty classes that nobody can learn, each has a twentieth of the error."""
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(100):
        labels = (rng.random((200, 20)) < 0.3).astype(np.int8)
        guesses = rng.normal(size=labels.shape)
        compared = of(labels, guesses, guesses)
        found += bool(senseless_classes(compared, CONFIDENCE, candidate=True))
    assert found <= 12  # 5 are expected; more than 12 come by chance in 1 of 1,000


@pytest.mark.parametrize("images", [1, 3])
def test_nearly_constant_scores_decide_nothing(images: int) -> None:
    labels, _, _ = drawn()
    for kind in (0, 1):
        nearly = np.full(labels.shape, 0.25)
        nearly[np.flatnonzero(labels[:, 0] == kind)[:images]] = 0.75
        found = judged(evidence(of(labels, nearly, nearly)), claim(ClaimName.MEAN_AUC_DROP, 0.1))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "the reference isn't shown to be better than guessing" in found.reason


def test_scores_that_are_constant_within_the_positives_may_say_something() -> None:
    labels, first, _ = drawn()
    level = np.where(labels == 1, np.quantile(first, 0.9), first)
    found = judged(evidence(of(labels, level, level)), claim(ClaimName.MEAN_AUC_DROP, 0.1))
    assert found.verdict is Verdict.PASS
    level = np.where(labels == 1, np.quantile(first[labels == 0], 0.5), first)
    found = judged(evidence(of(labels, level, level)), claim(ClaimName.MEAN_AUC_DROP, 0.01))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_reference_that_may_be_guessing_leaves_a_drop_undecided_and_a_failure_stands() -> None:
    labels, _, _ = drawn(images=2000)
    rng = np.random.default_rng(3)
    guesses = rng.normal(size=labels.shape)
    for name in (
        ClaimName.MEAN_AUC_DROP,
        ClaimName.SENSITIVITY_DROP,
        ClaimName.POSITIVE_FLIP_RATE,
    ):
        found = judged(evidence(of(labels, guesses, guesses)), claim(name, 0.5))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "isn't shown to be better than guessing: its AUC is 0.4957" in found.reason
    worse = evidence(of(labels, guesses, guesses - 0.5 * labels))
    assert judged(worse, claim(ClaimName.MEAN_AUC_DROP, 0.01)).verdict is Verdict.FAIL
    shown = of(labels, guesses + labels, guesses + labels).aucs.mean()
    assert shown is not None
    assert unshown(shown.reference, CONFIDENCE) is None


@SIDES
def test_a_subgroup_in_which_the_reference_says_nothing_is_named(change: Change) -> None:
    labels, first, _ = drawn()
    odd = first.copy()
    odd[:200] = change(first[:200])
    sites = {"site": ["north"] * 200 + ["south"] * 400}
    asked = evidence(of(labels, odd, odd, subgroups=sites))
    with pytest.raises(MeasurementError, match=f"subgroup site = north {WORDS[change]}"):
        judged(asked, claim(ClaimName.SUBGROUP_AUC_DROP, 0.5))


def test_how_far_scores_move_is_a_fact_of_any_scores() -> None:
    labels, first, _ = drawn()
    odd = changed(first, inverted)
    found = judged(evidence(of(labels, odd, odd)), claim(ClaimName.SCORE_SHIFT_P99, 0.1))
    assert found.verdict is Verdict.PASS


def columns(files: Files, side: str, change: Change, names: tuple[str, ...]) -> None:
    made = getattr(files, side)
    for name in names:
        made[name] = change(np.asarray(made[name], float))


@SIDES
@pytest.mark.parametrize("names", [("Mass", "Edema"), ("Edema",)])
def test_judge_refuses_a_reference_that_says_nothing(
    files: Files, change: Change, names: tuple[str, ...]
) -> None:
    for side in ("reference", "candidate"):
        columns(files, side, change, names)
    with pytest.raises(DataError, match=f"the reference's scores of '{names[0]}' {WORDS[change]}"):
        files.judge()


@SIDES
def test_judge_fails_a_candidate_that_says_nothing_in_one_class(
    files: Files, change: Change
) -> None:
    """The reference hardly knows one finding: losing it leaves the mean's drop small."""
    rng = np.random.default_rng(4)
    hardly = rng.normal(size=600) + 0.4 * np.asarray(files.labels["Edema"])
    files.reference["Edema"] = files.candidate["Edema"] = hardly
    columns(files, "candidate", change, ("Edema",))
    end = files.judge("--margin=0.2")
    assert end.code == 1
    assert end.json["mean_auc"]["upper"] < 0.2
    assert end.json["reason"].startswith("the candidate's scores of 'Edema' ")
    found = end.json["classes"]
    assert (found["Edema"]["verdict"], found["Mass"]["verdict"]) == ("fail", "pass")
    assert found["Edema"]["reason"].startswith("the candidate's scores of 'Edema' ")


def test_judge_leaves_a_reference_that_may_be_guessing_undecided(tmp_path: Path) -> None:
    files = Files.of(tmp_path)
    rng = np.random.default_rng(1)
    for name in ("Mass", "Edema"):
        files.reference[name] = files.candidate[name] = rng.normal(size=600)
    end = files.judge()
    assert end.code == 3
    assert "isn't shown to be better than guessing" in end.json["reason"]
    assert {found["verdict"] for found in end.json["classes"].values()} == {"inconclusive"}
