"""Microcontrollers' kernels and Vela, as they are: where their environments are installed
(`edgeassay runtimes --install tflite-micro ethos-u`), else skipped.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeassay.assay import Assay
from edgeassay.config import catalogue
from edgeassay.devices import command_of, start_worker
from edgeassay.errors import Absent, ArtifactError, EdgeassayError, WorkerError
from edgeassay.spec import Case, RuntimeSpec
from edgeassay.workers import Loaded, Tensor, Worker
from fixtures.options import PLAN
from suites.meta.project import DEVICE_TOML, MODEL_TOML, Project
from suites.meta.tinymodels import brightness, write_classifier
from suites.properties.graph import packed, read_model

MICRO, NPU, REFERENCE = (
    catalogue()[name] for name in ("tflite-micro", "ethos-u", "litert-reference")
)
UNKNOWN = "MULTINOMIAL"  # neither a microcontroller nor an accelerator has it
# Loads and runs a model in an arena of a size, by the runtime's own interface alone.
RUN = """
import sys
import numpy as np
from tflite_micro import runtime
model = runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))
detail = model.get_input_details(0)
model.set_input(np.zeros(detail["shape"], detail["dtype"]), 0)
model.invoke()
"""


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Any:
    """Starts a worker of a runtime on the device of this run; skips where it isn't there."""
    workers: list[Worker] = []

    def started(runtime: RuntimeSpec) -> Worker:
        try:
            workers.append(start_worker(request.config.stash[PLAN].device, runtime, label="tiny"))
        except Absent as error:
            pytest.skip(str(error))
        return workers[-1]

    yield started
    for worker in workers:
        worker.close()


@pytest.fixture
def python(request: pytest.FixtureRequest) -> Any:
    """The Python of an environment; skips where it isn't installed."""

    def found(environment: str) -> str:
        try:
            return command_of(request.config.stash[PLAN].device, environment)[0]
        except Absent as error:
            pytest.skip(str(error))

    return found


@pytest.fixture
def phantom(assay: Assay) -> Any:
    """The embedded reference network's artifacts; skips where they can't be built."""

    def made(variant: str) -> Path:
        case = Case(model="phantom-cnn", variant=variant, runtime="litert", device="host")
        try:
            return assay.rig.artifact(case).path
        except EdgeassayError as error:
            pytest.skip(str(error))

    return made


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "int8.tflite"
    write_classifier(path, *brightness(2), int8=True)
    return path


@pytest.fixture
def unknown(tiny: Path) -> Path:
    """The same with an operator that nobody has, where its logistic function was."""
    model = read_model(tiny.read_bytes())
    code = next(c for c in model.operatorCodes if c.builtinCode == schema.BuiltinOperator.LOGISTIC)
    code.builtinCode = getattr(schema.BuiltinOperator, UNKNOWN)
    code.deprecatedBuiltinCode = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
    path = tiny.with_name("unknown.tflite")
    path.write_bytes(packed(model))
    return path


def load(worker: Worker, path: Path, runtime: RuntimeSpec) -> Loaded:
    return worker.load(path, runtime, "candidate", path.name)


def rows(loaded: Loaded, count: int = 6) -> list[Tensor]:
    rng = np.random.default_rng(5)
    return [rng.integers(-128, 128, (count, *t.shape)).astype(t.dtype) for t in loaded.inputs]


