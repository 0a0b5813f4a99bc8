"""The compiled runtime, for real: on the CPU, without a GPU, and on a software GPU.

The latter needs `apt-get install chromium libvulkan1`, whose SwiftShader is used where it is found.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeassay.breakeven.command import make_ladder
from edgeassay.cli import main
from edgeassay.config.shapes import default_ladder
from edgeassay.errors import Absent, ArtifactError
from edgeassay.spec import RuntimeSpec
from edgeassay.workers import Loaded, Worker
from suites.meta.project import BUDGET, PROFILE, Project
from suites.meta.tinymodels import (
    Graph,
    brightness,
    operator,
    write_classifier,
    write_model,
    write_several,
    write_text,
)

SWIFTSHADER: Final = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
NO_DRIVER: Final = "/no/such/driver.json"
CPU: Final = RuntimeSpec(engine="litert-compiled")
GPU: Final = RuntimeSpec(engine="litert-compiled", accelerator="gpu")
PLAIN: Final = RuntimeSpec()


@contextmanager
def loaded(path: Path, runtime: RuntimeSpec) -> Iterator[tuple[Worker, Loaded]]:
    with Worker(["{python}"], runtime.engine, label=path.stem, timeout_s=120.0) as worker:
        yield worker, worker.load(path, runtime, "a", path.stem)


def outputs(path: Path, runtime: RuntimeSpec, rows: int = 3, batch: int = 1) -> list[Any]:
    with loaded(path, runtime) as (worker, made):
        rng = np.random.default_rng(0)
        inputs: list[npt.NDArray[Any]] = [
            rng.integers(0, 100, (rows, *t.shape)).astype(t.dtype) for t in made.inputs
        ]
        return worker.run(made, [*inputs], batch)


@pytest.fixture
def software(monkeypatch: pytest.MonkeyPatch) -> str:
    """The driver of the software GPU, for this process and what it starts."""
    if not SWIFTSHADER.exists():
        pytest.skip(f"no {SWIFTSHADER}: apt-get install chromium libvulkan1")
    monkeypatch.setenv("VK_DRIVER_FILES", str(SWIFTSHADER))
    return str(SWIFTSHADER)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A few convolutions."""
    _, made = make_ladder(tmp_path, replace(default_ladder(), side=32, layers=2, widths=(8,)))
    return made.path


@pytest.fixture
def partly(tmp_path: Path) -> Path:
    """Three nodes, of which the GPU's delegate doesn't take the one in the middle."""
    graph, builtin = Graph(), schema.BuiltinOperator
    ends = [graph.tensor(f"t{k}", [1, 8, 8, 4], schema.TensorType.FLOAT32) for k in range(4)]
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:1], ends[-1:]
    subgraph.operators = [
        operator(code, [ends[k]], [ends[k + 1]], dense=False) for k, code in enumerate((0, 1, 0))
    ]
    codes = ((builtin.LOGISTIC, 1), (builtin.L2_NORMALIZATION, 1))
    write_model(tmp_path / "partly.tflite", graph, subgraph, codes)
    return tmp_path / "partly.tflite"


