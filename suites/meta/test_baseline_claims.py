"""Claims against what was promoted: each seen to hold, to fail, and to tell that it can't say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.baselines import Against, Line, baseline_claims, load_against
from edgeassay.baselines.promoting import promote, read_candidate
from edgeassay.claims import MEASURES
from edgeassay.config.shapes import default_statistics
from edgeassay.errors import Absent, Incomparable
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.measure.compared import Compared
from edgeassay.runs.scores import SavedScores
from edgeassay.spec import Case, Claim, ClaimName, Judgement, ModelSpec, RuntimeSpec, Verdict
from suites.meta.project import ROOT
from suites.meta.promotable import FP32, HARDWARE, INT8, Run, claimed

IMAGES = 4000
WORKER = {"runtime": "litert", "runtime_version": "2.3.0"}
STACK = WORKER | {"delegate": "xnnpack", "threads": "1", "batch": "1"}
TIME, SIZE = ClaimName.BASELINE_LATENCY_RATIO, ClaimName.BASELINE_SIZE_RATIO
AUC, RELEASED = ClaimName.BASELINE_AUC_DROP, ClaimName.RELEASED_AUC_DROP


def graded(missed: int = 0, images: int = IMAGES) -> SavedScores:
    """Every second image is positive, and most of these but `missed` score above the others."""
    truth = np.arange(images).reshape(-1, 1) % 2
    scores = np.random.default_rng(2).uniform(0.0, 0.6, (images, 1)) + 0.4 * truth
    scores[1 : 2 * missed : 2] = 0.0
    return SavedScores.of(
        scores=scores,
        truth=truth,
        patients=np.arange(images),
        classes=("bright",),
        names=[str(number) for number in range(images)],
    )


def spans(ms: float, cv: float, processes: int = 20) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Durations in ns of processes that differ by just `cv`, each of three equal rounds."""
    logs = np.random.default_rng(processes).normal(size=processes)
    logs = (logs - logs.mean()) / logs.std(ddof=1)
    return np.repeat(1e6 * ms * np.exp(cv * logs)[:, np.newaxis], 3, axis=1)


class Saved(Run):
    """A run with durations that are known."""

    def document(self) -> dict[str, Any]:
        made = super().document()
        for benchmark in made["benchmarks"]:
            benchmark["extra_info"]["durations_ns"] = spans(self.median_ms, 0.01).tolist()
            benchmark["extra_info"]["stack"] = STACK
        return made


def promoted(folder: Path, scores: SavedScores | None, line: Line = Line.LAST) -> None:
    """Make int8 a baseline with these scores."""
    run = Saved(cases=(INT8,), claims=[claimed(INT8, "loads")])
    run.scores = {} if scores is None else {INT8: scores}
    candidate = read_candidate(run.write(folder / "runs"), folder / "runs")
    (decision,) = promote(candidate, folder / "baselines", line, (), date(2026, 11, 21))
    assert decision.promoted


def judged(
    folder: Path,
    name: ClaimName,
    *,
    scores: SavedScores | None = None,
    ms: float = 2.0,
    cv: float = 0.01,
    disturbed: str | None = None,
    size_bytes: int = 1000,
    worker: dict[str, str] = WORKER,
    cases: int = 1,
) -> Judgement:
    """What is said of int8's claim against the baselines in a folder."""
    against = load_against(folder / "baselines", HARDWARE, ROOT / "suites")
    models = {
        "tiny": cast(ModelSpec, SimpleNamespace(data="some", runtimes=defaultdict(RuntimeSpec)))
    }
    others = [replace(INT8, runtime=f"litert-{number}") for number in range(1, cases)]
    claims = list(baseline_claims([INT8, *others], models, against))
    evidence = stub(against, claims, scores or graded(), spans(ms, cv))
    evidence.timings.excess = lambda *_: disturbed
    evidence.rig.artifact = lambda _: SimpleNamespace(sha256=64 * "b", size_bytes=size_bytes)
    evidence.rig.greeting = lambda _: worker
    claim = next(c for c in claims if c.name is name)
    measurement, reference = MEASURES[name](cast(Evidence, evidence), claim)
    return decide(claim, measurement, reference=reference)


def stub(against: Against, claims: list[Claim], scores: SavedScores, durations: Any) -> Any:
    """As much of a run's evidence as these claims ask for."""
    compared = Compared(
        classes=scores.classes,
        labels=scores.truth,
        reference=scores.scores,
        candidate=scores.scores,
        codes=scores.patients,
    )
    rounds = SimpleNamespace(durations=durations, p50_ms=float(np.median(durations)) / 1e6)
    return SimpleNamespace(
        rig=SimpleNamespace(
            settings=SimpleNamespace(against=against),
            plan=SimpleNamespace(claims=claims),
            model=lambda _: SimpleNamespace(statistics=default_statistics()),
            runtime=lambda _: RuntimeSpec(),
            adapter=lambda _: None,
        ),
        evaluations=SimpleNamespace(
            scores=lambda _: scores.scores,
            to_save=lambda _: scores,
            alone=lambda _: compared,
        ),
        timings=SimpleNamespace(durations=lambda _: SimpleNamespace(candidate=rounds)),
    )


