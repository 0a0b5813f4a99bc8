"""Whole runs in which something is wrong, excused or absent, and what they say of it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgeassay.machine import this_machine
from edgeassay.spec import INSTRUCTION_SETS
from suites.meta.project import BUDGET, IN_A_YEAR, MODEL_TOML, PROFILE, ROOT, Project
from suites.meta.tinymodels import brightness, write_classifier

INT8 = "tiny-int8-litert"
FP32 = "tiny-fp32-litert"


def test_a_worse_variant_turns_the_accuracy_claims_red(project: Project) -> None:
    weights, bias = brightness()
    write_classifier(project.artifacts / "tiny/int8.tflite", -weights, -bias, int8=True)
    outcome = project.run()
    assert outcome.code == 1
    assert outcome.named("failure") == {f"test_min_auc[{INT8}]", f"test_mean_auc_drop[{INT8}]"}


def test_outputs_that_are_not_finite_turn_every_claim_on_them_red(project: Project) -> None:
    weights, bias = brightness()
    write_classifier(project.artifacts / "tiny/fp32.tflite", np.full_like(weights, np.nan), bias)
    project.model_toml = MODEL_TOML.replace("size_ratio =", "# size_ratio =") + deviation(
        "mean_auc_drop"
    )
    project.write_declarations()
    outcome = project.run("--require-measured", "suites/accuracy", "suites/deviations")
    assert outcome.code == 1
    assert outcome.named("failure") == {
        f"test_finite_outputs[{FP32}]",
        f"test_min_auc[{FP32}]",
        # The deviation declares a drop; that no drop can be taken is another matter.
        f"test_mean_auc_drop[{INT8}]",
        "test_deviation_still_matches[tiny-mean_auc_drop-int8]",
    }
    assert "no finite numbers" in outcome.messages[f"test_mean_auc_drop[{INT8}]"]


def deviation(claim: str, expires: str = IN_A_YEAR) -> str:
    return (
        f'\n[[deviation]]\nclaim = "{claim}"\nvariant = "int8"\n'
        f'reason = "it is known of {claim}"\nexpires = {expires}\n'
    )


def test_deviations_excuse_go_stale_and_expire(project: Project) -> None:
    project.model_toml = (
        MODEL_TOML.replace("limit = 0.9,", "limit = 0.01,").replace(
            "latency_ratio = 50.0", "latency_ratio = 50.0\nparameters_ratio = 0.01"
        )
        + deviation("size_ratio")
        + deviation("min_auc")
        + deviation("parameters_ratio", expires="2001-01-01")
        + deviation("latency_ratio")
    )
    project.write()
    outcome = project.run()
    assert outcome.code == 1
    assert outcome.tests[f"test_size_ratio[{INT8}]"] == "xfailed"
    assert "known of size_ratio" in outcome.messages[f"test_size_ratio[{INT8}]"]
    assert outcome.named("failure") == {
        f"test_parameters_ratio[{INT8}]",  # expired: no excuse any more
        "test_deviation_still_matches[tiny-min_auc-int8]",
        "test_deviation_still_matches[tiny-parameters_ratio-int8]",
    }
    stale = outcome.messages["test_deviation_still_matches[tiny-min_auc-int8]"]
    assert "matches nothing any more" in stale
    expired = outcome.messages["test_deviation_still_matches[tiny-parameters_ratio-int8]"]
    assert "expired on 2001-01-01" in expired
    # Timing is off, so nobody knows whether this one still matches.
    assert outcome.tests["test_deviation_still_matches[tiny-latency_ratio-int8]"] == "skipped"
    size = next(c for c in outcome.results["claims"] if c["claim"] == "size_ratio")
    assert (size["verdict"], size["deviation"]) == ("fail", "it is known of size_ratio")


def test_an_expired_deviation_of_what_holds_is_a_fail_in_the_table_too(project: Project) -> None:
    project.model_toml = MODEL_TOML + deviation("size_ratio", expires="2001-01-01")
    project.write_declarations()
    outcome = project.run("suites/artifact", "suites/deviations")
    assert outcome.code == 1
    assert {c["verdict"] for c in outcome.results["claims"]} == {"pass"}
    rows = [line.split() for line in outcome.text.splitlines() if " litert " in line]
    assert [row[-1] for row in rows if "int8" in row] == ["fail"]
    (gone,) = outcome.results["to_remove"]
    assert gone["source"].endswith("models/tiny/model.toml:deviation[0]")
    assert [case["variant"] for case in gone["cases"]] == ["int8"]
    assert "fail: tiny: " in outcome.text
    last = outcome.text.rstrip().splitlines()[-1]
    assert last.startswith("edgeassay: fail: 1 deviation must be removed")


def test_what_is_collected_is_what_is_there(project: Project) -> None:
    """Claims that no limit makes aren't counted."""
    text = project.run("--collect-only", "--verbose", "--verbose").text
    number = text.count("<Function ")
    assert number > 0
    assert f"collected {number} items" in text
    assert f"{number} tests collected" in text
    assert "deselected" not in text


