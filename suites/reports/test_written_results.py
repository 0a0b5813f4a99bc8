"""A real run's results: sealed, with curves, scores beside them, and nobody's name."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.errors import DataError
from edgeassay.report.attempts import read_attempts
from edgeassay.report.beside import beside
from edgeassay.report.curves import times_record
from edgeassay.report.reading import read_results
from edgeassay.runs.scores import read_scores
from edgeassay.stats import compare_aucs, percentile_upper
from suites.meta.project import Outcome, Project


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    folder = tmp_path_factory.mktemp("for-others")
    project = Project(folder, identified=False)
    project.write()
    outcome = project.run("--benchmark", f"--benchmark-json={folder / 'bench.json'}")
    assert outcome.code == 0, outcome.text
    return project, outcome


def test_no_file_names_this_host_or_the_project_s_folder(ran: tuple[Project, Outcome]) -> None:
    project, _ = ran
    for name in ("results.json", "junit.xml", "bench.json"):
        text = (project.folder / name).read_text(encoding="utf-8")
        assert str(project.folder) not in text, name
        assert f'"{platform.node()}"' not in text, name
        assert "host-" in text, name


def test_an_image_that_cannot_be_read_is_named_by_a_digest(tmp_path: Path) -> None:
    project = Project(tmp_path, identified=False)
    project.write()
    names = [p.name for p in (project.data / "spots").rglob("*.png")]
    for path in (project.data / "spots").rglob("*.png"):
        path.write_bytes(b"no image")
    outcome = project.run("suites/accuracy")
    assert outcome.code == 1
    reasons = [claim["reason"] for claim in outcome.results["claims"]]
    assert any(reason.startswith("path-") and "can't be read" in reason for reason in reasons)
    for text in (json.dumps(outcome.results), (tmp_path / "junit.xml").read_text()):
        assert not [name for name in names if name in text]


def test_every_number_about_quality_can_be_taken_from_the_scores_again(
    ran: tuple[Project, Outcome],
) -> None:
    project, _ = ran
    results = read_results(project.results_path)
    kept = {
        s.case.variant: read_scores(beside(project.results_path), s.sha256) for s in results.scores
    }
    whole, small = kept["fp32"], kept["int8"]
    drop = compare_aucs(whole.truth, whole.scores, small.scores, whole.patients).mean()
    claim = next(c for c in results.claims if c.claim == "mean_auc_drop")
    assert drop is not None
    assert claim.measurement is not None
    assert claim.measurement.value == pytest.approx(drop.value, abs=1e-12)


def test_curves_are_of_the_same_scores_and_durations(ran: tuple[Project, Outcome]) -> None:
    project, _ = ran
    results = read_results(project.results_path)
    for case in results.cases:
        assert case.curves is not None
        assert case.curves.times is not None
        assert case.curves.times.quantiles_ms[50] == pytest.approx(case.p50_ms, rel=0.01)
        (roc,) = case.curves.roc
        x, y = np.array(roc.points).T
        assert np.trapezoid(y, x) == pytest.approx(case.mean_auc, abs=0.02)


def test_the_run_is_in_the_ledger(ran: tuple[Project, Outcome]) -> None:
    project, outcome = ran
    found = read_attempts(project.folder / "attempts.jsonl")
    assert [one.results_sha256 for one in found.attempts] == [outcome.results["digest"]]


def test_a_number_that_is_changed_by_hand_is_noticed(
    ran: tuple[Project, Outcome], tmp_path: Path
) -> None:
    project, _ = ran
    text = project.results_path.read_text(encoding="utf-8")
    changed = tmp_path / "results.json"
    changed.write_text(text.replace('"verdict": "pass"', '"verdict": "fail"', 1))
    with pytest.raises(DataError, match="isn't what its own digest is of"):
        read_results(changed)


@given(st.integers(1, 9), st.integers(1, 70), st.integers(0, 99))
def test_the_quantiles_that_are_drawn_are_those_that_are_judged(
    processes: int, rounds: int, seed: int
) -> None:
    drawn = np.random.default_rng(seed).integers(10**5, 10**8, (processes, rounds))
    record = times_record(drawn.astype(np.float64))
    for share in (50, 95):
        judged = percentile_upper(drawn, share / 100) / 1e6
        assert record.quantiles_ms[share] == pytest.approx(judged, abs=1e-5)
    assert record.quantiles_ms == sorted(record.quantiles_ms)
