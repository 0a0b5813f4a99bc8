"""What BASE and HEAD may be, and what is said of those that can't be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeassay.machine import this_machine
from suites.meta.saved_files import COMMIT, HARDWARE, End, SavedFile, compare, foreign, git_project
from suites.meta.saved_files import write as write_document

HERE = this_machine().fingerprint
FAIL, BAD, NOTHING = 1, 2, 4


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project under git, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(project: Path, number: int, file: SavedFile, hardware: str = HERE) -> Path:
    """A run in the project's storage, as pytest-benchmark names it."""
    below = project / ".assay/benchmarks" / hardware / "Linux-CPython-3.11-64bit"
    return replace(file, hardware=hardware).write(below / f"{number:04}_run.json")


def ended(project: Path, base: str, head: str, *words: str) -> End:
    return compare(base, head, *words, out=project / "out.json")


def test_a_commit_is_all_of_its_clean_runs_on_this_hardware(project: Path) -> None:
    first, second = git_project(project)
    few = SavedFile(processes=5)
    for number in range(4):
        saved(
            project, number, replace(few, commit=first, seed=number, extra={"artifact_sha256": "a"})
        )
        late = {"artifact_sha256": "b"}
        file = replace(few, commit=second, seed=10 + number, ms={"int8": 3.3}, extra=late)
        saved(project, 10 + number, file)
    saved(project, 20, replace(few, commit=second, dirty=True, ms={"int8": 9.0}))
    saved(project, 21, replace(few, commit=second, complete=False, ms={"int8": 9.0}))
    saved(project, 22, replace(few, commit=second, ms={"int8": 9.0}), HARDWARE)
    end = ended(project, "HEAD~1", "main")
    assert end.code == FAIL
    assert end.json["benchmarks"][0]["changes"][0]["effect"]["n"] == [20, 20]
    assert end.json["head"]["title"] == f"main ({second[:10]})"
    assert end.json["benchmarks"][0]["changes"][0]["head"] == pytest.approx(3.3, rel=0.01)


def test_runs_of_another_artifact_or_stack_are_no_processes_of_the_latest(project: Path) -> None:
    first, _ = git_project(project)
    dates = [f"2026-11-0{day}T12:00:00+00:00" for day in (3, 2, 1)]
    same = {"artifact_sha256": "a"}
    for seed, (version, date) in enumerate(zip(("2.3.0", "2.3.0", "1.0"), dates, strict=True)):
        extra = {**same, "stack": {"runtime_version": version}}
        saved(
            project, seed, SavedFile(commit=first, seed=seed, extra=extra, saved=date, processes=5)
        )
    end = ended(project, first, first)
    assert end.code == 0
    assert end.json["benchmarks"][0]["changes"][0]["effect"]["n"] == [10, 10]


def test_a_run_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        SavedFile(processes=4).write(tmp_path / f"base/{name}.json")
    head = SavedFile(processes=4, seed=2).write(tmp_path / "head.json")
    end = ended(tmp_path, str(tmp_path / "base"), str(head))
    assert end.json["benchmarks"][0]["changes"][0]["effect"]["n"] == [4, 4]


def test_what_others_disturbed_is_left_out_where_there_is_more(tmp_path: Path) -> None:
    same = {"artifact_sha256": "a"}
    for seed, extra in ((1, same), (2, {**same, "disturbed": "others"})):
        SavedFile(processes=6, seed=seed, extra=extra).write(tmp_path / f"base/{seed}.json")
    head = SavedFile(processes=6, seed=9, ms={"int8": 5.0}).write(tmp_path / "head.json")
    end = ended(tmp_path, str(tmp_path / "base"), str(head))
    assert end.code == FAIL
    assert end.json["benchmarks"][0]["changes"][0]["effect"]["n"] == [6, 6]


