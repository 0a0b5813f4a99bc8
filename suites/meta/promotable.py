"""Saved runs as a clean tree leaves them, small enough to write by the dozen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.runs.scores import SavedScores, write_scores
from edgeassay.spec import Case, Verdict

COMMIT = "c0ffee" + 34 * "0"
HARDWARE = "0123456789ab"
FP32, INT8 = (
    Case(model="tiny", variant=variant, runtime="litert", device="bench")
    for variant in ("fp32", "int8")
)


def scores_of(case: Case, images: int = 60, shift: float = 0.0) -> SavedScores:
    """Scores that tell most positives from most negatives; `shift` of them are exchanged."""
    rng = np.random.default_rng(3)
    truth = np.arange(images).reshape(-1, 1) % 2
    return SavedScores.of(
        scores=np.clip(0.6 * truth + rng.normal(0.2, 0.1, (images, 1)) + shift, 0.0, 1.0),
        truth=truth,
        patients=np.arange(images),
        classes=("bright",),
        names=[f"{case.model}-{number}" for number in range(images)],
    )


def claimed(case: Case, name: str, verdict: Verdict = Verdict.PASS, **more: Any) -> dict[str, Any]:
    """A claim of a case as results.json has it."""
    return {
        "claim": name,
        "case": vars(case),
        "class": None,
        "measurement": None,
        "reference": None,
        "limit": None,
        "verdict": verdict.value,
        "deviation": None,
        "deviation_expires": None,
        "reason": "because",
        "kind": "measured",
    } | more


@dataclass
class Run:
    """A run on its way to a file."""

    cases: Sequence[Case] = (FP32, INT8)
    claims: Sequence[dict[str, Any]] = ()
    commit: str = COMMIT
    dirty: bool = False
    complete: bool = True
    hardware: str = HARDWARE
    saved: str = "2026-11-01T12:00:00+00:00"
    median_ms: float = 2.0
    size_bytes: int = 1000
    disturbed: str | None = None
    scores: dict[Case, SavedScores] = field(default_factory=dict)
    unasked: Sequence[dict[str, Any]] = ()
    case_facts: Sequence[dict[str, Any]] = ()

    def document(self) -> dict[str, Any]:
        """What pytest-benchmark writes of it."""
        claims = self.claims or [claimed(case, "size_ratio") for case in self.cases]
        records = [
            {"case": vars(case), "sha256": s.sha256, "data_sha256": s.data_sha256}
            for case, s in self.scores.items()
        ]
        return {
            "version": "5.1.0",
            "datetime": self.saved,
            "commit_info": {"id": self.commit, "dirty": self.dirty, "branch": "main"},
            "machine_info": {"edgeassay": {"fingerprint": self.hardware, "isa": ["avx2", "fma"]}},
            "benchmarks": [self._benchmark(case) for case in self.cases],
            "edgeassay": {
                "schema": 1,
                "edgeassay": "0.1.0",
                "commit": self.commit,
                "dirty": self.dirty,
                "started": self.saved,
                "machine": {"fingerprint": self.hardware},
                "complete": self.complete,
                "claims": claims,
                "cases": list(self.case_facts),
                "scores": records,
                "unasked": list(self.unasked),
            },
        }

    def _benchmark(self, case: Case) -> dict[str, Any]:
        rng = np.random.default_rng(7)
        durations = rng.normal(1e6 * self.median_ms, 1e4, (5, 8)).astype(int)
        seconds = durations.reshape(-1) / 1e9
        names = ("min", "max", "mean", "median")
        stats = {name: float(getattr(np, name)(seconds)) for name in names}
        return {
            "name": f"test_latency[{case.id}]",
            "fullname": f"suites/latency/test_latency.py::test_latency[{case.id}]",
            "group": case.model,
            "params": None,
            "param": case.id,
            "options": {},
            "extra_info": {
                **vars(case),
                "artifact_sha256": 64 * "a",
                "size_bytes": self.size_bytes,
                "mean_auc": 0.9,
                "stack": {"runtime": "litert", "runtime_version": "2.3.0"},
                "durations_ns": durations.tolist(),
                "disturbed": self.disturbed,
                "claims": [],
            },
            "stats": stats
            | {"stddev": float(seconds.std()), "iqr": 1e-6, "rounds": 40, "iterations": 1}
            | {"ops": 500.0, "outliers": "1;1", "data": seconds.tolist()},
        }

    def write(self, storage: Path, number: int = 1) -> Path:
        """Save it as pytest does: below its hardware, with its scores beside it."""
        folder = storage / self.hardware
        path = folder / "Linux-CPython" / f"{number:04}_run.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document()), encoding="utf-8")
        for scores in self.scores.values():
            write_scores(folder, scores)
        return path
