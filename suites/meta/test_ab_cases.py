"""The cases of `edgeassay ab` beside each other: what one of them lacks, and the verdict on all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeassay.ab.cases import Contest, Matched, Ways, match
from edgeassay.ab.gate import Outcome, Stopped
from edgeassay.ab.judging import EXITS, Bench, Judged, overall
from edgeassay.ab.showing import markdown, sentence, summary
from edgeassay.ab.sides import Asked, Origin, open_side
from edgeassay.artifacts import read_artifact
from edgeassay.config import load_model
from edgeassay.config.comparison import load_comparison
from edgeassay.errors import Absent
from edgeassay.measure.pairs import HEAD, SideFailed, _blaming
from edgeassay.privacy import Redactor
from edgeassay.progress import silent
from edgeassay.spec import (
    DeviceSpec,
    Match,
    RuntimeSpec,
    Timing,
    Tolerance,
    Verdict,
    WorkerSpec,
)
from suites.meta.project import Project
from suites.meta.test_gate import ALLOWED, drawn
from suites.meta.test_gate import gate as run_of

WHOLE = Matched(contests=(), missing=(), new=())
SETTINGS = load_comparison(None, Path("/nowhere"))
WORDS = Redactor(key=b"k", root=Path("/nowhere"))
FAIL, INCOMPARABLE, UNMEASURED, INCONCLUSIVE, PASS = (
    Verdict.FAIL,
    Verdict.INCOMPARABLE,
    Verdict.UNMEASURED,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
)


def device(**workers: tuple[str, ...]) -> DeviceSpec:
    nothing = {"waited_share": 1.0, "free_cpus": 0.0, "steal_share": 1.0, "throttled_share": 1.0}
    return DeviceSpec(
        id="bench",
        title="",
        file="devices/bench.toml",
        match=Match(any=True),
        architecture=None,
        emulated=False,
        workers={name: WorkerSpec(command=command) for name, command in workers.items()},
        timing=Timing(
            processes=3,
            rounds=3,
            warmup_rounds=1,
            timeout_s=5.0,
            sustained_s=1.0,
            sustained_inferences=1,
        ),
        tolerance=Tolerance(**nothing, swapped_mb=1.0),
        limits={},
    )


def contests(folder: Path, changed: str) -> list[Contest]:
    """Two networks, one of which has other bytes in HEAD."""
    origins = []
    for side in ("base", "head"):
        for model in ("one", "two"):
            path = folder / side / model / "fp32.tflite"
            path.parent.mkdir(parents=True)
            path.write_text(f"{model} {side if model == changed else ''}", encoding="utf-8")
        asked = Asked(models=(), variants=(), scratch=folder, report=silent)
        origins.append(open_side(str(folder / side), asked, folder))
    return list(match(origins[0], origins[1], Ways(models={}, device="bench")).contests)


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ({}, "devices/bench.toml declares no worker for 'litert'"),
        ({"litert": ("/no/such/python",)}, "/no/such/python: No such file or directory"),
    ],
)
def test_a_runtime_that_is_not_there_leaves_its_case_unmeasured_and_the_others_stand(
    tmp_path: Path, workers: dict[str, tuple[str, ...]], words: str
) -> None:
    bench = Bench(settings=SETTINGS, device=device(**workers), seed=0, report=silent)
    judged = bench.judge(contests(tmp_path, "two"))
    assert [one.outcome.verdict for one in judged] == [PASS, UNMEASURED]
    assert words in judged[1].outcome.reason
    assert overall(judged, WHOLE, []) is UNMEASURED


@pytest.mark.parametrize(
    ("emulated", "engine", "words"),
    [
        (True, "litert", "bench is emulated"),
        (False, "tflite-micro", "stands for a device that isn't this machine"),
        (False, "ethos-u", "nothing runs it here"),
    ],
)
def test_times_that_are_no_devices_are_not_compared(
    tmp_path: Path, emulated: bool, engine: str, words: str
) -> None:
    target = "ethos-u55-128" if engine == "ethos-u" else None
    spec = RuntimeSpec(engine=engine, target=target)
    profile = replace(device(**{spec.worker: ("{python}",)}), emulated=emulated)
    bench = Bench(settings=SETTINGS, device=profile, seed=0, report=silent)
    changed = replace(contests(tmp_path, "two")[1], head_spec=spec)
    (judged,) = bench.judge([changed])
    assert judged.outcome.verdict is UNMEASURED
    assert words in judged.outcome.reason


def test_a_runtime_that_is_not_there_is_no_failure_of_head() -> None:
    with pytest.raises(Absent), _blaming(HEAD):
        raise Absent("the worker can't be started")
    with pytest.raises(SideFailed), _blaming(HEAD):
        raise SideFailed(HEAD, Absent("any other"))


def judged_as(folder: Path, *verdicts: Verdict) -> list[Judged]:
    contest = contests(folder, "two")[1]
    allowed = SETTINGS.allowed(contest.name, contest.case)
    made = [Outcome(verdict=v, stopped=Stopped.DECIDED, reason="a|b\n@all") for v in verdicts]
    return [Judged(contest=contest, allowed=allowed, outcome=outcome) for outcome in made]


def test_a_pass_below_the_floor_says_that_it_is_slower(tmp_path: Path) -> None:
    """And one within what is tolerated says nothing."""
    contest = contests(tmp_path, "two")[1]
    found = []
    for slowdown in (0.08, 0.0):
        outcome = run_of(drawn(0, slowdown, 0.001), base_ms=0.1)
        assert outcome.verdict is PASS
        found.append(sentence(Judged(contest=contest, allowed=ALLOWED, outcome=outcome)))
    assert found[0] is not None
    assert "HEAD is slower by 8." in found[0]
    assert "passes because less than 0.01 ms, and than a tenth of the time, doesn't" in found[0]
    assert found[1] is None


def test_the_first_verdict_that_applies_is_that_of_all(tmp_path: Path) -> None:
    order = [FAIL, UNMEASURED, INCOMPARABLE, INCONCLUSIVE, PASS]
    judged = judged_as(tmp_path, *reversed(order))
    found = [overall(judged[: count + 1], WHOLE, []) for count in range(len(order))]
    assert found == list(reversed(order))
    assert [EXITS[verdict] for verdict in order] == [1, 4, 4, 3, 0]
    lacking = replace(WHOLE, missing=["tiny/int8"])
    unbuilt = Origin(title="HEAD", artifacts={}, missing=["tiny/int8: no converter"])
    assert overall([], WHOLE, []) is UNMEASURED
    assert overall(judged[:1], lacking, []) is UNMEASURED
    assert overall(judged[:1], WHOLE, [unbuilt]) is UNMEASURED
    assert overall(judged, lacking, [unbuilt]) is FAIL


def test_all_cases_that_are_timed_share_the_error_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def count(*_: object, cases: int, **__: object) -> Outcome:
        told.append(cases)
        return Outcome(verdict=PASS, stopped=Stopped.DECIDED, reason="")

    monkeypatch.setattr("edgeassay.ab.judging.run_gate", count)
    changed = contests(tmp_path, "two")[1]
    bench = Bench(settings=SETTINGS, device=device(litert=("python",)), seed=0, report=silent)
    bench.judge([*contests(tmp_path / "again", "one"), changed])
    assert told == [2, 2]


def test_markdown_shows_what_was_said_and_no_markup(tmp_path: Path) -> None:
    judged = judged_as(tmp_path, FAIL)
    nothing = Matched(contests=(), missing=["a|b/*"], new=())
    text = markdown(judged, summary(judged, nothing, FAIL, SETTINGS.gate), "ab @main|x", WORDS)
    assert "### ab &#64;&#8203;main\\|x" in text
    assert "a\\|b &#64;&#8203;all" in text
    assert "a\\|b/\\*" in text


def test_each_side_is_run_as_it_declares_itself(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write_declarations()
    today = load_model(tmp_path / "models/tiny", tmp_path)
    before = replace(today, runtimes={"litert": RuntimeSpec(threads=2), "old": RuntimeSpec()})
    path = tmp_path / "fp32.tflite"
    path.write_bytes(b"a network")
    same = {("tiny", "fp32"): read_artifact(path, "tiny", "fp32")}
    base = Origin(title="base", artifacts=same, models={"tiny": before})
    head = Origin(title="head", artifacts=same)  # as this project declares it
    matched = match(base, head, Ways(models={"tiny": today}, device="bench"))
    (contest,) = matched.contests
    assert not contest.unchanged
    assert contest.run_otherwise == "threads 2 -> 1"
    assert matched.missing == ["tiny/fp32 on old"]
    asked = match(base, head, Ways(models={"tiny": today}, device="bench", both="litert-builtin"))
    assert [one.unchanged for one in asked.contests] == [True]
    assert not asked.missing


def test_base_is_timed_before_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratios are HEAD's time by BASE's."""
    timed: list[tuple[Path, Path]] = []

    def once(measure: Any, *_: object, **__: object) -> Outcome:
        measure()
        return Outcome(verdict=PASS, stopped=Stopped.DECIDED, reason="")

    monkeypatch.setattr("edgeassay.ab.judging.run_gate", once)
    monkeypatch.setattr("edgeassay.ab.judging._side", lambda artifact, *_, **__: artifact.path)
    monkeypatch.setattr(
        "edgeassay.ab.judging.time_pair", lambda base, head, *_: timed.append((base, head))
    )
    bench = Bench(settings=SETTINGS, device=device(litert=("python",)), seed=0, report=silent)
    bench.judge(contests(tmp_path, "two"))
    names = [tuple(path.relative_to(tmp_path).parts[0] for path in pair) for pair in timed]
    assert names == [("base", "head")]
