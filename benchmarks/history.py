"""How long a history of 5,000 saved runs takes: `python benchmarks/history.py`. Asserts nothing.

Makes the runs in a temporary folder (1.3 GB): ten benchmarks, each with 5 processes of 60 rounds,
and the claims of a run beside them. Run it on a quiet machine with two CPUs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.machine import Machine, hashed, this_machine
from edgeassay.spec import ClaimName

VARIANTS: Final = ("fp32", "fp16", "drq", "int8", "int16x8")
MODELS: Final = ("phantom-cnn", "pneumonia-mobilenetv2")
SHAPE: Final = (5, 60)  # processes, rounds
NOISE: Final = 0.025  # between processes
CLAIMS: Final = 15  # of each case
SLOWER: Final = 1.06  # the second half of the history, in one benchmark


def machine_info(machine: Machine) -> dict[str, Any]:
    """What pytest-benchmark and we say of a machine."""
    cpu = {"brand_raw": "Example CPU", "arch": "X86_64", "count": 2, "flags": ["sse2"] * 120}
    return {
        "node": "example",
        "processor": "",
        "machine": "x86_64",
        "python_version": "3.11.7",
        "system": "Linux",
        "cpu": cpu,
        "edgeassay": {"fingerprint": machine.fingerprint, "hardware": hashed(machine)},
    }


def benchmark(rng: np.random.Generator, case: dict[str, str], base_ns: float) -> dict[str, Any]:
    """One case as pytest-benchmark's file has it."""
    speed = np.exp(NOISE * rng.standard_normal((SHAPE[0], 1)))
    rounds = np.exp(0.03 * rng.standard_normal(SHAPE))
    durations = np.rint(base_ns * speed * rounds).astype(int)
    seconds = durations.reshape(-1) / 1e9
    name = f"test_latency_ratio[{case['model']}-{case['variant']}-{case['runtime']}]"
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return {
        "group": case["model"],
        "name": name,
        "fullname": f"suites/latency/test_latency.py::{name}",
        "params": {"claim": f"UNSERIALIZABLE[{name}]"},
        "extra_info": {
            **case,
            "artifact_sha256": sha256,
            "size_bytes": 642_720,
            "mean_auc": 0.9912,
            "stack": {"runtime": "litert", "runtime_version": "2.3.0", "threads": 1, "batch": 1},
            "p50_ms": float(np.median(seconds)) * 1e3,
            "processes": SHAPE[0],
            "durations_ns": durations.tolist(),
            "drawn_rounds": [1] * SHAPE[0],
            "init_ns": durations[:, 0].tolist(),
            "disturbed": None,
        },
        "options": {"timer": "ReplayClock", "min_rounds": 5, "warmup": False},
        "stats": {
            "min": float(seconds.min()),
            "max": float(seconds.max()),
            "mean": float(seconds.mean()),
            "stddev": float(seconds.std()),
            "median": float(np.median(seconds)),
            "rounds": seconds.size,
            "iterations": 1,
        },
    }


def claims(cases: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What a run says of its cases."""
    names = list(ClaimName)[:CLAIMS]
    return [
        {
            "claim": name.value,
            "case": case,
            "class": None,
            "measurement": {"value": 0.5, "unit": "AUC", "low": 0.4, "high": 0.6, "n": 1146},
            "reference": 0.99118,
            "limit": {"value": 0.01, "source": "models/example/model.toml:limits", "rationale": ""},
            "verdict": "pass",
            "deviation": None,
            "reason": "the mean AUC drops by 0.0011 (at most 0.0040), at most 0.0100 may be lost",
            "kind": "measured",
        }
        for case in cases
        for name in names
    ]


def make_runs(folder: Path, count: int, *, seed: int = 0) -> None:
    """Save `count` runs of this machine in a storage."""
    rng = np.random.default_rng(seed)
    machine = this_machine()
    place = folder / machine.fingerprint / "Linux-CPython-3.11-64bit"
    place.mkdir(parents=True)
    cases = [
        {"model": model, "variant": variant, "runtime": "litert", "device": "host"}
        for model in MODELS
        for variant in VARIANTS
    ]
    info, said = machine_info(machine), claims(cases)
    for number in range(count):
        saved = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=3 * number)
        commit = hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()
        slower = SLOWER if number >= count // 2 else 1.0
        run = {
            "machine_info": info,
            "commit_info": {"id": commit, "dirty": False, "branch": "main"},
            "benchmarks": [
                benchmark(rng, case, 1e6 * (index + 1) * (slower if index == 3 else 1.0))
                for index, case in enumerate(cases)
            ],
            "datetime": saved.isoformat(),
            "version": "5.3.1",
            "edgeassay": {"schema": 1, "complete": True, "claims": said},
        }
        (place / f"{number + 1:04}_{commit}.json").write_text(json.dumps(run, indent=4))


def main() -> None:
    """Make runs, summarise them twice, and print the times and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--keep", type=Path, help="make the runs here, once, and leave them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        storage = given.keep or Path(temporary)
        if not any(storage.glob("*/*/*.json")):
            make_runs(storage, given.runs)
        megabytes = sum(path.stat().st_size for path in storage.rglob("*.json")) / 1e6
        command = [sys.executable, "-m", "edgeassay", "history", "--storage", str(storage)]
        for _ in range(2):
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            elapsed = time.perf_counter() - started
            print(
                f"{given.runs:,} runs, {megabytes:.0f} MB, {os.cpu_count()} CPUs: {elapsed:.1f} s"
            )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process: {peak:.0f} MB")
    print(done.stdout)


if __name__ == "__main__":
    main()