def test_an_artifact_whose_runtime_is_not_here_is_red_if_it_is_named(project: Project) -> None:
    """Its size alone is decided, and the other variant is measured."""
    onnx = project.folder / "models/tiny/other.onnx"
    onnx.parent.mkdir(parents=True, exist_ok=True)
    project.device_toml = PROFILE + '\nonnxruntime = ["/nowhere/python3"]\n'
    runtimes = '[runtimes]\nonnxruntime = { engine = "onnxruntime" }'
    variant = 'onnx = { artifact = "other.onnx" }'
    project.model_toml = MODEL_TOML.replace("\n[runtimes]", f"{variant}\n\n{runtimes}")
    project.write_declarations()
    shutil.copy(ROOT / "suites/runtimes/onnx/fp32.onnx", onnx)
    outcome = project.run("suites/artifact")
    assert outcome.code == 1
    assert "failed" not in outcome.text.rstrip().splitlines()[-2]
    assert (
        "ERROR: tiny onnx (--model tiny): this was named, and nothing of it was measured"
        in outcome.text
    )
    assert project.run("suites/artifact", "--variant=fp32", "--variant=int8").code == 0


def test_a_deviation_about_another_cpu_excuses_nothing_and_is_not_stale(project: Project) -> None:
    """One set that this CPU has, and one of another architecture, which it can't have."""
    here = this_machine()
    has = next(iter(here.isa), None)
    if has is None:
        pytest.skip("this system doesn't tell the CPU's instruction sets")
    lacks = next(name for name, of in INSTRUCTION_SETS.items() if here.architecture not in of)
    failing = MODEL_TOML.replace("limit = 0.9,", "limit = 0.01,")
    for isa, outcomes in ((has, ("xfailed", "failure")), (lacks, ("failure", None))):
        project.model_toml = failing + "".join(
            deviation(claim) + f'isa = "{isa}"\n' for claim in ("size_ratio", "min_auc")
        )
        project.write()
        outcome = project.run("suites/artifact", "suites/accuracy", "suites/deviations")
        assert outcome.code == 1
        stale = outcome.tests.get("test_deviation_still_matches[tiny-min_auc-int8]")
        assert (outcome.tests[f"test_size_ratio[{INT8}]"], stale) == outcomes, outcome.text
        deviations = {name for name in outcome.tests if "deviation" in name}
        assert len(deviations) == (2 if isa == has else 0)


