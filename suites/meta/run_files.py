"""Saved runs as pytest-benchmark writes them, of our own and of other projects, made by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

CASE: Final = {"model": "chest", "variant": "int8", "runtime": "litert", "device": "host"}
HARDWARE: Final = {"architecture": "x86_64", "cpu_model": "Example CPU"}
CLAIM: Final = {
    "claim": "size_ratio",
    "case": CASE,
    "class": None,
    "measurement": {"value": 0.3, "unit": "ratio", "low": None, "high": None, "n": 1},
    "reference": 1_617_940,
    "limit": {"value": 0.4, "source": "models/chest/model.toml:limits.size_ratio"},
    "verdict": "pass",
    "deviation": None,
    "reason": "it has 0.300 of the reference's bytes",
    "kind": "measured",
}
START: Final = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def fingerprint(hardware: dict[str, str]) -> str:
    """As machines are named."""
    digest = hashlib.sha256(json.dumps(hardware, sort_keys=True).encode("utf-8"))
    return digest.hexdigest()[:12]


def entry(fullname: str, data: Sequence[float], *, iterations: int = 1) -> dict[str, Any]:
    """A benchmark as pytest-benchmark writes it; `data` is in s."""
    return {
        "group": "chest",
        "name": fullname.rpartition("::")[2],
        "fullname": fullname,
        "params": None,
        "param": None,
        "extra_info": {},
        "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": 5},
        "stats": {
            "min": float(np.min(data)),
            "max": float(np.max(data)),
            "mean": float(np.mean(data)),
            "stddev": float(np.std(data)),
            "rounds": len(data),
            "median": float(np.median(data)),
            "iterations": iterations,
            "data": list(data),
        },
    }


def foreign(version: str = "5.3.1") -> dict[str, Any]:
    """A run of another project: one benchmark with its durations, and one without."""
    spoken, silent = (
        entry(f"tests/test_sum.py::test_sum[{n}]", [1e-3 * n, 2e-3 * n, 3e-3 * n]) for n in (1, 2)
    )
    del silent["stats"]["data"]
    return {
        "machine_info": {
            "node": "builder",
            "processor": "",
            "machine": "x86_64",
            "python_compiler": "GCC 12.2.0",
            "python_implementation": "CPython",
            "python_version": "3.11.7",
            "system": "Linux",
            "cpu": {"arch": "X86_64", "count": 2, "brand_raw": "Example CPU", "flags": ["avx2"]},
        },
        "commit_info": {"id": "c0ffee" + "0" * 34, "dirty": False, "branch": "main"},
        "benchmarks": [spoken, silent],
        "datetime": "2026-03-01T12:00:00.5+00:00",
        "version": version,
    }


def ours(ms: float = 3.0, *, seed: int = 0, **known: Any) -> dict[str, Any]:
    """A run of ours of one case, of three processes with four rounds each; `known` goes into what
    is said of the case.
    """
    rng = np.random.default_rng(seed)
    durations = np.rint(ms * 1e6 * np.exp(0.01 * rng.standard_normal((3, 4)))).astype(int)
    made = foreign()
    made["benchmarks"] = [entry("suites/latency/test_latency.py::test[x]", [ms / 1e3] * 12)]
    made["benchmarks"][0]["extra_info"] = {
        **CASE,
        "artifact_sha256": "a" * 64,
        "size_bytes": 642_720,
        "mean_auc": 0.99,
        "stack": {"runtime": "litert", "runtime_version": "2.3.0", "gpu_driver": None},
        "durations_ns": durations.tolist(),
        "disturbed": None,
        **known,
    }
    made["machine_info"]["edgeassay"] = {
        "fingerprint": fingerprint(HARDWARE),
        "hardware": HARDWARE,
    }
    made["edgeassay"] = {"schema": 1, "complete": True, "claims": [CLAIM]}
    return made


def write_run(path: Path, made: dict[str, Any]) -> Path:
    """Save it, as pytest-benchmark does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made, indent=4), encoding="utf-8")
    return path


def write_history(folder: Path, runs: Sequence[dict[str, Any]]) -> Path:
    """Save runs, one a day, each of its own commit."""
    for number, made in enumerate(runs):
        made["commit_info"]["id"] = hashlib.sha256(str(number).encode("utf-8")).hexdigest()[:40]
        made["datetime"] = (START + timedelta(days=number)).isoformat()
        write_run(folder / f"{number + 1:04}_run.json", made)
    return folder


def commit_of(number: int) -> str:
    """The commit of the run with this number, from 0 on, as people write it."""
    return hashlib.sha256(str(number).encode("utf-8")).hexdigest()[:10]