def test_a_folder_of_foreign_runs_has_a_process_a_file(tmp_path: Path) -> None:
    for side, ms in (("base", 2.0), ("head", 2.0)):
        for k in range(9):
            document = foreign({"a": ms * (1.0 + 0.004 * k)}, seed=k + 10 * (side == "head"))
            write_document(tmp_path / side / f"{k}.json", document)
    end = ended(tmp_path, str(tmp_path / "base"), str(tmp_path / "head"))
    assert end.code == 0
    assert end.json["benchmarks"][0]["changes"][0]["effect"]["n"] == [9, 9]


def test_a_commit_that_was_never_measured_is_told_with_those_that_were(project: Path) -> None:
    first, second = git_project(project)
    saved(project, 1, SavedFile(commit=first))
    end = ended(project, first, "HEAD")
    assert end.code == BAD
    assert f"HEAD ({second[:10]}): it was never measured" in end.text
    assert f"measured are {first[:10]} of 2026-11-01" in end.text


def test_runs_that_cannot_stand_for_a_commit_are_told(project: Path) -> None:
    first, second = git_project(project)
    saved(project, 1, SavedFile(commit=first, dirty=True))
    saved(project, 2, SavedFile(commit=first, complete=False))
    end = ended(project, first, first)
    assert end.code == BAD
    assert "1 with uncommitted changes, 1 cut short" in end.text
    saved(project, 3, SavedFile(commit=second), HARDWARE)
    end = ended(project, second, second)
    assert end.code == NOTHING
    assert f"measured on other hardware alone ({HARDWARE}, A Processor)" in end.text
    assert ended(project, second, second, "--across-machines").code == 0


def test_a_damaged_run_of_another_commit_is_in_nobody_s_way(project: Path) -> None:
    first, second = git_project(project)
    saved(project, 1, SavedFile(commit=first))
    path = saved(project, 2, SavedFile(commit=second))
    path.write_bytes(path.read_bytes()[:-40])
    saved(project, 3, SavedFile()).write_bytes(b"\0")
    assert ended(project, first, first).code == 0
    end = ended(project, first, second)
    assert end.code == BAD
    assert f"{path} is no whole JSON" in end.text


def test_mixed_folders_are_no_build(tmp_path: Path) -> None:
    one = SavedFile()
    for name, other in (
        ("versions of pytest-benchmark's format (4, 5)", replace(one, version="4.0.0")),
        ("commits", replace(one, commit="0" * 40)),
        ("kinds of hardware", replace(one, hardware="ba9876543210")),
    ):
        folder = tmp_path / name.partition(" ")[0]
        one.write(folder / "a.json")
        other.write(folder / "b.json")
        end = ended(tmp_path, str(folder), str(folder))
        assert (end.code, f"mixed {name}" in end.text) == (BAD, True), end.text


def test_a_folder_that_is_named_for_other_hardware_was_changed_by_hand(tmp_path: Path) -> None:
    named = tmp_path / "ba9876543210"
    for path in (named / "Linux-CPython-3.11-64bit/0001_x.json", named / "last.json"):
        SavedFile().write(path)
        end = ended(tmp_path, str(path), str(path))
        assert end.code == BAD
        assert (
            f"is of the hardware {HARDWARE}, and its folder is named for {named.name}" in end.text
        )
    moved = tmp_path / HARDWARE / "Linux-CPython-3.11-64bit/0001_x.json"
    SavedFile().write(moved)
    assert ended(tmp_path, str(moved), str(tmp_path / HARDWARE)).code == 0


def test_dirty_and_incomplete_files_are_taken_and_told(tmp_path: Path) -> None:
    base = SavedFile().write(tmp_path / "a.json")
    head = SavedFile(seed=2, dirty=True, complete=False).write(tmp_path / "b.json")
    end = ended(tmp_path, str(base), str(head))
    assert end.code == 0
    assert "1 of run had" not in end.text
    assert f"{head}: it had uncommitted changes" in end.text
    assert f"{head}: it was cut short" in end.text


def test_a_commit_is_found_by_its_beginning(project: Path) -> None:
    first, _ = git_project(project)
    saved(project, 1, SavedFile(commit=first))
    saved(project, 2, SavedFile(commit=COMMIT))
    assert ended(project, first[:8], first).code == 0
