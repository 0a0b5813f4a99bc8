"""`edgeassay selftest`: as expected where the engine is whole, red where a piece is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.config.shapes import default_selftest
from edgeassay.errors import Absent, DataError
from edgeassay.measure.pairs import Pair, time_pair
from edgeassay.progress import silent
from edgeassay.selftest import read_selftest
from edgeassay.selftest.checks import CODES, Check, Found, Outcome, answer, right
from edgeassay.selftest.known import known_answers
from edgeassay.selftest.planted import planted_regressions
from edgeassay.selftest.running import ask_all, record_of, run_selftest
from edgeassay.selftest.timing import Stand, planted_slowdowns
from edgeassay.spec import Stack, Verdict
from suites.reports.evidence_project import STARTED

STACK = Stack(runtime="r", runtime_version="1", delegate="d", gpu_driver=None, threads=1, batch=1)


def wrong(checks: Iterator[Check]) -> set[str]:
    found = [answer(check) for check in checks]
    return {one.subject for one in found if one.outcome is not Outcome.EXPECTED}


def test_everything_untimed_is_as_expected_here(tmp_path: Path) -> None:
    checks = [*known_answers(tmp_path), *planted_regressions(tmp_path)]
    assert len(checks) > 20
    found = ask_all(checks, silent)
    assert [(one.subject, one.said) for one in found if one.outcome is not Outcome.EXPECTED] == []


def scaled(function: Callable[..., Any], by: float) -> Callable[..., Any]:
    return lambda *given, **more: by * function(*given, **more)


@pytest.mark.parametrize(
    ("place", "broken", "subjects"),
    [
        ("edgeassay.stats.class_aucs", lambda *_: np.array([0.7]), {"AUC"}),
        (
            "edgeassay.stats.auc_bounds.reach",
            lambda *_: 0.3,
            {"an AUC's bounds"},
        ),
        ("edgeassay.stats.auc_bounds.reach", lambda *_: 30.0, {"an AUC's bounds"}),
        ("edgeassay.stats.percentile_upper", lambda *_: 18.0, {"order statistics"}),
        ("edgeassay.stats.percentile_bounds", lambda *_: (0.0, 1.0), {"order statistics"}),
        ("edgeassay.stats.overlap.dice", lambda *_: np.array([0.4]), {"Dice"}),
        ("edgeassay.selftest.known.holm", lambda p, _: np.asarray(p) < 0.05, {"Holm's steps"}),
        ("edgeassay.gates.verdict_of", lambda *_: Verdict.PASS, {"verdict rules"}),
        ("edgeassay.selftest.known.sha256_of", lambda _: "0" * 64, {"digests"}),
        ("edgeassay.selftest.known.digest_of", lambda _: "0" * 64, {"digests"}),
        ("edgeassay.privacy.Redactor.text", lambda _, text: text, {"redaction"}),
    ],
)
def test_a_broken_piece_gives_a_wrong_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    broken: Callable[..., Any],
    subjects: set[str],
) -> None:
    monkeypatch.setattr(place, broken)
    assert wrong(known_answers(tmp_path)) == subjects


def test_a_wrong_variance_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeassay.stats.AucEstimate.variance", property(lambda _: 0.004))
    assert "an AUC's variance" in wrong(known_answers(tmp_path))


@pytest.mark.parametrize(
    ("place", "broken", "subjects"),
    [
        (
            "edgeassay.gates.verdict_of",
            lambda *_: Verdict.PASS,  # then there is no fail to make a pass of, either
            {"min_auc", "mean_auc_drop", "size_ratio", "finite_outputs", "results.json"},
        ),
        (
            "edgeassay.gates.verdict_of",
            lambda *_: Verdict.FAIL,
            {"min_auc", "mean_auc_drop", "size_ratio", "finite_outputs"},
        ),
        ("edgeassay.evaluations.check_separation", lambda _: True, {"splits"}),
        ("edgeassay.report.reading.digest_of", lambda found: found["digest"], {"results.json"}),
        ("edgeassay.artifacts._sha256_of_file", None, {"artifacts"}),
    ],
)
def test_a_planted_regression_that_isnt_found_is_red(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    broken: Callable[..., Any] | None,
    subjects: set[str],
) -> None:
    if broken is None:
        import edgeassay.artifacts

        kept: dict[Path, str] = {}
        real = edgeassay.artifacts._sha256_of_file

        def broken(path: Path) -> str:  # the digest that it once had
            return kept.setdefault(path, real(path))

    monkeypatch.setattr(place, broken)
    assert wrong(planted_regressions(tmp_path)) == subjects


def pairs(ratio: float, spread: float) -> Callable[..., Pair]:
    """Pairs whose second side takes so many times as long, give or take."""
    rng = np.random.default_rng(3)

    def made(*_: object) -> Pair:
        base = np.full((8, 5), 1_000_000, np.int64)
        head = (base * ratio * np.exp(rng.normal(0.0, spread))).astype(np.int64)
        return Pair(base=base, head=head, cpus=(0,), stacks=(STACK, STACK))

    return made


@pytest.mark.parametrize(
    ("ratio", "spread", "equal", "slower"),
    [
        (1.0, 0.01, Outcome.EXPECTED, Outcome.WRONG),  # nothing is found
        (1.5, 0.01, Outcome.WRONG, Outcome.EXPECTED),  # an alarm for nothing
        (1.2, 0.9, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE),  # a disturbed machine
    ],
)
def test_what_a_comparison_says_of_planted_slowdowns(
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ratio: float,
    spread: float,
    equal: Outcome,
    slower: Outcome,
) -> None:
    monkeypatch.setattr("edgeassay.selftest.timing.time_pair", pairs(ratio, spread))
    checks = planted_slowdowns(tmp_path, default_selftest())
    assert [answer(check).outcome for check in checks] == [equal, slower]


def test_the_slowed_worker_does_more_work_inside_the_measured_span(tmp_path: Path) -> None:
    from dataclasses import replace

    stand = Stand(tmp_path, replace(default_selftest(), slowdown=8.0))
    rng = np.random.default_rng(0)
    pair = time_pair(stand.side(0), stand.side(stand.slower_by), stand._spans, rng)
    assert pair.log_ratio > np.log(1.1)  # a loaded machine hides a part of it


def found(*outcomes: Outcome) -> list[Found]:
    return [
        Found(subject="s", planted="p", expected="e", said="a", outcome=o, seconds=0.0)
        for o in outcomes
    ]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((Outcome.EXPECTED,), 0),
        ((Outcome.EXPECTED, Outcome.INCONCLUSIVE), 3),
        ((Outcome.INCONCLUSIVE, Outcome.UNMEASURED), 4),
        (tuple(CODES), 1),
    ],
)
def test_the_command_ends_by_the_worst_answer_and_writes_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcomes: tuple[Outcome, ...], code: int
) -> None:
    record = record_of(found(*outcomes), STARTED)
    monkeypatch.setattr("edgeassay.selftest.command.run_selftest", lambda _: record)
    path = tmp_path / "selftest.json"
    ended = CliRunner().invoke(app, ["selftest", "--json", str(path)])
    assert ended.exit_code == code
    assert read_selftest(path) == record
    changed = path.read_text("utf-8").replace("inconclusive", "as expected", 1)
    path.write_text(changed.replace('"wrong"', '"as expected"', 1), "utf-8")
    if code in (1, 3):
        with pytest.raises(DataError, match="changed by hand"):
            read_selftest(path)


@pytest.mark.parametrize("content", ["", "{}", '{"checks": []}', "[" * 10_000])
def test_a_file_that_is_no_selftest_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "selftest.json"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError, match="no result of a selftest"):
        read_selftest(path)


def test_an_engine_that_breaks_is_wrong_and_what_isnt_here_is_unmeasured() -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    def absent() -> Any:
        raise Absent("no runtime")

    for ask, outcome in ((broken, Outcome.WRONG), (absent, Outcome.UNMEASURED)):
        check = Check(subject="s", planted="p", expected="e", ask=ask)
        assert answer(check).outcome is outcome
    assert right(holds=True, text="").outcome is Outcome.EXPECTED


def test_all_checks_belong_to_one_selftest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(check: Check) -> Found:
        asked.append(check.subject)
        return found(Outcome.EXPECTED)[0]

    monkeypatch.setattr("edgeassay.selftest.running.answer", note)
    assert run_selftest(silent).outcome is Outcome.EXPECTED
    assert {"AUC", "min_auc", "splits", "latency comparison"} <= set(asked)
