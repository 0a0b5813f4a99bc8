"""Runs that pytest-benchmark saves: what is in their files, which are whole whatever happens."""

from __future__ import annotations

import json
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.report.beside import beside
from edgeassay.report.results import Results
from edgeassay.runs.reading import read_run
from edgeassay.runs.scores import read_scores
from edgeassay.runs.storage import saved_files
from suites.meta.project import ROOT, Project

INT8 = "tiny-int8-litert"
FP32 = "tiny-fp32-litert"
TIMED = "suites/latency"


def storage(project: Project) -> Path:
    """The one folder of a fingerprint below the project's storage."""
    (folder,) = (project.folder / "saved").glob("*/")
    return folder


def saving(project: Project, name: str = "main") -> tuple[str, ...]:
    return (f"--benchmark-storage={project.folder / 'saved'}", f"--benchmark-save={name}")


def benchmark(run: Any, variant: str) -> Any:
    return next(b for b in run["benchmarks"] if b["extra_info"]["variant"] == variant)


def everything_parses(folder: Path) -> None:
    for path in folder.rglob("*.json"):
        json.loads(path.read_bytes())
    for path in folder.rglob("*.npz"):
        read_scores(path.parent.parent, path.stem)


@pytest.mark.long
def test_a_saved_run_can_be_compared_later(project: Project) -> None:
    outcome = project.run(*saving(project), "suites/artifact", "suites/accuracy", TIMED)
    assert outcome.code == 0, outcome.text
    (path,) = saved_files(storage(project))
    assert path.name == "0001_main.json"
    for kept in ("saved", "predictions"):  # git takes neither runs nor scores
        assert (project.folder / kept / ".gitignore").read_text("utf-8") == "*\n"
    run = json.loads(path.read_bytes())
    int8, fp32 = (benchmark(run, variant)["extra_info"] for variant in ("int8", "fp32"))
    assert int8["fingerprint"] == storage(project).name
    assert int8["stack"] == {
        "runtime": "ai-edge-litert",
        "runtime_version": int8["worker"]["runtime_version"],
        "delegate": "xnnpack",
        "gpu_driver": None,
        "threads": 1,
        "batch": 1,
        "signature": None,
    }
    assert len(int8["reference_medians_ns"]) == int8["processes"] == 3
    assert int8["reference_sha256"] == fp32["artifact_sha256"]
    assert (fp32["reference_medians_ns"], fp32["reference_sha256"]) == (None, None)
    assert {claim["claim"] for claim in int8["claims"]} >= {"size_ratio", "latency_ratio"}

    results = Results.model_validate(run["edgeassay"])
    assert results.complete
    assert run["edgeassay"] == outcome.results
    assert {record.case.variant for record in results.scores} == {"fp32", "int8"}
    for record in results.scores:
        found = read_scores(storage(project), record.sha256)
        assert found.data_sha256 == record.data_sha256
        assert len(found.scores) > 100
        assert found.classes == ("bright",)
        beside_results = read_scores(beside(project.results_path), record.sha256)
        assert beside_results.sha256 == found.sha256

    read = read_run(path)
    timed = next(t for t in read.benchmarks.values() if t.case and t.case.variant == "int8")
    assert timed.stack["delegate"] == "xnnpack"
    assert read.scores.keys() == {record.case for record in results.scores}

    again = project.run(*saving(project), TIMED, "suites/accuracy")
    assert again.code == 0, again.text
    _, second = saved_files(storage(project))
    assert second.name == "0002_main.json"
    assert json.loads(second.read_bytes())["edgeassay"]["scores"] == run["edgeassay"]["scores"]
    assert len(list((storage(project) / "scores").iterdir())) == 2


def test_the_json_alone_names_scores_and_keeps_none(project: Project) -> None:
    path = project.folder / "below" / "run.json"
    place = f"--benchmark-storage={project.folder / 'saved'}"
    outcome = project.run(place, f"--benchmark-json={path}", "suites/accuracy", TIMED)
    assert outcome.code == 0, outcome.text
    run = json.loads(path.read_bytes())
    assert len(run["edgeassay"]["scores"]) == 2
    assert run["benchmarks"][0]["stats"]["data"]
    assert not (storage(project) / "scores").exists()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.long
def test_two_runs_at_once_save_two_whole_files(project: Project, tmp_path: Path) -> None:
    both = [Project(tmp_path / name) for name in ("a", "b")]
    place = tmp_path / "saved"
    for one in both:
        one.write()
    running = [
        one.start(f"--benchmark-storage={place}", f"--benchmark-save={one.folder.name}", TIMED)
        for one in both
    ]
    for process in running:
        text, _ = process.communicate(timeout=120)
        assert process.returncode == 0, text
    (folder,) = place.glob("*/")
    saved = saved_files(folder)
    assert [path.name[:5] for path in saved] == ["0001_", "0002_"]
    assert {path.stem[5:] for path in saved} == {"a", "b"}
    for path in saved:
        assert len(json.loads(path.read_bytes())["benchmarks"]) == 2


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_saves_what_it_has_and_says_so(project: Project) -> None:
    """Ctrl-C while the second case is timed."""
    project.device_toml = project.device_toml.replace("processes = 3", "processes = 15")
    project.write()
    process = project.start(*saving(project), "-vv", TIMED)
    assert process.stdout is not None
    for line in process.stdout:
        if FP32 in line and "PASSED" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    (path,) = saved_files(storage(project))
    run = json.loads(path.read_bytes())
    assert [b["extra_info"]["variant"] for b in run["benchmarks"]] == ["fp32"]
    results = Results.model_validate(run["edgeassay"])
    assert not results.complete
    unjudged = [c for c in results.claims if c.reason == "the run ended before it was judged"]
    assert "latency_ratio" in {claim.claim for claim in unjudged}


