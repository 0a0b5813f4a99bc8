"""The ledger of looks at a test split: every line follows on the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgeassay.errors import ConfigError, DataError
from edgeassay.report.attempts import append_attempt, read_attempts
from edgeassay.report.results import Results
from suites.meta.matrix_files import CaseFile, results


def run_at(hour: int, *, model: str = "chest", quality: bool = True) -> Results:
    case = CaseFile("int8", "litert", model=model)
    case.claimed("min_auc" if quality else "size_ratio", value=0.9, limit=0.8)
    return Results.model_validate(results([case], started=f"2026-11-21T{hour:02d}:00:00Z"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "kept" / "attempts.jsonl"
    for hour in (9, 10, 11):
        append_attempt(path, run_at(hour), f"{hour:064d}")
    return path


def test_each_run_that_looked_is_a_line(ledger: Path) -> None:
    found = read_attempts(ledger)
    assert found.broken is None
    assert [one.started.hour for one in found.attempts] == [9, 10, 11]
    assert found.attempts[0].looks[0].verdicts == {"pass": 1}
    since = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert len(found.of("chest", since)) == 2
    assert found.of("other") == []


def test_a_run_that_only_looked_at_bytes_is_none(ledger: Path) -> None:
    append_attempt(ledger, run_at(12, quality=False), "d")
    assert len(read_attempts(ledger).attempts) == 3


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_is_taken_out_is_noticed(ledger: Path, line: int) -> None:
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:line] + lines[line + 1 :]))
    broken = read_attempts(ledger).broken
    assert broken is not None
    assert "doesn't follow on the one before" in broken


def test_a_line_that_is_changed_is_noticed(ledger: Path) -> None:
    ledger.write_text(ledger.read_text().replace('"pass":1', '"fail":1', 1))
    assert "line 2" in str(read_attempts(ledger).broken)


def test_after_a_torn_line_the_ledger_goes_on_and_says_so(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:-30])
    append_attempt(ledger, run_at(12), "d")
    found = read_attempts(ledger)
    assert "line 3" in str(found.broken)
    assert [one.started.hour for one in found.attempts] == [9, 10, 12]


def test_what_cannot_be_written_or_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="can't be written: Is a directory; choose another"):
        append_attempt(tmp_path / "folder", run_at(9), "d")
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        read_attempts(tmp_path / "folder")
    assert read_attempts(tmp_path / "none").attempts == ()