def test_ten_small_losses_in_a_row_go_red_against_the_release(tmp_path: Path) -> None:
    promoted(tmp_path, graded(), Line.RELEASED)
    promoted(tmp_path, graded())
    against_release = []
    for step in range(1, 11):
        scores = graded(3 * step)
        assert judged(tmp_path, AUC, scores=scores).verdict is Verdict.PASS
        against_release.append(judged(tmp_path, RELEASED, scores=scores).verdict)
        promoted(tmp_path, scores)
    assert against_release[0] is Verdict.PASS
    assert against_release[-1] is Verdict.FAIL


@pytest.mark.parametrize(
    ("given", "verdict", "words"),
    [
        ({}, Verdict.PASS, "limit at most 1.05 (1.01 tolerated)"),
        ({"ms": 2.06}, Verdict.FAIL, "compare.limits.unacceptable"),
        ({"ms": 1.8}, Verdict.PASS, "measured 0.9"),
        ({"cv": 0.12}, Verdict.INCONCLUSIVE, "too little evidence to tell: the limit"),
        ({"ms": 2.4, "disturbed": "others took 2 CPUs"}, Verdict.INCONCLUSIVE, "others took"),
        ({"ms": 2.04}, Verdict.FAIL, "since c0ffee0000 of 2026-11-01"),
        ({"ms": 2.04, "cases": 400}, Verdict.INCONCLUSIVE, "alone it would fail"),
        (
            {"worker": WORKER | {"runtime_version": "2.4.0"}},
            Verdict.PASS,
            "runtime_version was 2.3.0 and is 2.4.0",
        ),
    ],
)
def test_time_is_judged_by_two_limits_among_all_cases(
    tmp_path: Path, given: dict[str, Any], verdict: Verdict, words: str
) -> None:
    promoted(tmp_path, None)
    judgement = judged(tmp_path, TIME, **given)
    assert judgement.verdict is verdict, judgement.reason
    assert words in judgement.reason
    assert judgement.reference == pytest.approx(2.0, rel=1e-3)


def test_size_is_judged_by_the_byte(tmp_path: Path) -> None:
    promoted(tmp_path, None)
    for size_bytes, verdict in ((1010, Verdict.PASS), (1011, Verdict.FAIL), (500, Verdict.PASS)):
        judgement = judged(tmp_path, SIZE, size_bytes=size_bytes)
        assert judgement.verdict is verdict
        assert judgement.reference == 1000


def test_a_loss_of_quality_fails_and_among_many_cases_must_be_plainer(tmp_path: Path) -> None:
    promoted(tmp_path, graded())
    assert judged(tmp_path, AUC, scores=graded(60)).verdict is Verdict.FAIL
    assert judged(tmp_path, AUC, scores=graded(19)).verdict is Verdict.FAIL
    among = judged(tmp_path, AUC, scores=graded(19), cases=100)
    assert among.verdict is Verdict.INCONCLUSIVE
    assert "but not among the 100 cases" in among.reason


def test_quality_on_other_data_or_without_scores_is_not_compared(tmp_path: Path) -> None:
    promoted(tmp_path, graded(images=200))
    with pytest.raises(Incomparable, match="200 images then and 4,000 now"):
        judged(tmp_path, AUC)
    with pytest.raises(Absent, match="promote RUN --released"):
        judged(tmp_path, RELEASED)
    promoted(tmp_path, None)
    with pytest.raises(Absent, match="has no scores of it"):
        judged(tmp_path, AUC)


def test_a_case_is_looked_for_on_this_hardware_and_said_to_be_elsewhere(tmp_path: Path) -> None:
    promoted(tmp_path, None)
    other = load_against(tmp_path / "baselines", 12 * "f", ROOT / "suites")
    with pytest.raises(Incomparable, match=f"of other hardware, {HARDWARE}"):
        other.promoted(INT8, Line.LAST)
    here = load_against(tmp_path / "baselines", HARDWARE, ROOT / "suites")
    assert here.promoted(INT8, Line.LAST)[1].size_bytes == 1000
    with pytest.raises(Absent, match="doesn't have it"):
        here.promoted(FP32, Line.LAST)


def test_without_data_nothing_is_claimed_of_quality_and_a_floor_widens_limits_of_time(
    tmp_path: Path,
) -> None:
    promoted(tmp_path, None)
    against = load_against(tmp_path / "baselines", HARDWARE, ROOT / "suites")

    def limits(case: Case, against: Against) -> dict[ClaimName, float]:
        models = {
            "tiny": cast(ModelSpec, SimpleNamespace(data=None, runtimes=defaultdict(RuntimeSpec)))
        }
        return {c.name: c.limit.value for c in baseline_claims([case], models, against)}

    assert limits(INT8, against) == {TIME: 1.05, SIZE: 1.01}
    run = Saved(cases=(INT8,), claims=[claimed(INT8, "loads")], median_ms=0.02)
    candidate = read_candidate(run.write(tmp_path / "runs"), tmp_path / "runs")
    promote(candidate, tmp_path / "baselines", Line.LAST, (), date(2026, 11, 21))
    quick = load_against(tmp_path / "baselines", HARDWARE, ROOT / "suites")
    assert limits(INT8, quick)[TIME] == pytest.approx(1.5, rel=0.01)
