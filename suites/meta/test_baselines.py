"""What becomes a baseline, what doesn't, and what its file looks like."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edgeassay.baselines import Line, read_baseline
from edgeassay.baselines.accepting import about_accepted
from edgeassay.baselines.deciding import Decision
from edgeassay.baselines.finding import find_run
from edgeassay.baselines.promoting import promote, read_candidate
from edgeassay.cli import app
from edgeassay.errors import ConfigError, DataError
from edgeassay.runs.reading import read_run
from edgeassay.spec import Accepted, ClaimName, Verdict
from suites.meta.project import IN_A_YEAR, ROOT
from suites.meta.promotable import COMMIT, FP32, HARDWARE, INT8, Run, claimed, scores_of

TODAY = date(2026, 11, 21)
ACCEPTED = Accepted(
    claim=ClaimName.SIZE_RATIO,
    reason="a second output",
    owner="clinical lead",
    expires=TODAY,
    source="baselines/accepted.toml:accepted[0]",
    case="tiny-int8-*",
)
DECLARED: dict[str, Any] = {"deviation": "known", "deviation_expires": TODAY.isoformat()}
FAIL, INCONCLUSIVE, UNMEASURED, INCOMPARABLE = (
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.UNMEASURED,
    Verdict.INCOMPARABLE,
)


def promoted(
    folder: Path, run: Run, *accepted: Accepted, line: Line = Line.LAST, today: date = TODAY
) -> list[Decision]:
    """Save a run, and promote it."""
    candidate = read_candidate(run.write(folder / "runs"), folder / "runs")
    return promote(candidate, folder / "baselines", line, accepted, today)


def claims_of(verdict: Verdict, name: str = "size_ratio", **more: Any) -> list[dict[str, Any]]:
    """One claim of int8 with a verdict, beside others that hold."""
    return [
        claimed(FP32, "loads"),
        claimed(INT8, "loads"),
        claimed(INT8, name, verdict, **more),
    ]


@pytest.mark.parametrize(
    ("claims", "taken"),
    [
        (claims_of(Verdict.PASS), True),
        (claims_of(FAIL), False),
        (claims_of(FAIL, **DECLARED), True),
        (claims_of(FAIL, deviation="known", deviation_expires="2026-11-20"), False),
        (claims_of(INCONCLUSIVE), False),
        (claims_of(INCONCLUSIVE, **DECLARED), True),
        (claims_of(UNMEASURED), False),
        (claims_of(UNMEASURED, "min_auc"), False),
        (claims_of(UNMEASURED, "min_auc", kind="emulated"), False),
        (claims_of(UNMEASURED, "latency_ratio", kind="software"), False),
        (claims_of(Verdict.PASS, kind="emulated"), False),
        (claims_of(Verdict.PASS, kind="software"), False),
        (claims_of(Verdict.PASS, kind="estimated"), True),
        (claims_of(UNMEASURED, "baseline_size_ratio"), True),
        (claims_of(INCOMPARABLE, "baseline_auc_drop"), True),
        (claims_of(INCONCLUSIVE, "baseline_latency_ratio"), True),
        (claims_of(FAIL, "released_auc_drop"), False),
        (claims_of(FAIL, "released_auc_drop", **DECLARED), False),
        ([claimed(FP32, "loads"), claimed(INT8, "baseline_size_ratio")], False),
    ],
)
def test_a_case_is_promoted_where_every_claim_holds_or_is_declared(
    tmp_path: Path, claims: list[dict[str, Any]], taken: bool
) -> None:
    decisions = promoted(tmp_path, Run(claims=claims))
    assert {d.case: d.promoted for d in decisions} == {FP32: True, INT8: taken}
    baseline = read_baseline(tmp_path / "baselines", HARDWARE, Line.LAST)
    assert baseline is not None
    assert set(baseline.origins) == ({FP32, INT8} if taken else {FP32})
    for decision in decisions:
        assert decision.promoted or any(obstacle.why for obstacle in decision.obstacles)


def test_what_was_not_timed_or_while_others_disturbed_it_or_lost_its_scores_stays_out(
    tmp_path: Path,
) -> None:
    both = [claimed(FP32, "loads"), claimed(INT8, "loads")]
    untimed = promoted(tmp_path, Run(cases=(FP32,), claims=both))
    assert {d.case: d.promoted for d in untimed} == {FP32: True, INT8: False}
    disturbed = promoted(tmp_path, Run(disturbed="others took 2 CPUs"))
    assert [d.promoted for d in disturbed] == [False, False]
    assert "others took 2 CPUs" in disturbed[0].obstacles[0].why
    unasked = [{"claim": "min_auc", "case": vars(INT8), "class": None}]
    partial = promoted(tmp_path, Run(unasked=unasked))
    assert {d.case: d.promoted for d in partial} == {FP32: True, INT8: False}
    assert partial[1].obstacles[0].why == "the run wasn't asked for min_auc"
    counts = {"evaluated_images": 48, "split_images": 1200}
    sampled = promoted(tmp_path, Run(case_facts=[{"case": vars(INT8), **counts}]))
    assert {d.case: d.promoted for d in sampled} == {FP32: True, INT8: False}
    assert "on a sample of 48 of 1,200" in sampled[1].obstacles[0].why
    unclaimed = promoted(tmp_path, Run(claims=[claimed(FP32, "loads")]))
    assert {d.case: d.promoted for d in unclaimed} == {FP32: True, INT8: False}
    run = Run(scores={FP32: scores_of(FP32), INT8: scores_of(INT8, shift=0.1)})
    path = run.write(tmp_path / "runs")
    scores = tmp_path / "runs" / HARDWARE / "scores"
    (scores / f"{run.scores[INT8].sha256}.npz").unlink()
    candidate = read_candidate(path, tmp_path / "runs")
    lost = promote(candidate, tmp_path / "baselines", Line.LAST, (), TODAY)
    assert {d.case: d.promoted for d in lost} == {FP32: True, INT8: False}


def test_other_cases_stay_as_they_were_and_scores_that_nothing_names_go(tmp_path: Path) -> None:
    first = Run(scores={FP32: scores_of(FP32), INT8: scores_of(INT8, shift=0.05)})
    promoted(tmp_path, first)
    promoted(tmp_path, first, line=Line.RELEASED)
    later = Run(
        cases=(INT8,),
        claims=[claimed(INT8, "loads")],
        commit=40 * "d",
        saved="2026-11-02T12:00:00+00:00",
        scores={INT8: scores_of(INT8, shift=0.1)},
    )
    promoted(tmp_path, later)
    baseline = read_baseline(tmp_path / "baselines", HARDWARE, Line.LAST)
    assert baseline is not None
    assert {case: o.commit for case, o in baseline.origins.items()} == {
        FP32: COMMIT,
        INT8: 40 * "d",
    }
    assert baseline.run.complete
    assert {(r.claim, r.case.variant) for r in baseline.run.claims} == {
        (ClaimName.SIZE_RATIO, "fp32"),
        (ClaimName.LOADS, "int8"),
    }
    kept = baseline.scores(INT8)
    assert kept is not None
    assert kept.sha256 == later.scores[INT8].sha256
    files = {path.stem for path in (tmp_path / "baselines" / HARDWARE / "scores").iterdir()}
    assert files == {s.sha256 for run in (first, later) for s in run.scores.values()}
    promoted(tmp_path, later, line=Line.RELEASED)
    files = {path.stem for path in (tmp_path / "baselines" / HARDWARE / "scores").iterdir()}
    assert files == {first.scores[FP32].sha256, later.scores[INT8].sha256}


def test_the_file_is_laid_out_for_a_review_and_the_same_run_gives_the_same_bytes(
    tmp_path: Path,
) -> None:
    run = Run(claims=[*claims_of(Verdict.PASS), claimed(INT8, "baseline_size_ratio")])
    promoted(tmp_path, run)
    path = tmp_path / "baselines" / HARDWARE / "last.json"
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    assert text.startswith('{\n  "benchmarks": [\n')
    rows = document["benchmarks"][0]["extra_info"]["durations_ns"]
    for row in rows:
        assert json.dumps(row) in text
    assert "data" not in document["benchmarks"][0]["stats"]
    assert "baseline_size_ratio" not in text
    origin = {"commit": COMMIT, "run": "0001_run.json", "saved": "2026-11-01T12:00:00+00:00"}
    assert document["benchmarks"][0]["extra_info"]["promoted"] == origin
    promoted(tmp_path, run)
    assert path.read_text(encoding="utf-8") == text
    assert read_run(path).benchmarks.keys() == read_run(run.write(tmp_path)).benchmarks.keys()


def test_pytest_benchmark_reads_a_baseline(tmp_path: Path) -> None:
    promoted(tmp_path, Run())
    words = [sys.executable, "-m", "pytest_benchmark", "compare", "--csv=out.csv"]
    path = tmp_path / "baselines" / HARDWARE / "last.json"
    done = subprocess.run(
        [*words, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text().count("test_latency[tiny-") >= 2


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (Run(dirty=True), "uncommitted changes"),
        (Run(complete=False), "was cut short"),
        (Run(commit="unversioned"), "names no commit"),
        (Run(hardware="..-..-elsewhere"), "is no fingerprint of a machine"),
    ],
)
def test_what_nobody_could_find_again_is_refused(tmp_path: Path, run: Run, words: str) -> None:
    with pytest.raises(DataError, match=words):
        promoted(tmp_path, run)
    assert not (tmp_path / "baselines").exists()


def test_a_run_without_our_claims_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.json"
    for key in ("edgeassay", "machine_info"):
        document = Run().document()
        path.write_text(json.dumps({**document, "edgeassay": None}))
        with pytest.raises(DataError, match="has no claims"):
            read_candidate(path, tmp_path)
        del document[key]
        path.write_text(json.dumps(document))
        with pytest.raises(DataError, match="has no claims"):
            read_candidate(path, tmp_path)


@pytest.mark.parametrize("key", ["cases", "unasked", "scores"])
def test_results_that_were_changed_by_hand_are_refused(tmp_path: Path, key: str) -> None:
    document = Run().document()
    document["edgeassay"][key] = [{"case": "tiny"}]
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=f"edgeassay.{key}"):
        read_candidate(path, tmp_path)


def test_an_accepted_regression_can_be_promoted_until_it_expires(tmp_path: Path) -> None:
    run = Run(claims=claims_of(FAIL))
    (decision,) = (d for d in promoted(tmp_path, run, ACCEPTED) if d.case == INT8)
    assert decision.promoted
    assert "accepted until 2026-11-21 (clinical lead)" in decision.excused[0]
    tomorrow = date(2026, 11, 22)
    (decision,) = (d for d in promoted(tmp_path, run, ACCEPTED, today=tomorrow) if d.case == INT8)
    assert decision.fails
    assert "accepted[0] expired on 2026-11-21" in decision.obstacles[0].why
    longer = replace(ACCEPTED, expires=date(2027, 1, 1))
    both = promoted(tmp_path, run, ACCEPTED, longer, today=tomorrow)
    assert all(decision.promoted for decision in both)


def test_an_accepted_failure_excuses_no_lack_of_evidence_and_no_other_case(tmp_path: Path) -> None:
    for claims, entry in (
        (claims_of(INCONCLUSIVE), ACCEPTED),
        (claims_of(FAIL), replace(ACCEPTED, case="tiny-fp32-*")),
        (claims_of(FAIL), replace(ACCEPTED, claim=ClaimName.LOADS)),
        (claims_of(FAIL), replace(ACCEPTED, case=None, model="tiny", device="board")),
    ):
        decisions = promoted(tmp_path, Run(claims=claims), entry)
        assert {d.case: d.promoted for d in decisions} == {FP32: True, INT8: False}


def test_every_accepted_entry_is_told_with_what_it_does() -> None:
    def told(verdict: Verdict, entry: Accepted, today: date = TODAY) -> str:
        (line,) = about_accepted([entry], [(ClaimName.SIZE_RATIO, INT8, verdict)], today)
        return line

    assert "accepted until 2026-11-21: size_ratio of tiny-int8-litert" in told(FAIL, ACCEPTED)
    assert "matches nothing: size_ratio doesn't fail" in told(Verdict.PASS, ACCEPTED)
    assert "is about no claim that was judged" in told(FAIL, replace(ACCEPTED, case="other"))
    expired = told(FAIL, ACCEPTED, date(2026, 12, 1))
    assert "expired on 2026-11-21 and excuses nothing any more" in expired


def test_a_comparison_with_a_baseline_shows_what_is_accepted_until_it_expires(
    tmp_path: Path,
) -> None:
    larger = Run(size_bytes=1500, commit=40 * "d").write(tmp_path / "later")
    folder = tmp_path / "baselines"
    promoted(tmp_path, Run())

    def compared() -> Result:
        words = ["compare", "baseline", str(larger), f"--baselines={folder}"]
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, words)

    assert compared().exit_code == 1
    entry = (
        '[[accepted]]\nmodel = "tiny"\nclaim = "baseline_size_ratio"\nreason = "a second output"\n'
        'owner = "clinical lead"\nexpires = {}\n'
    )
    (folder / "accepted.toml").write_text(entry.format(IN_A_YEAR))
    accepted = compared()
    assert accepted.exit_code == 0, accepted.output
    assert "accepted: tiny-int8-litert: +50.0 %" in accepted.output
    assert f"accepted until {IN_A_YEAR}: baseline_size_ratio of tiny-fp32" in accepted.output
    (folder / "accepted.toml").write_text(entry.format("2020-01-01"))
    expired = compared()
    assert expired.exit_code == 1
    assert "expired on 2020-01-01 and excuses nothing any more" in expired.output


def test_a_run_is_found_by_path_by_commit_or_as_the_last(tmp_path: Path) -> None:
    first = Run().write(tmp_path, 1)
    Run(dirty=True).write(tmp_path, 2)
    last = Run(commit=40 * "d").write(tmp_path, 3)
    storage = tmp_path / HARDWARE
    assert find_run(str(first), storage, tmp_path) == first
    assert find_run("c0ffee", storage, tmp_path) == first  # the newest of it is of a dirty tree
    assert find_run("last", storage, tmp_path) == last
    for word, words in (
        ("beef", "no run of such a commit is saved .*dddddddddd, c0ffee0000"),
        (str(tmp_path), "is a folder"),
    ):
        with pytest.raises(ConfigError, match=words):
            find_run(word, storage, tmp_path)
    with pytest.raises(ConfigError, match="no run of this machine is saved"):
        find_run("last", tmp_path / "empty", tmp_path)


def test_a_revision_is_a_commit(tmp_path: Path) -> None:
    git = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    head = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    if not head:
        pytest.skip("not a git checkout: there are no revisions")
    path = Run(commit=head).write(tmp_path)
    assert find_run("HEAD", tmp_path / HARDWARE, ROOT) == path


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        (claims_of(Verdict.PASS), 0),
        (claims_of(FAIL), 1),
        (claims_of(INCONCLUSIVE), 3),
        ([claimed(case, "loads", UNMEASURED) for case in (FP32, INT8)], 4),
        ([claimed(case, "loads", FAIL) for case in (FP32, INT8)], 1),
    ],
)
def test_promoting_and_showing_end_as_documented(
    tmp_path: Path, claims: list[dict[str, Any]], code: int
) -> None:
    path = Run(claims=claims).write(tmp_path / "runs")
    where = f"--baselines={tmp_path / 'baselines'}"
    runner = CliRunner(env={"COLUMNS": "200"})
    done = runner.invoke(app, ["baseline", "promote", str(path), where])
    assert done.exit_code == code, done.output
    shown = runner.invoke(app, ["baseline", "show", where])
    some = any(c["verdict"] == "pass" and c["claim"] == "loads" for c in claims)
    assert shown.exit_code == (0 if some else 4)
    assert ("c0ffee" in shown.output) is some
    released = runner.invoke(app, ["baseline", "show", "--released", where])
    assert released.exit_code == 4
    assert "there is no released baseline" in released.output


def test_a_folder_that_was_renamed_by_hand_is_told(tmp_path: Path) -> None:
    promoted(tmp_path, Run())
    folder = tmp_path / "baselines"
    (folder / HARDWARE).rename(folder / "ffffffffffff")
    with pytest.raises(DataError, match="its folder is named for ffffffffffff"):
        read_baseline(folder, "ffffffffffff", Line.LAST)
    path = Run().write(tmp_path / "runs")
    (folder / "ffffffffffff").rename(folder / HARDWARE)
    (folder / HARDWARE / "last.json").write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="where it came from"):
        read_baseline(folder, HARDWARE, Line.LAST)
    with pytest.raises(DataError, match="where it came from"):
        promoted(tmp_path, Run(), line=Line.RELEASED)
    assert not (folder / HARDWARE / "released.json").exists()  # nothing is promoted half
    (folder / HARDWARE / "last.json").unlink()
    promoted(tmp_path, Run())
    whole = json.loads((folder / HARDWARE / "last.json").read_text(encoding="utf-8"))
    (folder / HARDWARE / "last.json").write_text(json.dumps({**whole, "edgeassay": None}))
    with pytest.raises(DataError, match="where it came from"):
        read_baseline(folder, HARDWARE, Line.LAST)
