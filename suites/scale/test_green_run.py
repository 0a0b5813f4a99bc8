"""Every verdict, produced by a real run of pytest on a small project, and every gate seen red."""

from __future__ import annotations

import csv
import json
import platform
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import edgeassay
from edgeassay.report.results import json_schema
from suites.meta.project import Project

INT8 = "tiny-int8-litert"
FP32 = "tiny-fp32-litert"


def test_a_green_run_leaves_results_properties_predictions_and_exact_durations(
    project: Project,
) -> None:
    predictions, saved = project.folder / "predictions", project.folder / "benchmark.json"
    outcome = project.run("--predictions", str(predictions), f"--benchmark-json={saved}")
    assert outcome.code == 0, outcome.text
    assert set(outcome.tests.values()) == {"passed"}
    check_results(outcome.results)
    check_properties(outcome.properties[f"test_size_ratio[{INT8}]"])
    check_predictions(project, predictions / f"{INT8}.csv")
    check_benchmark(json.loads(saved.read_text(encoding="utf-8")))
    assert "9 claims: 9 pass" in outcome.text
    assert outcome.text.rstrip().endswith("edgeassay: pass: all 9 claims hold")
    assert "tiny/int8: the artifact came without its manifest" in outcome.text


def check_results(results: object) -> None:
    assert isinstance(results, dict)
    assert results["complete"] is True
    schema = json.loads(json_schema())
    jsonschema.validate(results, schema)
    assert results["schema"] == 1
    assert results["edgeassay"] == edgeassay.__version__
    size = next(c for c in results["claims"] if c["claim"] == "size_ratio")
    assert size["case"] == {
        "model": "tiny",
        "variant": "int8",
        "runtime": "litert",
        "device": "bench",
    }
    assert size["limit"]["value"] == 0.9
    assert size["limit"]["source"].endswith("models/tiny/model.toml:limits.int8.size_ratio.limit")
    assert size["limit"]["rationale"] == "smaller is why it exists"
    assert 0 < size["measurement"]["value"] < 0.9
    assert size["kind"] == "measured"
    (case,) = (c for c in results["cases"] if c["case"] == size["case"])
    assert (case["kind"], case["architecture"]) == ("measured", platform.machine())
    assert case["options"]["kernels"] == "xnnpack"
    assert case["loaded"]["nodes"] > 0
    assert case["delegated_share"] == case["loaded"]["delegated"] / case["loaded"]["nodes"]
    assert case["evaluated_images"] == 158
    assert case["intervals"]["p50_ms"]["value"] == case["p50_ms"]
    assert case["intervals"]["latency_ratio"]["value"] == case["latency_ratio"]
    assert "--model=tiny" in results["command"]


def check_properties(properties: object) -> None:
    assert isinstance(properties, dict)
    assert properties["edgeassay.verdict"] == "pass"
    assert properties["edgeassay.claim"] == "size_ratio"
    assert properties["edgeassay.variant"] == "int8"
    assert float(properties["edgeassay.measurement_value"]) < 0.9


def check_predictions(project: Project, path: Path) -> None:
    """The integers are those of a plain interpreter loop, written here without the engine."""
    interpreter = Interpreter(model_path=str(project.artifacts / "tiny/int8.tflite"))
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = given["quantization"]
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 158
    for row in rows:
        pixels = np.asarray(Image.open(project.data / "spots" / row["image"]), np.float32) / 255
        steps = np.clip(np.rint(pixels / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], steps.reshape(1, 8, 8, 1))
        interpreter.invoke()
        raw = int(interpreter.get_tensor(made["index"])[0, 0])
        assert int(row["bright.raw"]) == raw
        assert float(row["bright"]) == pytest.approx((raw + 128) / 256)


def check_benchmark(saved: Any) -> None:
    """pytest-benchmark recorded the worker's durations, every one, to the nanosecond."""
    assert {b["extra_info"]["variant"] for b in saved["benchmarks"]} == {"fp32", "int8"}
    for benchmark in saved["benchmarks"]:
        verdicts = {c["claim"]: c["verdict"] for c in benchmark["extra_info"]["claims"]}
        assert verdicts["min_auc"] == "pass"
        durations = np.array(benchmark["extra_info"]["durations_ns"])
        assert durations.shape == (3, 30)
        stats = benchmark["stats"]
        assert stats["rounds"] == 90
        assert stats["min"] == durations.min() / 1e9
        assert stats["max"] == durations.max() / 1e9
        assert stats["median"] == pytest.approx(float(np.median(durations)) / 1e9, rel=1e-12)
