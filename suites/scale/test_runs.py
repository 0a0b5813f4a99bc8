"""Whole runs that take longer: every limit tightened, cut short, beside others, a worker struck."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import replace

import psutil
import pytest

from edgeassay.artifacts import Recipe, write_artifact
from suites.meta.project import DEVICE_TOML, MODEL_TOML, PROFILE, Project
from suites.meta.tinymodels import brightness, write_classifier, write_crash

INT8 = "tiny-int8-litert"
FP32 = "tiny-fp32-litert"
STARTS = ("init_ms", "first_inference_ms", "end_to_end_p95_ms", "peak_memory_mb")


@pytest.mark.long
def test_a_tightened_limit_turns_its_own_test_red_and_names_the_file(project: Project) -> None:
    project.model_toml = (
        MODEL_TOML.replace("limit = 0.9,", "limit = 0.01,")
        .replace("latency_ratio = 50.0", "latency_ratio = 0.0001")
        .replace("min_auc = 0.7", "min_auc = 0.9999")
    )
    project.device_toml = DEVICE_TOML.replace("10000.0", "0.0000001").replace(
        "processes = 3", "processes = 5"
    ) + "".join(f"{name} = 0.0000001\n" for name in STARTS)
    project.write()
    outcome = project.run("--benchmark")
    assert outcome.code == 1
    assert outcome.named("failure") == {
        f"test_size_ratio[{INT8}]",
        f"test_latency_ratio[{INT8}]",
        f"test_min_auc[{FP32}]",
        f"test_min_auc[{INT8}]",
        f"test_latency_p95_ms[{FP32}]",
        f"test_latency_p95_ms[{INT8}]",
        *(f"test_{name}[{case}]" for name in STARTS for case in (FP32, INT8)),
    }
    message = outcome.messages[f"test_size_ratio[{INT8}]"]
    assert "models/tiny/model.toml:limits.int8.size_ratio.limit" in message
    assert "limit at most 0.01" in message
    assert "devices/bench.toml:limits.tiny" in outcome.messages[f"test_latency_p95_ms[{INT8}]"]
    assert "Traceback" not in outcome.text
    # No commit has a model that lies outside the checkout.
    assert outcome.results["dirty"]
    outside = project.folder / "models/tiny/model.toml"
    assert str(outside) in outcome.results["uncommitted"]
    assert "uncommitted changes, so that no commit says what was judged: " in outcome.text


def test_a_run_cut_short_says_so_and_leaves_nothing_green(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("min_auc = 0.7", "min_auc = 0.9999")
    project.write()
    outcome = project.run("--exitfirst", "suites/accuracy")
    assert outcome.code == 1
    assert outcome.results["complete"] is False
    verdicts = {(c["claim"], c["case"]["variant"]): c for c in outcome.results["claims"]}
    assert verdicts["min_auc", "fp32"]["verdict"] == "fail"
    assert verdicts["mean_auc_drop", "int8"]["verdict"] == "unmeasured"
    assert verdicts["mean_auc_drop", "int8"]["reason"] == "the run ended before it was judged"


@pytest.mark.parametrize("damage", ["truncated", "foreign"])
def test_an_artifact_that_does_not_load_is_red(project: Project, damage: str) -> None:
    path = project.artifacts / "tiny/int8.tflite"
    path.write_bytes(path.read_bytes()[:200] if damage == "truncated" else b"PK\x03\x04" * 100)
    outcome = project.run()
    assert outcome.code == 1
    assert f"test_loads[{INT8}]" in outcome.named("failure")
    assert f"test_mean_auc_drop[{INT8}]" in outcome.named("failure")
    assert f"test_loads[{FP32}]" not in outcome.named("failure")
    assert "int8.tflite" in outcome.messages[f"test_loads[{INT8}]"]
    assert "Traceback" not in outcome.text


@pytest.mark.long
def test_xdist_never_passes_a_latency_claim(project: Project) -> None:
    outcome = project.run("-n", "2", "--benchmark")
    assert outcome.code == 0, outcome.text
    assert outcome.tests[f"test_latency_ratio[{INT8}]"] == "skipped"
    assert outcome.tests[f"test_mean_auc_drop[{INT8}]"] == "passed"
    ratio = next(c for c in outcome.results["claims"] if c["claim"] == "latency_ratio")
    assert ratio["verdict"] == "unmeasured"


@pytest.mark.long
def test_benchmark_only_keeps_all_that_is_timed_and_nothing_else(project: Project) -> None:
    outcome = project.run("--benchmark-only")
    assert outcome.code == 0, outcome.text
    assert outcome.named("passed") | outcome.named("skipped") == {
        f"test_latency[{FP32}]",
        f"test_latency[{INT8}]",
        f"test_latency_ratio[{INT8}]",
    }


def strike(host: int, blow: signal.Signals) -> None:
    """Send a signal to the first worker of a host process that is found."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        for child in psutil.Process(host).children(recursive=True):
            try:
                if any(word.endswith("edgeassay/worker") for word in child.cmdline()):
                    os.kill(child.pid, blow)
                    return
            except (psutil.Error, ProcessLookupError):
                continue
        time.sleep(0.005)
    raise AssertionError("no worker was found to strike")


