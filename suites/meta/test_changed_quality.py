"""Mean AUCs of two builds, claims that were lost, and benchmarks that changed their names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeassay.changes import Change, Scored, judge_aucs, lost_claims, match
from edgeassay.config.shapes import default_statistics
from edgeassay.measure.compared import Compared
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.runs.saved import Timed
from edgeassay.spec import ClaimName, Kind, Verdict
from suites.meta.saved_runs import CASE, pair, timed

NEED = default_statistics()


def compared(noise: float, seed: int = 1, images: int = 3000) -> Compared:
    rng = np.random.default_rng(seed)
    truth = (rng.random((images, 2)) < 0.4).astype(np.int8)
    base = rng.normal(size=truth.shape) + 1.5 * truth
    return Compared(
        classes=("Mass", "Edema"),
        labels=truth,
        reference=base,
        candidate=base + noise * rng.normal(size=truth.shape),
        codes=np.arange(images),
    )


def scored(given: Compared | None, **changed: Any) -> Scored:
    base = timed(mean_auc=0.9)
    head = replace(base, **{"mean_auc": 0.89, "artifact_sha256": "b" * 64, **changed})
    return Scored(pair=pair(base, head), compared=given)


def judged(one: Scored) -> Change:
    (change,) = judge_aucs([one], NEED)
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("noise", "verdict"),
    [(0.02, Verdict.PASS), (1.0, Verdict.FAIL), (0.2, Verdict.INCONCLUSIVE)],
)
def test_the_drop_of_the_same_images_decides(noise: float, verdict: Verdict) -> None:
    change = judged(scored(compared(noise)))
    assert change.verdict is verdict, change.reason
    effect = change.effect
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low < effect.value < effect.high
    assert effect.n == (3000, 3000)
    assert "compare.limits.auc_drop" in change.reason


def test_a_drop_that_fails_alone_waits_for_holm() -> None:
    others = [scored(compared(0.02, seed, images=600)) for seed in range(40)]
    near = scored(compared(0.35, images=600, seed=4))
    assert judged(near).verdict is Verdict.FAIL
    among = judge_aucs([near, *others], NEED)[0]
    assert among is not None
    assert among.verdict is Verdict.INCONCLUSIVE
    assert "not among 41 benchmarks" in among.reason


def test_the_same_scores_and_the_same_artifact_are_unchanged() -> None:
    for one in (scored(compared(0.0)), scored(None, artifact_sha256="a" * 64, mean_auc=0.9)):
        change = judged(one)
        assert (change.verdict, change.unchanged) == (Verdict.PASS, True)


def test_the_same_artifact_on_another_stack_may_say_something_else() -> None:
    other = {"stack": {"runtime_version": "2.4.0"}, "artifact_sha256": "a" * 64, "mean_auc": 0.9}
    change = judged(scored(None, **other))
    assert change.verdict is Verdict.INCONCLUSIVE
    assert judged(scored(compared(1.0), **other)).verdict is Verdict.FAIL


def test_without_scores_nothing_shows_what_is_chance() -> None:
    change = judged(scored(None))
    assert change.verdict is Verdict.INCONCLUSIVE
    assert "from 0.9000 to 0.8900" in change.reason


def test_other_data_is_incomparable_and_no_evaluation_unmeasured() -> None:
    assert judged(replace(scored(None), other_data=True)).verdict is Verdict.INCOMPARABLE
    assert judged(scored(None, mean_auc=None)).verdict is Verdict.UNMEASURED
    one = scored(None)
    bare = replace(one, pair=pair(replace(one.pair.base, mean_auc=None), one.pair.head))
    assert judge_aucs([bare], NEED) == [None]


def test_too_few_patients_decide_nothing() -> None:
    change = judged(scored(compared(1.0, images=30)))
    assert change.verdict is Verdict.INCONCLUSIVE
    assert "too few patients" in change.reason


def claim(
    verdict: Verdict,
    name: ClaimName = ClaimName.MEAN_AUC_DROP,
    deviation: str | None = None,
    case: CaseId = CASE,
) -> ClaimRecord:
    return ClaimRecord.model_validate(
        {
            "claim": name,
            "case": case,
            "class": None,
            "measurement": None,
            "reference": None,
            "limit": None,
            "verdict": verdict,
            "deviation": deviation,
            "reason": "measured",
            "kind": Kind.MEASURED,
        }
    )


def test_a_claim_that_passed_and_fails_is_lost() -> None:
    base = [claim(Verdict.PASS)]
    for head, fails, failed in (
        ([claim(Verdict.FAIL)], True, True),
        ([claim(Verdict.FAIL, deviation="known")], False, True),
        ([claim(Verdict.UNMEASURED)], False, False),
        ([], False, False),
    ):
        (lost,) = lost_claims(base, head, renamed={}, timed=True)
        assert (lost.fails, lost.failed) == (fails, failed)
    for head in ([claim(Verdict.PASS)], [claim(Verdict.INCONCLUSIVE)]):
        assert lost_claims(base, head, renamed={}, timed=True) == []
    assert lost_claims([claim(Verdict.FAIL)], [claim(Verdict.FAIL)], renamed={}, timed=True) == []


def test_claims_about_time_are_lost_only_on_the_same_hardware() -> None:
    base, head = (
        [claim(verdict, ClaimName.LATENCY_RATIO)] for verdict in (Verdict.PASS, Verdict.FAIL)
    )
    assert len(lost_claims(base, head, renamed={}, timed=True)) == 1
    assert lost_claims(base, head, renamed={}, timed=False) == []


def test_a_claim_follows_its_case_to_another_name() -> None:
    other = CaseId(**{**CASE.model_dump(), "variant": "int8-new"})
    head = [claim(Verdict.FAIL, case=other)]
    (lost,) = lost_claims([claim(Verdict.PASS)], head, renamed={CASE: other}, timed=True)
    assert lost.fails


def names(*benchmarks: Timed) -> dict[str, Timed]:
    return {timed.key: timed for timed in benchmarks}


def test_benchmarks_match_by_key_and_the_others_are_missing_and_new() -> None:
    a, b, c = (timed(key, artifact_sha256=key * 64) for key in "abc")
    found = match(names(a, b), names(b, c), {})
    assert [(one.key, two.key) for one, two in found.pairs] == [("b", "b")]
    assert ([t.key for t in found.missing], [t.key for t in found.new]) == (["a"], ["c"])


def test_a_new_name_is_declared_or_shown_by_the_artifact() -> None:
    old, new = timed("old"), timed("new")
    found = match(names(old), names(new), {})
    assert [why for _, _, why in found.renamed] == ["the same artifact"]
    assert (found.missing, found.new) == ([], [])
    new = replace(new, artifact_sha256="b" * 64)
    assert match(names(old), names(new), {}).pairs == []
    found = match(names(old), names(new), {"old": "new"})
    assert [why for _, _, why in found.renamed] == ["[renamed]"]
    assert match(names(old), names(old, new), {"old": "new"}).renamed == []


def test_an_artifact_that_several_share_shows_no_new_name() -> None:
    old, new, other = timed("old"), timed("new"), timed("other")
    assert match(names(old), names(new, other), {}).renamed == []
    assert match(names(old, other), names(new), {}).renamed == []
    elsewhere = replace(new, case=CaseId(**{**CASE.model_dump(), "runtime": "ref"}))
    assert match(names(old), names(elsewhere), {}).renamed == []
    foreign = [replace(one, case=None, artifact_sha256=None) for one in (old, new)]
    assert match(names(foreign[0]), names(foreign[1]), {}).renamed == []
