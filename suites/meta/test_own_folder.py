"""What a project keeps for itself is nothing that git takes, whoever makes the folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeassay.ab.sides import _keep
from edgeassay.atomic import OWN, locked, make_folder, private_folder, write_text
from edgeassay.privacy import KEY_FILE, KEY_VARIABLE, redactor
from edgeassay.report.attempts import LEDGER, append_attempt
from edgeassay.report.beside import keep_beside
from edgeassay.report.results import Results
from edgeassay.runs.scores import SavedScores
from suites.meta.matrix_files import CaseFile, results

KEPT = "*\n"


def key(folder: Path) -> None:
    redactor(folder).host("a-host")
    assert (folder / KEY_FILE).is_file()


def ledger(folder: Path) -> None:
    case = CaseFile("int8", "litert").claimed("min_auc", value=0.9)
    append_attempt(folder / LEDGER, Results.model_validate(results([case])), "0" * 64)
    assert (folder / LEDGER).is_file()


def lock(folder: Path) -> None:
    with locked(folder / OWN / "artifacts/tiny.lock", "", ""):
        pass


def revision(folder: Path) -> None:
    write_text(folder / "built/int8.tflite", "")
    _keep(folder / "built", folder / OWN / "revisions/0123")
    assert (folder / OWN / "revisions/0123/int8.tflite").is_file()


def untracked(folder: Path) -> str:
    """What `git add -A` would take."""
    words = ["git", "-C", str(folder), "status", "--porcelain", "-uall"]
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "makes",
    [
        key,
        ledger,
        lock,
        revision,
        lambda folder: write_text(folder / OWN / "results.json", "{}"),
        lambda folder: write_text(folder / OWN / "predictions/deep/er/x.outputs", ""),
        lambda folder: make_folder(folder / OWN / "runtimes"),
        lambda folder: private_folder(folder / OWN / "benchmarks"),
    ],
)
def test_whoever_makes_it_git_ignores_it(
    tmp_path: Path, makes: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    makes(tmp_path)
    assert (tmp_path / OWN / ".gitignore").read_text("utf-8") == KEPT
    assert OWN not in untracked(tmp_path)


@pytest.mark.parametrize("kept", ["scores", "segments"])
def test_what_is_kept_beside_results_is_nothing_that_git_takes(tmp_path: Path, kept: str) -> None:
    saved = SavedScores.of(
        scores=np.array([[0.1], [0.9]]),
        truth=np.array([[0], [1]]),
        patients=np.array([0, 1]),
        classes=["a"],
        names=["0", "1"],
    )
    for _ in range(2):  # the second run replaces what the first one left
        keep_beside(
            tmp_path / "results.json",
            [saved] if kept == "scores" else [],
            ["a,b\n"] if kept == "segments" else [],
        )
        folder = tmp_path / "results.scores"
        assert (folder / ".gitignore").read_text("utf-8") == KEPT
        assert len([path for path in folder.rglob("*") if path.is_file()]) == 2
        assert "results.scores" not in untracked(tmp_path)


def test_no_folder_is_made_for_a_run_that_keeps_nothing(tmp_path: Path) -> None:
    keep_beside(tmp_path / "results.json", [], [])
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_folder_of_ours_gets_nothing(tmp_path: Path) -> None:
    write_text(tmp_path / "out/results.json", "{}")
    write_text(tmp_path / "my.assay/results.json", "{}")
    assert not list(tmp_path.rglob(".gitignore"))


def test_a_folder_that_was_named_for_it_is_ignored_where_it_is_made(tmp_path: Path) -> None:
    private_folder(tmp_path / "cache")
    write_text(tmp_path / "cache/tiny/scores.outputs", "")
    (tmp_path / "mine").mkdir()
    private_folder(tmp_path / "mine")
    assert (tmp_path / "cache/.gitignore").read_text("utf-8") == KEPT
    assert list((tmp_path / "mine").iterdir()) == []
    assert "cache" not in untracked(tmp_path)


def test_what_somebody_wrote_there_stays(tmp_path: Path) -> None:
    (tmp_path / OWN).mkdir()
    (tmp_path / OWN / ".gitignore").write_text("*\n!README\n", "utf-8")
    make_folder(tmp_path / OWN / "runtimes")
    assert (tmp_path / OWN / ".gitignore").read_text("utf-8") == "*\n!README\n"