@pytest.mark.long
@pytest.mark.parametrize(
    ("blow", "words"),
    [(signal.SIGKILL, "was killed by SIGKILL"), (signal.SIGSTOP, "was silent for 2 s")],
)
def test_a_worker_that_dies_or_hangs_fails_one_test_and_the_run_goes_on(
    project: Project, blow: signal.Signals, words: str
) -> None:
    project.device_toml = PROFILE.replace("timeout_s = 20.0", "timeout_s = 2.0")
    project.write()
    with project.start() as process:
        strike(process.pid, blow)
        text, _ = process.communicate(timeout=120)
    outcome = project.outcome(process.returncode, text)
    assert outcome.code == 1
    (failed,) = outcome.named("failure")
    assert words in outcome.messages[failed]
    assert "tiny/" in outcome.messages[failed]
    assert "litert" in outcome.messages[failed]
    assert len(outcome.named("passed")) == 7


def test_an_artifact_that_the_runtime_crashes_on_is_red_alone(project: Project) -> None:
    write_crash(project.artifacts / "tiny/int8.tflite")
    outcome = project.run("suites/artifact")
    assert outcome.code == 1
    said = outcome.messages[f"test_loads[{INT8}]"]
    assert "the worker that served tiny/int8" in said
    assert "on runtime litert was killed by SIGSEGV; the runtime crashes on it: export" in said
    assert outcome.tests[f"test_loads[{INT8.replace('int8', 'fp32')}]"] == "passed"


def test_a_float_artifact_in_the_place_of_int8_is_red(project: Project) -> None:
    write_classifier(project.artifacts / "tiny/int8.tflite", *brightness())
    outcome = project.run("suites/artifact")
    assert outcome.code == 1
    assert f"test_loads[{INT8}]" in outcome.named("failure")
    assert "declared as an integer artifact" in outcome.messages[f"test_loads[{INT8}]"]


def test_artifacts_of_other_weights_are_red(project: Project) -> None:
    weights = project.folder / "models/tiny/tiny.keras"
    weights.write_bytes(b"these weights")
    path = project.artifacts / "tiny/int8.tflite"
    recipe = Recipe(
        model="tiny",
        variant="int8",
        source_sha256=hashlib.sha256(b"other weights").hexdigest(),
        data_sha256=None,
        settings={"method": "int8", "calibration_images": 8},
        versions={},
    )
    write_artifact(path, path.read_bytes(), recipe)
    outcome = project.run("suites/artifact")
    assert outcome.code == 1
    assert "made from other weights" in outcome.messages[f"test_loads[{INT8}]"]
    write_artifact(
        path,
        path.read_bytes(),
        replace(recipe, source_sha256=hashlib.sha256(b"these weights").hexdigest()),
    )
    assert project.run("suites/artifact").code == 0
