"""Files of pytest-benchmark's, ours and others', small enough to write by the dozen, and the
command that compares them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.errors import EdgeassayError
from suites.meta.saved_runs import timed

HARDWARE: Final = "0123456789ab"
COMMIT: Final = "c0ffee" + 34 * "0"
CASE: Final = {"model": "chest", "variant": "int8", "runtime": "litert", "device": "host"}
FOREIGN_MACHINE: Final = {
    "machine": "x86_64",
    "processor": "",
    "cpu": {"brand_raw": "A Processor", "arch": "X86_64", "count": 2},
    "python_version": "3.11.7",
    "system": "Linux",
}


def claimed(name: str = "mean_auc_drop", verdict: str = "pass", **more: Any) -> dict[str, Any]:
    """A claim of the case as results.json has it."""
    empty = dict.fromkeys(("class", "measurement", "reference", "limit", "deviation"))
    said = {"claim": name, "case": CASE, "verdict": verdict, "reason": "seen", "kind": "measured"}
    return {**empty, **said, **more}


@dataclass(kw_only=True)
class SavedFile:
    """One of our saved runs on its way to a file; its benchmarks take `ms` by their variant."""

    ms: Mapping[str, float] = field(default_factory=lambda: {"int8": 3.0})
    seed: int = 1
    processes: int = 20
    commit: str = COMMIT
    dirty: bool = False
    complete: bool = True
    hardware: str = HARDWARE
    parts: Mapping[str, Any] = field(default_factory=lambda: {"cpu_model": "A Processor"})
    version: str = "5.1.0"
    saved: str = "2026-11-01T12:00:00+00:00"
    claims: Sequence[Mapping[str, Any]] = ()
    scores: Sequence[Mapping[str, Any]] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """What pytest-benchmark writes of it."""
        return {
            "machine_info": {"edgeassay": {"fingerprint": self.hardware, **self.parts}},
            "commit_info": {"id": self.commit, "dirty": self.dirty, "time": self.saved},
            "benchmarks": [self._benchmark(variant, ms) for variant, ms in self.ms.items()],
            "datetime": self.saved,
            "version": self.version,
            "edgeassay": {
                "complete": self.complete,
                "claims": list(self.claims),
                "scores": list(self.scores),
            },
        }

    def _benchmark(self, variant: str, ms: float) -> dict[str, Any]:
        drawn = timed(variant, seed=self.seed, ms=ms, processes=self.processes)
        rows = np.array(drawn.processes)
        return {
            "name": f"test_latency[chest-{variant}-litert]",
            "fullname": f"suites/latency/test_latency.py::test_latency[chest-{variant}-litert]",
            "extra_info": {
                **CASE,
                "variant": variant,
                "artifact_sha256": f"sha256 of {variant}",
                "size_bytes": 600_000,
                "mean_auc": 0.91,
                "stack": {"runtime_version": "2.3.0"},
                "durations_ns": (1e9 * rows).tolist(),
                **self.extra,
            },
            "stats": {"min": rows.min(), "median": float(np.median(rows))},
        }

    def write(self, path: Path) -> Path:
        return write(path, self.document())


def foreign(
    ms: Mapping[str, float],
    *,
    version: str = "4.0.0",
    data: bool = True,
    seed: int = 1,
    machine: Mapping[str, Any] = FOREIGN_MACHINE,
) -> dict[str, Any]:
    """A file of a project that isn't ours, of one process; without `data` only its summary."""
    benchmarks = []
    for name, middle in ms.items():
        rounds = timed(name, seed=seed, ms=middle, processes=1, rounds=101).processes[0]
        stats = {
            name: float(getattr(np, name)(rounds)) for name in ("min", "max", "mean", "median")
        }
        given = {"data": rounds.tolist()} if data else {}
        benchmarks.append(
            {
                "name": name,
                "fullname": f"tests/test_it.py::{name}",
                "extra_info": {},
                "stats": stats | given,
            }
        )
    return {
        "machine_info": dict(machine),
        "commit_info": {"id": "unversioned", "dirty": False},
        "benchmarks": benchmarks,
        "datetime": "2026-11-01T12:00:00.123456",
        "version": version,
    }


def write(path: Path, document: Mapping[str, Any]) -> Path:
    """A file of JSON, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@dataclass(frozen=True, kw_only=True)
class End:
    """How `edgeassay compare` ended; `json` is what it has written."""

    code: int
    text: str
    json: Any = None

    def verdicts(self) -> dict[str, dict[str, str]]:
        """Each benchmark's verdicts by what they are of."""
        return {
            row["benchmark"]: {change["quantity"]: change["verdict"] for change in row["changes"]}
            for row in self.json["benchmarks"]
        }


def compare(base: str | Path, head: str | Path, *words: str | Path, out: Path) -> End:
    """Run it with --json in this process; an error is the end that it makes."""
    before = out.read_bytes() if out.exists() else None
    told = CliRunner().invoke(
        app, ["compare", str(base), str(head), *map(str, words), "--json", str(out)]
    )
    if isinstance(told.exception, EdgeassayError):
        assert (out.read_bytes() if out.exists() else None) == before
        return End(code=2, text=str(told.exception))
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    written = json.loads(out.read_text(encoding="utf-8")) if out.exists() else None
    return End(code=told.exit_code, text=told.output, json=written)


def git_project(folder: Path) -> tuple[str, str]:
    """A project under git with two commits, the first one first."""
    (folder / "models/tiny").mkdir(parents=True, exist_ok=True)
    (folder / "models/tiny/model.toml").touch()
    git = ("git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for message in ("first", "second"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
    words = [*git, "rev-list", "--reverse", "HEAD"]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    first, second = told.stdout.split()
    return first, second