@pytest.mark.parametrize("int8", [False, True])
def test_on_the_cpu_it_is_the_interpreter_again(tmp_path: Path, *, int8: bool) -> None:
    path = tmp_path / "a.tflite"
    write_classifier(path, *brightness(3), int8=int8)
    with loaded(path, PLAIN) as (_, plain), loaded(path, CPU) as (_, compiled):
        assert compiled.inputs == plain.inputs
        assert compiled.outputs == plain.outputs
        assert compiled.facts == plain.facts
    for one, other in zip(outputs(path, PLAIN), outputs(path, CPU), strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


def test_several_inputs_and_outputs_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "several.tflite"
    write_several(path, int8=True)
    for one, other in zip(outputs(path, PLAIN), outputs(path, CPU), strict=True):
        assert one.tobytes() == other.tobytes()
    with loaded(path, CPU) as (_, made):
        assert made.facts == {"nodes": 2, "delegated_at_most": 1}


def test_rows_go_together_where_the_artifact_allows_it(tmp_path: Path) -> None:
    path = tmp_path / "dynamic.tflite"
    write_classifier(path, *brightness(2), dynamic_batch=True)
    (together,), (alone,) = outputs(path, CPU, rows=11, batch=4), outputs(path, CPU, rows=11)
    assert together.shape == alone.shape == (11, 1, 2)
    assert together.tobytes() == alone.tobytes()


def test_every_kernel_set_is_chosen(network: Path) -> None:
    found = {}
    for kernels in ("xnnpack", "builtin", "reference"):
        runtime = replace(CPU, kernels=kernels)
        (found[kernels],) = outputs(network, runtime)
        with loaded(network, runtime) as (_, made):
            assert (made.facts["delegated"] == 0) is (kernels != "xnnpack")
        (plain,) = outputs(network, replace(PLAIN, kernels=kernels))
        assert found[kernels].tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 8, 8, 1), np.int8), np.zeros((1, 4, 8, 1), np.float32)]
)
def test_an_input_of_another_type_or_shape_is_refused(
    tmp_path: Path, wrong: npt.NDArray[Any]
) -> None:
    """The runtime itself would take both."""
    path = tmp_path / "a.tflite"
    write_classifier(path, *brightness())
    with loaded(path, CPU) as (worker, made):
        with pytest.raises(ArtifactError, match=r"the input image takes float32"):
            worker.run(made, [wrong[np.newaxis]])
        assert worker.run(made, [np.zeros((1, 1, 8, 8, 1), np.float32)])


def test_what_it_can_not_run_is_refused_in_its_own_words(tmp_path: Path) -> None:
    text, junk = tmp_path / "text.tflite", tmp_path / "junk.tflite"
    write_text(text)
    junk.write_bytes(b"no model at all" * 9)
    for path, words in ((text, "Invalid buffer"), (junk, "Failed to build flatbuffer model")):
        with pytest.raises(ArtifactError, match=words), loaded(path, CPU):
            pass