@pytest.mark.long
def test_a_run_killed_at_any_moment_leaves_whole_files(project: Project) -> None:
    started = time.monotonic()
    only = ("-k", "test_latency or min_auc", TIMED, "suites/accuracy")
    assert project.run(*saving(project), *only).code == 0
    takes_s = time.monotonic() - started
    drawn = np.random.default_rng(4)
    for _ in range(5):
        process = project.start(*saving(project), *only)
        time.sleep(takes_s * drawn.uniform(0.6, 1.0))
        process.kill()
        process.communicate(timeout=60)
        everything_parses(project.folder / "saved")
    outcome = project.run(*saving(project), *only)
    assert outcome.code == 0, outcome.text
    numbers = [path.name[:4] for path in saved_files(storage(project))]
    assert len(numbers) >= 2
    assert len(set(numbers)) == len(numbers)
    everything_parses(project.folder / "saved")


SAVING = """
import sys
from pathlib import Path
from edgeassay.runs.storage import save_run
while True:
    save_run(Path(sys.argv[1]), "here", "a", b'{"a": "' + b"b" * 3_000_000 + b'"}')
"""


def test_saves_killed_in_the_act_leave_whole_files(tmp_path: Path) -> None:
    drawn, folder = np.random.default_rng(5), tmp_path / "saved"
    for _ in range(12):
        process = subprocess.Popen([sys.executable, "-c", SAVING, str(folder)], cwd=ROOT)
        deadline = time.monotonic() + 60
        while not (saved := saved_files(folder)):
            assert time.monotonic() < deadline, "nothing was saved"
            time.sleep(0.01)
        time.sleep(drawn.uniform(0.0, 0.1))
        process.kill()
        process.wait(timeout=60)
        saved = saved_files(folder)
        assert len({path.name[:4] for path in saved}) == len(saved)
        everything_parses(folder)
        shutil.rmtree(folder)


def other_machine(path: Path, factor: float) -> None:
    """A saved run as of another machine's description, its times multiplied."""
    run = json.loads(path.read_bytes())
    run["machine_info"]["system"] = "elsewhere"
    for saved in run["benchmarks"]:
        for name in ("min", "max", "mean", "median", "stddev", "iqr"):
            saved["stats"][name] *= factor
    path.write_text(json.dumps(run))


@pytest.mark.long
def test_comparing_works_outside_the_working_directory(project: Project) -> None:
    """pytest-benchmark's own storage crashes there when it tells that the machine differs."""
    only = ("-k", f"test_latency[{FP32}] or latency_ratio", TIMED)
    assert project.run(*saving(project), *only).code == 0
    place = f"--benchmark-storage={project.folder / 'saved'}"
    other_machine(saved_files(storage(project))[0], 1.0)
    same = project.run(place, "--benchmark-compare", *only)
    assert same.code == 0, same.text
    assert "0001_main" in same.text
    assert "machine_info is different" in same.text
    other_machine(saved_files(storage(project))[0], 0.001)
    for wanted in ("--benchmark-compare=0001", "--benchmark-compare=*main"):
        slower = project.run(place, wanted, "--benchmark-compare-fail=median:400%", *only)
        assert slower.code == pytest.ExitCode.TESTS_FAILED
        assert "Performance has regressed" in slower.text
        assert "Traceback" not in slower.text
        assert f"results: {project.results_path}" in slower.text
    assert len(saved_files(storage(project))) == 1


def test_a_machine_is_no_other_because_its_name_is_replaced(tmp_path: Path) -> None:
    project = Project(tmp_path, identified=False)
    project.write()
    only = ("-k", f"test_latency[{FP32}]", TIMED)
    assert project.run(*saving(project), *only).code == 0
    for more in ((), ("--identified",)):
        again = project.run(*saving(project), "--benchmark-compare", *more, *only)
        assert again.code == 0, again.text
        assert "Comparing against benchmarks from" in again.text
        assert "machine_info is different" not in again.text
    hidden, _, named = (json.loads(p.read_bytes()) for p in saved_files(storage(project)))
    assert named["machine_info"]["node"] == platform.node()
    assert hidden["machine_info"]["node"].startswith("host-")


def test_the_first_run_may_ask_for_a_comparison(project: Project) -> None:
    outcome = project.run(*saving(project), "--benchmark-compare", "-k", "test_latency", TIMED)
    assert outcome.code == 0, outcome.text
    assert "Nothing to compare with" in outcome.text
    assert len(saved_files(storage(project))) == 1


@pytest.mark.long
def test_a_run_that_can_not_be_saved_in_the_end_is_told_and_not_green(project: Project) -> None:
    """The folders go away while the run is under way."""
    places = [str(project.folder / name) for name in ("saved", "given")]
    (project.folder / "breaking.py").write_text(
        "import pathlib, shutil\n"
        "def pytest_runtest_logfinish():\n"
        f"    for place in map(pathlib.Path, {places}):\n"
        "        shutil.rmtree(place, ignore_errors=True)\n"
        "        place.is_file() or place.write_text('')\n"
    )
    project.environment["PYTHONPATH"] = str(project.folder)
    only = ("-k", "test_latency_ratio or test_latency[", TIMED, "-p", "breaking")
    outcome = project.run(*saving(project), f"--benchmark-json={places[1]}/run.json", *only)
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert outcome.text.count("ERROR: ") == 2
    for place in places:
        assert f"ERROR: {place}/" in outcome.text
    assert "Traceback" not in outcome.text
    assert outcome.results["complete"]
