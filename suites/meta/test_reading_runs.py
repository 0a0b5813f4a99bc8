"""Files of pytest-benchmark are read, whatever project and version they are of; others are refused
by one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.errors import DataError
from edgeassay.runs.reading import read_run
from edgeassay.spec import ClaimName
from suites.meta import commands
from suites.meta.run_files import CASE, CLAIM, HARDWARE, fingerprint, foreign, ours, write_run

SUITE = """
import pytest

@pytest.mark.benchmark(group="sums")
@pytest.mark.parametrize("n", [1, 10])
def test_sum(benchmark, n):
    benchmark(sum, range(n))

def test_many(benchmark):
    benchmark.pedantic(sum, args=(range(1000),), rounds=5, iterations=20)
"""


def refused(path: Path) -> str:
    """The one sentence that a file is refused with."""
    with pytest.raises(DataError) as caught:
        read_run(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(path) in sentence
    return sentence


def test_a_foreign_run_has_names_commit_time_and_machine(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "a.json", foreign()))
    assert list(run.benchmarks) == [f"tests/test_sum.py::test_sum[{n}]" for n in (1, 2)]
    assert (run.version, run.branch, run.dirty, run.ours) == ("5.3.1", "main", False, False)
    assert run.commit == "c0ffee" + "0" * 34
    assert run.saved == datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC)
    assert run.hardware.startswith("foreign-")
    assert run.machine["brand_raw"] == "Example CPU"
    assert (run.claims, run.scores, run.complete) == ((), {}, True)


def test_a_foreign_run_is_of_one_process_or_has_its_median_alone(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "a.json", foreign()))
    spoken, silent = run.benchmarks.values()
    assert [list(one) for one in spoken.processes] == [[1e-3, 2e-3, 3e-3]]
    assert (spoken.median_s, silent.median_s) == (2e-3, 4e-3)
    assert silent.processes == ()
    assert spoken.case is None
    assert spoken.stack["python_version"] == "3.11.7"


def test_our_own_run_is_of_several_processes(tmp_path: Path) -> None:
    made = ours()
    run = read_run(write_run(tmp_path / "a.json", made))
    (timed,) = run.benchmarks.values()
    durations = np.array(made["benchmarks"][0]["extra_info"]["durations_ns"]) / 1e9
    assert (timed.key, timed.name) == ("chest-int8-litert on host", "chest-int8-litert")
    assert timed.case is not None
    assert timed.case.model_dump() == CASE
    np.testing.assert_array_equal(np.stack(timed.processes), durations)
    assert timed.median_s == np.median(np.median(durations, axis=1))
    assert (timed.size_bytes, timed.mean_auc) == (642_720, 0.99)
    assert timed.stack == {"runtime": "litert", "runtime_version": "2.3.0"}
    assert run.hardware == fingerprint(HARDWARE)
    assert [claim.claim for claim in run.claims] == [ClaimName.SIZE_RATIO]


def test_processes_with_unlike_rounds_have_the_median_of_their_medians(tmp_path: Path) -> None:
    made = ours(durations_ns=[[1_000_000], [2_000_000, 4_000_000], [9_000_000] * 3])
    (timed,) = read_run(write_run(tmp_path / "a.json", made)).benchmarks.values()
    assert timed.median_s == 3e-3


def test_without_claims_the_same_is_read_but_for_them(tmp_path: Path) -> None:
    path = write_run(tmp_path / "a.json", ours())
    quick, whole = read_run(path, claims=False), read_run(path)
    assert quick.claims == ()
    (one,), (other,) = quick.benchmarks.values(), whole.benchmarks.values()
    assert (one.key, one.median_s, one.mean_auc) == (other.key, other.median_s, other.mean_auc)


def test_a_users_own_test_beside_ours_is_read_as_a_foreign_one(tmp_path: Path) -> None:
    made = ours()
    made["benchmarks"] += foreign()["benchmarks"]
    run = read_run(write_run(tmp_path / "a.json", made))
    assert [timed.case is None for timed in run.benchmarks.values()] == [False, True, True]


@pytest.mark.parametrize("commit", ["unknown", "unversioned", "", None])
def test_what_no_version_control_knows_is_of_no_commit(commit: str | None, tmp_path: Path) -> None:
    made = foreign()
    made["commit_info"]["id"] = commit
    assert read_run(write_run(tmp_path / "a.json", made)).commit is None


def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    made = foreign("4.0.0")  # which writes none
    made["datetime"] = "2026-03-01T12:00:00.500000"
    assert read_run(write_run(tmp_path / "a.json", made)).saved == datetime(
        2026, 3, 1, 12, 0, 0, 500_000, UTC
    )


def test_a_file_that_was_just_written_by_pytest_benchmark_is_read(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE, encoding="utf-8")
    options = ["--benchmark-max-time=0.01", "--benchmark-min-rounds=3", "--benchmark-save-data"]
    options += ["--benchmark-autosave", "--benchmark-storage=file://./storage"]
    command = ["pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=."]
    command += ["--benchmark-json=whole.json", *options, "test_it.py"]
    done = commands.run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    (saved,) = tmp_path.glob("storage/*/0001_*.json")
    for path in (tmp_path / "whole.json", saved):
        run = read_run(path)
        one, ten, many = run.benchmarks.values()
        assert (one.name, ten.name) == ("test_it.py::test_sum[1]", "test_it.py::test_sum[10]")
        written = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
        # Of several iterations a round, the data are durations of one iteration as well.
        assert len(many.processes[0]) == 5
        for timed, said in zip((one, ten, many), written, strict=True):
            assert timed.median_s == pytest.approx(said["stats"]["median"], rel=1e-9)


OTHERS: dict[str, Any] = {
    "google-benchmark": {"context": {"date": ""}, "benchmarks": [{"name": "BM", "cpu_time": 1.0}]},
    "hyperfine": {"results": [{"command": "sleep 1", "mean": 1.0, "times": [1.0]}]},
    "pytest-json-report": {"created": 1.0, "exitcode": 0, "summary": {}, "tests": []},
    "asv": {"commit_hash": "c0ffee", "env_name": "py3.11", "results": {}, "version": 2},
    "edgeassay": {"schema": 1, "edgeassay": "0.1", "claims": []},
    "list": [1, 2, 3],
    "nothing": None,
}


@pytest.mark.parametrize("tool", OTHERS)
def test_another_tools_file_is_refused(tool: str, tmp_path: Path) -> None:
    path = write_run(tmp_path / "a.json", OTHERS[tool])
    assert "is no file of pytest-benchmark" in refused(path)


@pytest.mark.parametrize("version", ["3.4.1", "2.5.0", "6.0.0"])
def test_another_version_is_refused(version: str, tmp_path: Path) -> None:
    path = write_run(tmp_path / "a.json", foreign(version))
    assert f"is of version {version} of pytest-benchmark's format, and 4 and 5" in refused(path)


@pytest.mark.parametrize("made", [foreign, ours], ids=["foreign", "ours"])
def test_a_truncated_file_is_refused_wherever_it_ends(
    made: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    path = write_run(tmp_path / "a.json", made())
    whole = path.read_bytes()
    for end in [*range(0, len(whole), 1000), len(whole) - 1]:
        path.write_bytes(whole[:end])
        assert ("is no whole JSON" if end else "is empty") in refused(path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in (b"\xff\xfe{\x00}\x00", b"\x00" * 100, b'{"a": "\xe9"}', b"[" * 100_000):
        path.write_bytes(content)
        assert "is no whole JSON" in refused(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "doesn't exist" in refused(tmp_path / "a.json")
    (tmp_path / "b.json").mkdir()
    assert "can't be read: Is a directory" in refused(tmp_path / "b.json")


CHANGES: dict[str, tuple[str, object, str]] = {
    "zero": ("durations_ns", [[3_000_000, 0]], "has a duration of 0 s: a clock stood still"),
    "negative": ("durations_ns", [[3_000_000], [-5]], "has a duration of -5e-09 s"),
    "not-a-number": ("durations_ns", [[float("nan")]], "has a duration of nan s"),
    "flat": ("durations_ns", [1, 2], "durations_ns isn't a list of durations for each process"),
    "ragged": ("durations_ns", [[1, [2]]], "durations_ns isn't a list of durations"),
    "endless": ("durations_ns", [[10**400]], "durations_ns isn't a list of durations"),
    "words": ("durations_ns", "quick", "durations_ns isn't a list of durations"),
    "one-number": ("durations_ns", 3, "durations_ns isn't a list of durations"),
    "size": ("size_bytes", -1, "has size_bytes = -1: it was changed by hand"),
    "auc": ("mean_auc", 1.2, "has mean_auc = 1.2: it was changed by hand"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_by_hand_is_refused(change: str, tmp_path: Path) -> None:
    key, value, words = CHANGES[change]
    known: dict[str, Any] = {key: value}
    path = write_run(tmp_path / "a.json", ours(**known))
    assert words in refused(path)


@pytest.mark.parametrize("value", [0.0, -1e-3, float("inf")])
def test_a_foreign_summary_without_time_is_refused(value: float, tmp_path: Path) -> None:
    made = foreign()
    made["benchmarks"][1]["stats"]["median"] = value
    assert "a clock stood still or ran backwards" in refused(write_run(tmp_path / "a.json", made))


def test_a_machine_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    made = ours()
    made["machine_info"]["edgeassay"]["hardware"] = {**HARDWARE, "cpu_model": "Another CPU"}
    assert "isn't what the fingerprint" in refused(write_run(tmp_path / "a.json", made))
    del made["machine_info"]["edgeassay"]["fingerprint"]
    assert "has no fingerprint" in refused(write_run(tmp_path / "a.json", made))


def test_a_run_without_benchmarks_is_refused(tmp_path: Path) -> None:
    made = foreign()
    made["benchmarks"] = []
    assert "has no benchmarks" in refused(write_run(tmp_path / "a.json", made))


def test_a_benchmark_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    made = foreign()
    made["benchmarks"].append(made["benchmarks"][0])
    assert "twice" in refused(write_run(tmp_path / "a.json", made))


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    made = foreign()
    for text in ("yesterday", "2026-13-01", "0001-01-01T00:00:00+23:59"):
        made["datetime"] = text
        assert "is no date" in refused(write_run(tmp_path / "a.json", made))


def test_claims_that_were_changed_by_hand_are_refused(tmp_path: Path) -> None:
    made = ours()
    made["edgeassay"]["claims"][0] = {**made["edgeassay"]["claims"][0], "verdict": "splendid"}
    assert "edgeassay.claims.0.verdict" in refused(write_run(tmp_path / "a.json", made))
    said = {"case": CASE, "sha256": "a" * 64, "data_sha256": ["b"]}
    for key, value in (
        ("scores.0.case", {"scores": [{**said, "case": 3}]}),
        ("scores.0.data_sha256", {"scores": [said]}),
        ("cases", {"cases": None}),
        ("cases.0.case.model", {"cases": [{"case": {**CASE, "model": []}}]}),
        ("unasked.0.claim", {"unasked": [{"case": CASE}]}),
    ):
        made["edgeassay"] = {"complete": True, "claims": [], **value}
        assert f"edgeassay.{key}: " in refused(write_run(tmp_path / "a.json", made))


@pytest.mark.parametrize("seconds", [1e308, 5e-324, 1e-14])
def test_a_duration_that_no_clock_measures_is_refused(tmp_path: Path, seconds: float) -> None:
    made = foreign()
    made["benchmarks"][0]["stats"]["data"] = [seconds, seconds]
    assert "or jumped" in refused(write_run(tmp_path / "a.json", made))
    del made["benchmarks"][0]["stats"]["data"]
    made["benchmarks"][0]["stats"]["median"] = seconds
    assert "or jumped" in refused(write_run(tmp_path / "a.json", made))


def test_what_would_steer_a_terminal_is_escaped_wherever_it_stands(tmp_path: Path) -> None:
    red, shown = "\x1b[31m\u202e", "\\x1b[31m\\u202e"
    made = ours(stack={"runtime": red}, disturbed=red, model=red)
    made["commit_info"] = {"id": red, "branch": red}
    made["machine_info"]["edgeassay"] = {"fingerprint": red, "cpu_model": red}
    made["edgeassay"]["claims"] = [{**CLAIM, "reason": f"one\ntwo{red}"}]
    run = read_run(write_run(tmp_path / "a.json", made))
    (timed,) = run.benchmarks.values()
    found = [run.commit, run.branch, run.hardware, *run.machine.values(), *timed.stack.values()]
    assert {*found, timed.disturbed} == {shown}
    assert (timed.name, run.claims[0].reason) == (f"{shown}-int8-litert", f"one\\ntwo{shown}")
    made = foreign()
    made["benchmarks"][0]["fullname"] = f"tests/é.py::test[{red}]"
    assert f"tests/é.py::test[{shown}]" in read_run(write_run(tmp_path / "a.json", made)).benchmarks