def test_a_gpu_that_is_not_there_is_absent(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", NO_DRIVER)
    with pytest.raises(Absent, match="no GPU adapter was found"), loaded(network, GPU):
        pass


def test_without_a_gpu_claims_stay_unmeasured_whoever_computed_before(
    project: Project, software: str
) -> None:
    """Predictions that software made are no GPU's, and none are made."""
    options = ("--runtime=litert-compiled-gpu", "--variant=fp32", "suites/accuracy")
    project.environment = {"VK_DRIVER_FILES": software}
    before = project.run(*options)
    assert {c["kind"] for c in before.results["claims"]} == {"software"}
    project.environment = {"VK_DRIVER_FILES": NO_DRIVER}
    outcome = project.run(*options)
    assert {c["verdict"] for c in outcome.results["claims"]} == {"unmeasured"}
    assert all("no GPU adapter was found" in c["reason"] for c in outcome.results["claims"])
    assert outcome.named("failure") == outcome.named("error") == set()


def test_a_software_gpu_computes_what_the_cpu_does_and_is_named(
    network: Path, software: str
) -> None:
    (gpu,), (cpu,) = outputs(network, GPU), outputs(network, CPU)
    np.testing.assert_allclose(gpu, cpu, rtol=1e-3, atol=1e-3)
    with loaded(network, GPU) as (_, made):
        assert made.facts["software"] is True
        assert "SwiftShader" in made.facts["adapter"]
        assert made.facts["delegated"] == made.facts["nodes"] == 4


def test_an_inference_on_a_gpu_ends_when_its_outputs_are_there(
    tmp_path: Path, software: str
) -> None:
    """Told to compute, it returns at once: that alone would be a time of nothing."""
    _, made = make_ladder(tmp_path, replace(default_ladder(), side=64, layers=4, widths=(32,)))
    with loaded(made.path, GPU) as (worker, artifact):
        inputs = [np.zeros(t.shape, t.dtype) for t in artifact.inputs]
        phases = worker.phases(artifact, inputs, 5, 1)
        whole = worker.time([artifact], [inputs], 5, 1).durations
    assert np.median(phases.read_back) > np.median(phases.compute)
    assert np.median(whole) > 2 * np.median(phases.compute)


def test_a_silent_fall_back_to_the_cpu_is_seen(partly: Path, software: str) -> None:
    with loaded(partly, GPU) as (_, made):
        assert made.facts["nodes"] == 3
        assert made.facts["delegated"] == 1
        assert made.facts["left"] == ["L2_NORMALIZATION"]


def test_a_software_gpu_is_judged_on_what_it_computes_and_not_on_its_times(
    project: Project, software: str
) -> None:
    """The network loads, all of its nodes are delegated, and the delegate takes its dense layer
    over a whole image for one over the channels: only accuracy tells.
    """
    project.environment = {"VK_DRIVER_FILES": software, "COLUMNS": "200"}
    project.device_toml = PROFILE + BUDGET
    project.write_declarations()
    saved = project.folder / "saved.json"
    outcome = project.run(
        "--benchmark",
        "--runtime=litert-compiled-gpu",
        "--runtime=litert-compiled-cpu",
        f"--benchmark-json={saved}",
    )
    claims = {
        (c["case"]["runtime"], c["case"]["variant"], c["claim"]): c
        for c in outcome.results["claims"]
    }
    gpu = {key[1:]: c for key, c in claims.items() if key[0] == "litert-compiled-gpu"}
    assert gpu["fp32", "min_auc"]["verdict"] == "fail"
    assert gpu["fp32", "loads"]["verdict"] == "pass"
    assert claims["litert-compiled-cpu", "fp32", "min_auc"]["verdict"] == "pass"
    assert {c["kind"] for c in gpu.values()} == {"software"}
    for variant, claim in (("fp32", "latency_p95_ms"), ("int8", "latency_ratio")):
        timed = gpu[variant, claim]
        assert timed["verdict"] == "unmeasured"
        assert timed["measurement"]["value"] > 0.0
        assert "software stands in" in timed["reason"]
    for benchmark in json.loads(saved.read_text())["benchmarks"]:
        facts = benchmark["extra_info"]
        is_gpu = facts["runtime"] == "litert-compiled-gpu"
        assert facts["kind"] == ("software" if is_gpu else "measured")
        assert facts["stack"]["delegate"] == ("gpu" if is_gpu else "xnnpack")
        assert ("SwiftShader" in str(facts["stack"]["gpu_driver"])) is is_gpu
    assert outcome.text.count(" (s) ") >= 2  # in the table, of both variants


def break_even(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str, str]:
    small = replace(default_ladder(), side=16, layers=1, widths=(2, 4, 8), processes=3, turn_s=0.01)
    monkeypatch.setattr("edgeassay.breakeven.command.default_ladder", lambda: small)
    monkeypatch.setattr(sys, "argv", ["edgeassay", "break-even", *options])
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    captured = capsys.readouterr()
    assert isinstance(code, int)
    return code, captured.out, captured.err


def test_a_break_even_on_a_software_gpu_is_labelled(
    tmp_path: Path,
    software: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, chart = tmp_path / "a.json", tmp_path / "a.svg"
    code, shown, _ = break_even(monkeypatch, capsys, f"--json={data}", f"--chart={chart}")
    assert code == 0
    assert "software stands in for the accelerator" in shown
    found = json.loads(data.read_text())
    assert found["kind"] == "software"
    assert "SwiftShader" in found["runtimes"]["litert-compiled-gpu"]["adapter"]
    assert "SOFTWARE" in chart.read_text()


def test_a_break_even_without_a_gpu_or_with_a_wrong_name_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", NO_DRIVER)
    code, _, said = break_even(monkeypatch, capsys)
    assert code == 4
    assert "no GPU adapter was found" in said
    code, _, said = break_even(monkeypatch, capsys, "--runtime=litert-compiled-gpo")
    assert code == 2
    assert "did you mean 'litert-compiled-gpu'?" in said
    code, _, said = break_even(monkeypatch, capsys, "--against=litert-compiled-gpu")
    assert code == 2
    assert "name two" in said
    assert os.environ["VK_DRIVER_FILES"] == NO_DRIVER
