"""A machine whose CPUs are all taken by others: no verdict about time rests on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from suites.meta.project import DEVICE_TOML, Project


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Somebody else keeps every CPU busy, twice."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_a_foreign_load_on_every_cpu_makes_times_inconclusive_and_nothing_else(
    project: Project, busy_machine: None
) -> None:
    project.device_toml = DEVICE_TOML.replace("free_cpus = 0.0", "free_cpus = 0.75")
    project.write()
    outcome = project.run("--benchmark", "suites/latency", "suites/artifact")
    assert outcome.code == 0, outcome.text
    verdicts = {(c["claim"], c["case"]["variant"]): c for c in outcome.results["claims"]}
    ratio = verdicts["latency_ratio", "int8"]
    assert ratio["verdict"] == "inconclusive"
    assert "CPUs, and tolerance.free_cpus wants 0.75 left for it" in ratio["reason"]
    assert verdicts["size_ratio", "int8"]["verdict"] == "pass"
    (health,) = outcome.results["cases"][0]["health"]
    assert health["foreign_cpus"] > health["cpus"] - 0.75
