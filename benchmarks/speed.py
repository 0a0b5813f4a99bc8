"""How long the main job takes: `python benchmarks/speed.py`. Prints figures; asserts nothing.

Run it on a quiet machine, with EDGEASSAY_DATA set for the real model's figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent

PHANTOM = ("--model", "phantom-cnn")
REAL = ("--model", "pneumonia-mobilenetv2")
ACCURACY = ("suites/accuracy",)


def seconds(cache: Path, *options: str) -> tuple[float, str]:
    """Wall time of one pytest run, and pytest's own last line."""
    command = [sys.executable, "-m", "pytest", "-q", f"--artifact-cache={cache}"]
    with tempfile.TemporaryDirectory() as scratch:
        command += [f"--assay-json={scratch}/results.json", *options]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        elapsed = time.perf_counter() - started
    return elapsed, done.stdout.strip().splitlines()[-1]


def main() -> None:
    """Time each job in turn, cold before cached."""
    table = Table("job", "target s", "measured s", "outcome")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        jobs: list[tuple[str, float, tuple[str, ...]]] = [
            ("main job, cold", 90, ("--benchmark", *PHANTOM)),
            ("main job, artifacts cached", 25, ("--benchmark", *PHANTOM)),
            ("collect only", 2, ("--collect-only",)),
            ("suites/meta", 60, ("suites/meta",)),
        ]
        if os.environ.get("EDGEASSAY_DATA"):
            build = ("suites/artifact", *REAL)
            jobs += [
                ("pneumonia-mobilenetv2, build", float("nan"), build),
                ("pneumonia-mobilenetv2, accuracy, cached", 60, (*ACCURACY, *REAL)),
            ]
        for name, target, options in jobs:
            elapsed, outcome = seconds(cache, *options)
            table.add_row(name, f"{target:.0f}", f"{elapsed:.1f}", outcome)
    Console().print(table)


if __name__ == "__main__":
    main()