def test_a_declared_failure_alone_leaves_the_run_green(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("limit = 0.9,", "limit = 0.01,") + deviation(
        "size_ratio"
    )
    project.write()
    outcome = project.run("suites/artifact", "suites/deviations")
    assert outcome.code == 0, outcome.text
    assert "1 declared" in outcome.text


@pytest.mark.parametrize("declared", [True, False])
def test_what_is_declared_not_to_load_fails_nothing_else(
    project: Project, *, declared: bool
) -> None:
    """Its time neither: no benchmark is made of it."""
    project.model_toml = MODEL_TOML + (deviation("loads") if declared else "")
    project.write()
    path = project.artifacts / "tiny/int8.tflite"
    path.write_bytes(path.read_bytes()[:200])
    only = ("-k", "loads or latency or deviation", "--benchmark")
    outcome = project.run(*only)
    times = {f"test_latency[{INT8}]", f"test_latency_ratio[{INT8}]"}
    if declared:
        assert outcome.code == 0, outcome.text
        assert outcome.tests[f"test_loads[{INT8}]"] == "xfailed"
        assert times <= outcome.named("skipped")
        words = outcome.messages[f"test_latency[{INT8}]"]
        assert "it doesn't load, as " in words
        assert "models/tiny/model.toml:deviation[0] declares" in words
    else:
        assert outcome.code == 1
        assert times <= outcome.named("failure")


def test_another_device_that_is_named_is_red(project: Project) -> None:
    project.device_toml = PROFILE.replace('architecture = "*"', 'hostname = "no-such-board"')
    project.write()
    outcome = project.run("--device", "bench", "--benchmark")
    assert outcome.code == 1, outcome.text
    assert outcome.tests[f"test_loads[{INT8}]"] == "skipped"
    assert outcome.tests[f"test_latency_ratio[{INT8}]"] == "skipped"
    assert "isn't the device" in outcome.messages[f"test_loads[{INT8}]"]
    (error,) = (line for line in outcome.text.splitlines() if line.startswith("ERROR: "))
    assert "tiny int8 (--model tiny), device bench (--device bench): this was named" in error
    assert "isn't the device" in error


DISTURBED = "tolerance.free_cpus wants 1000 left"


@pytest.mark.parametrize(
    ("option", "right", "wrong", "words"),
    [
        ("warn", "processes = 3", "processes = 2", "2 fresh processes show too little"),
        ("fail-untimed", "processes = 3", "processes = 2", "2 fresh processes show too little"),
        ("fail-untimed", "free_cpus = 0.0", "free_cpus = 1000.0", DISTURBED),
        ("fail", "free_cpus = 0.0", "free_cpus = 1000.0", DISTURBED),
    ],
)
def test_too_few_processes_and_a_disturbed_machine_are_inconclusive(
    project: Project, option: str, right: str, wrong: str, words: str
) -> None:
    """The default lets a disturbed time pass, and never one that too few processes were timed for:
    another run like this one would decide it no better.
    """
    project.device_toml = PROFILE.replace(right, wrong)
    project.write()
    red = option == "fail" or (option == "fail-untimed" and words != DISTURBED)
    given = () if option == "fail-untimed" else ("--inconclusive", option)
    # The times themselves are measured, so that something holds.
    outcome = project.run("--benchmark", *given, "suites/latency")
    assert outcome.code == int(red), outcome.text
    name = f"test_latency_ratio[{INT8}]"
    assert outcome.tests[name] == ("failure" if red else "skipped")
    assert outcome.properties[name]["edgeassay.verdict"] == "inconclusive"
    assert words in outcome.messages[name]
    assert ("the machine was disturbed in 2 of 2 timings" in outcome.text) == (words == DISTURBED)
    assert ("never decided in this run: latency_ratio" in outcome.text) == (words != DISTURBED)
    assert all(case["health"] for case in outcome.results["cases"])


def test_a_budget_that_too_few_processes_can_not_show_is_red(project: Project) -> None:
    project.device_toml = PROFILE + BUDGET
    project.write()
    outcome = project.run("--benchmark", "suites/latency")
    assert outcome.code == 1
    assert outcome.named("failure") == {f"test_latency_p95_ms[{case}]" for case in (FP32, INT8)}
    assert "59 fresh processes are needed" in outcome.messages[f"test_latency_p95_ms[{INT8}]"]
    begin = outcome.text.partition("timing tiny-fp32")[0]
    assert "latency_p95_ms has a limit of 10000 ms (tiny-fp32-litert, tiny-int8-litert)" in begin
    assert "3 processes can't show it: 59 are needed; set [timing] processes = 59 in " in begin
    assert "give a latency_ratio instead" in begin
    rows = [line for line in outcome.text.splitlines() if " litert   " in line]
    assert len(rows) == 2
    assert all("  undecided" in row for row in rows)


def test_an_unreadable_image_is_red_and_named(project: Project) -> None:
    (project.data / "spots/images/007.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    outcome = project.run()
    assert outcome.code == 1
    assert "007.png can't be read as an image" in outcome.messages[f"test_min_auc[{FP32}]"]
    assert "Traceback" not in outcome.text


def test_a_place_that_can_not_be_written_is_said_before_the_first_test(project: Project) -> None:
    (project.folder / "file").write_bytes(b"")
    outcome = project.run("--predictions", str(project.folder / "file" / "predictions"))
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert "can't be written" in outcome.text
    assert "Traceback" not in outcome.text


def test_require_measured_turns_what_is_unmeasured_red(project: Project) -> None:
    outcome = project.run("--require-measured", "suites/latency")
    assert outcome.code == 1
    assert outcome.named("failure") == {
        f"test_latency[{FP32}]",
        f"test_latency[{INT8}]",
        f"test_latency_ratio[{INT8}]",
    }


def test_wrong_data_is_said_once_before_the_first_test(project: Project) -> None:
    labels = project.data / "spots" / "labels.csv"
    labels.write_text(labels.read_text(encoding="utf-8").replace("finding", "diagnosis", 1))
    outcome = project.run()
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert "has no column 'finding'" in outcome.text
    assert "Traceback" not in outcome.text
    assert outcome.results is None


def test_a_build_without_tensorflow_says_what_to_do(project: Project) -> None:
    (project.folder / "models/tiny/tiny.keras").write_bytes(b"never read")
    (project.folder / "no_tensorflow.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda n, p=None: None if n == 'tensorflow' else find(n, p)\n"
    )
    project.environment["PYTHONPATH"] = str(project.folder)
    project.prebuilt = False
    outcome = project.run("-p", "no_tensorflow")
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert "TensorFlow isn't installed" in outcome.text
    assert "--artifacts DIR" in outcome.text
    assert "Traceback" not in outcome.text
    assert outcome.results is None


def test_absent_data_and_timing_off_are_unmeasured(project: Project) -> None:
    project.environment["EDGEASSAY_DATA"] = ""
    outcome = project.run()
    assert outcome.code == 0, outcome.text
    assert outcome.tests[f"test_mean_auc_drop[{INT8}]"] == "skipped"
    assert outcome.tests[f"test_latency_ratio[{INT8}]"] == "skipped"
    assert outcome.tests[f"test_size_ratio[{INT8}]"] == "passed"
    drop = next(c for c in outcome.results["claims"] if c["claim"] == "mean_auc_drop")
    assert drop["verdict"] == "unmeasured"
    assert drop["measurement"] is None
    assert "set EDGEASSAY_DATA" in drop["reason"]
    assert "6 unmeasured" in outcome.text
