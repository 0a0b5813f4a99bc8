"""Our median of `litert-compiled-cpu` by litert-benchmark's: `python benchmarks/compiled_cpu.py`.

Each pair is a fresh worker and a fresh `litert-benchmark` on the same CPU, one after the other in
turned order, with as many warm-up and timed runs. Prints the ratio of medians with its bounds, one-
sided 95 % each, and that of 5th percentiles, which other processes touch less; asserts nothing. Run
it on a quiet machine.

`--model FILE` takes any .tflite; without one, MobileNetV2 at 224 is made with TensorFlow. It isn't
trained: its time doesn't depend on its weights. litert-benchmark rounds to 0.01 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgeassay.measure.random_inputs import random_inputs
from edgeassay.spec import RandomInputs, RuntimeSpec
from edgeassay.stats import ratio_bounds
from edgeassay.workers import Worker

Summary = tuple[float, float]

MOBILENET = """
import sys, keras, tensorflow as tf
network = keras.applications.MobileNetV2((224, 224, 3), weights=None)
open(sys.argv[1], "wb").write(tf.lite.TFLiteConverter.from_keras_model(network).convert())
"""


def ours(model: Path, runtime: RuntimeSpec, runs: int, warmup: int, cpus: list[int]) -> Summary:
    """Our median and 5th percentile in ms, of a fresh worker."""
    with Worker(["{python}"], runtime.engine, label="model", timeout_s=120.0) as worker:
        worker.pin(cpus)
        loaded = worker.load(model, runtime, "model", "model")
        given = random_inputs(loaded, RandomInputs(), 0)
        timed = worker.time([loaded], [given], runs, warmup)
    low, median = np.percentile(timed.durations, [5, 50]) / 1e6
    return float(median), float(low)


def theirs(model: Path, runtime: RuntimeSpec, runs: int, warmup: int, cpus: list[int]) -> Summary:
    """The same as litert-benchmark reports them."""
    tool = shutil.which("litert-benchmark", path=str(Path(sys.executable).parent))
    assert tool is not None, "it comes with ai-edge-litert"
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        command = [
            *(tool, f"--model={model}", f"--num_threads={runtime.threads}"),
            *(f"--num_runs={runs}", f"--warmup_runs={warmup}", f"--result_json={result}"),
        ]
        pinned = ["taskset", "-c", ",".join(map(str, cpus)), *command]
        subprocess.run(pinned, check=True, capture_output=True)
        latency = json.loads(result.read_text())["latency"]
        return float(latency["median_ms"]), float(latency["p5_ms"])


def main() -> None:
    """Time the pairs and print what they show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    runtime = RuntimeSpec(engine="litert-compiled", threads=asked.threads)
    cpus = sorted(os.sched_getaffinity(0))[-asked.threads :]
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model
        if model is None:
            model = Path(folder, "mobilenetv2.tflite")
            subprocess.run([sys.executable, "-c", MOBILENET, str(model)], check=True)
        pairs = []
        for number in range(asked.pairs):
            sides = [ours, theirs] if number % 2 == 0 else [theirs, ours]
            took = {s: s(model, runtime, asked.runs, asked.warmup, cpus) for s in sides}
            pairs.append((took[ours], took[theirs]))
            print(f"pair {number + 1}: ours {took[ours][0]:.3f}, theirs {took[theirs][0]:.2f} ms")
    both = np.array(pairs)
    for name, mine, other in zip(("median", "p5"), both[:, 0].T, both[:, 1].T, strict=True):
        value, low, high = ratio_bounds(mine / other, 0.95)
        print(
            f"{name}: ours by litert-benchmark's {value:.4f} ({low:.4f} to {high:.4f}), median of"
            f" ratios {np.median(mine / other):.4f}; {np.median(mine):.3f} and"
            f" {np.median(other):.2f} ms"
        )
    print(f"{len(pairs)} pairs, {asked.threads} thread(s), load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