def runs(python: str, path: Path, arena_bytes: int) -> bool:
    command = [python, "-c", RUN, str(path), str(arena_bytes)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("variant", ["int8", "fp32"])
def test_the_arena_that_is_told_works_and_a_step_less_does_not(
    variant: str, start: Any, python: Any, phantom: Any
) -> None:
    path = phantom(variant)
    arena_bytes = load(start(MICRO), path, MICRO).facts["arena_bytes"]
    assert runs(python("tflite-micro"), path, arena_bytes)
    assert not runs(python("tflite-micro"), path, arena_bytes - 16)
    assert load(start(MICRO), path, MICRO).facts["arena_bytes"] == arena_bytes


def test_a_microcontrollers_integers_are_those_of_the_reference_kernels(
    start: Any, phantom: Any, tiny: Path
) -> None:
    for path in (phantom("int8"), tiny):
        found, expected = (start(runtime) for runtime in (MICRO, REFERENCE))
        here, there = load(found, path, MICRO), load(expected, path, REFERENCE)
        assert (here.inputs, here.outputs) == (there.inputs, there.outputs)
        given = rows(here)
        (micro,), (reference,) = found.run(here, given), expected.run(there, given)
        assert len(np.unique(micro)) > 2
        np.testing.assert_array_equal(micro, reference)


@pytest.mark.parametrize(
    ("variant", "words"),
    [("drq", "Hybrid models are not supported"), ("fp16", "Node DEQUANTIZE")],
)
def test_a_microcontroller_refuses_what_is_half_float_in_its_own_words(
    variant: str, words: str, start: Any, phantom: Any
) -> None:
    with pytest.raises(ArtifactError, match=words):
        load(start(MICRO), phantom(variant), MICRO)


def test_an_operator_that_a_microcontroller_lacks_is_named(start: Any, unknown: Path) -> None:
    with pytest.raises(ArtifactError, match=f"builtin opcode '{UNKNOWN}'"):
        load(start(MICRO), unknown, MICRO)


@pytest.mark.parametrize("runtime", [MICRO, NPU], ids=["tflite-micro", "ethos-u"])
def test_a_damaged_file_is_refused_and_the_worker_serves_the_next(
    runtime: RuntimeSpec, start: Any, tiny: Path
) -> None:
    worker, content = start(runtime), tiny.read_bytes()
    damaged = tiny.with_name("damaged.tflite")
    for broken in (b"", content[:100], content[: len(content) // 2], b"\xff" * 2000):
        damaged.write_bytes(broken)
        with pytest.raises(ArtifactError, match="refuses it") as error:
            load(worker, damaged, runtime)
        assert "Traceback" not in str(error.value)
        assert "\n" not in str(error.value)
    assert load(worker, tiny, runtime).facts


def vela(python: str, path: Path, folder: Path, target: str) -> tuple[dict[str, str], str]:
    """What Vela itself says: its summary's row, and its output."""
    command = [python, "-m", "ethosu.vela", str(path), "--accelerator-config", target]
    done = subprocess.run(
        [*command, "--output-dir", str(folder)], capture_output=True, text=True, check=True
    )
    (summary,) = folder.glob("*_summary_*.csv")
    with summary.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    return row, done.stdout


def operators(words: str, where: str) -> int:
    found = re.search(rf"^{where} operators = (\d+)", words, re.M)
    assert found is not None, words
    return int(found[1])


@pytest.mark.parametrize("target", ["ethos-u55-128", "ethos-u85-256"])
@pytest.mark.parametrize("variant", ["int8", "fp32"])
def test_what_is_told_of_an_accelerator_is_what_velas_summary_says(
    request: pytest.FixtureRequest, variant: str, target: str, tmp_path: Path
) -> None:
    start, python, phantom = map(request.getfixturevalue, ("start", "python", "phantom"))
    path, runtime = phantom(variant), RuntimeSpec(engine="ethos-u", target=target)
    facts = load(start(runtime), path, runtime).facts
    row, words = vela(python("ethos-u"), path, tmp_path / "vela", target)
    assert facts["cycles"] == int(row["cycles_total"])
    assert facts["sram_bytes"] == float(row["sram_memory_used"]) * 1024
    assert facts["dram_bytes"] == float(row["dram_memory_used"]) * 1024
    assert facts["system"] == row["system_config"]
    assert facts["memory"] == row["memory_mode"]
    assert facts["nodes"] - facts["delegated"] == operators(words, "CPU")
    assert facts["delegated"] == (13 if variant == "int8" else 0)
    assert (operators(words, "NPU") > 0) == (facts["delegated"] > 0)
    assert (facts["cycles"] > 0) == (facts["delegated"] > 0)


def test_vela_compiles_alike_twice(start: Any, phantom: Any) -> None:
    worker = start(NPU)
    once, twice = (load(worker, phantom("int8"), NPU).facts for _ in range(2))
    assert once == twice


def test_an_operator_that_falls_back_is_named_and_lowers_the_share(
    start: Any, tiny: Path, unknown: Path
) -> None:
    worker = start(NPU)
    whole, part = (load(worker, path, NPU).facts for path in (tiny, unknown))
    assert (whole["delegated"], whole["left"]) == (whole["nodes"], [])
    assert (part["delegated"], part["left"]) == (part["nodes"] - 1, [UNKNOWN])


def test_a_system_that_vela_does_not_know_is_nobodys_artifact(start: Any, tiny: Path) -> None:
    runtime = RuntimeSpec(engine="ethos-u", target="ethos-u55-128", system="Mars")
    with pytest.raises(WorkerError, match=r"System_Config.Mars not found"):
        load(start(runtime), tiny, runtime)


LIMITS = """
[[limit]]
claim = "arena_kb"
variant = "int8"
runtime = "tflite-micro"
limit = 100

[[limit]]
claim = "delegated_share"
variant = "int8"
runtime = "ethos-u"
limit = 1.0

[[limit]]
claim = "npu_sram_kb"
variant = "int8"
runtime = "ethos-u"
limit = 100
"""
DEVICE = """
tflite-micro = {{ python = "{micro}" }}
ethos-u = {{ python = "{npu}" }}

[runtimes.ethos-u]
target = "ethos-u65-256"

[runtimes.larger]
engine = "ethos-u"
target = "ethos-u85-512"
"""


def test_a_run_judges_what_can_be_told_and_says_of_the_rest_that_nothing_ran_it(
    python: Any, tmp_path: Path
) -> None:
    workers = DEVICE.format(micro=python("tflite-micro"), npu=python("ethos-u"))
    head, limits = DEVICE_TOML.split("\n[limits.tiny]")
    bench = f"{head.rstrip()}{workers}\n[limits.tiny]{limits}"
    project = Project(tmp_path, model_toml=MODEL_TOML + LIMITS, device_toml=bench)
    project.write()
    names = ("tflite-micro", "ethos-u", "larger")
    outcome = project.run("--benchmark", *(f"--runtime={name}" for name in names))
    assert outcome.code == 0, outcome.text
    assert outcome.results is not None, outcome.text
    claims = {
        (c["claim"], c["case"]["variant"], c["case"]["runtime"]): c
        for c in outcome.results["claims"]
    }
    for key in (("arena_kb", "tflite-micro"), ("delegated_share", "ethos-u")):
        assert claims[key[0], "int8", key[1]]["verdict"] == "pass", outcome.text
    assert claims["min_auc", "int8", "tflite-micro"]["verdict"] == "pass"
    assert claims["npu_sram_kb", "int8", "ethos-u"]["kind"] == "estimated"
    assert "ethos-u65-256" in claims["npu_sram_kb", "int8", "ethos-u"]["reason"]
    for claim in ("min_auc", "mean_auc_drop", "finite_outputs", "latency_p95_ms", "latency_ratio"):
        found = claims[claim, "int8", "larger"]
        assert (found["verdict"], found["kind"]) == ("unmeasured", "estimated")
        assert "compiles for an accelerator, and nothing runs it" in found["reason"]
    assert claims["latency_ratio", "int8", "tflite-micro"]["verdict"] == "unmeasured"
    cases = {(c["case"]["variant"], c["case"]["runtime"]): c for c in outcome.results["cases"]}
    assert cases["int8", "larger"]["estimate"]["target"] == "ethos-u85-512"
    assert cases["int8", "larger"]["kind"] == "estimated"
    assert cases["int8", "tflite-micro"]["arena_bytes"] > 0
    assert "estimated, not measured on a device" in outcome.text
    assert json.dumps(outcome.results)
