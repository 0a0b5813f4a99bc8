"""A machine whose CPUs are all taken by others: no verdict about time rests on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from suites.meta.project import IN_A_YEAR, PROFILE, Project

# Stands for a worker on another machine: it reads nothing that the host has in memory.
ELSEWHERE = """
import builtins, runpy, sys
sys.argv = sys.argv[1:]
plain = builtins.open
def away(path, *rest, **more):
    if "/fd/" in str(path) or "edgeassay-" in str(path):
        raise FileNotFoundError(2, "not here", str(path))
    return plain(path, *rest, **more)
builtins.open = away
runpy.run_path(sys.argv[0], run_name="__main__")
"""
INT8 = "tiny-int8-litert"
DECLARED = f"""
[[deviation]]
claim = "latency_ratio"
variant = "int8"
reason = "it is slower here"
expires = {IN_A_YEAR}
"""


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Others keep every CPU busy, twice; each in a session of its own: a scheduler that shares by
    session would give all of one no more than the worker's.
    """
    command = [sys.executable, "-c", "while True: pass"]
    others = [
        subprocess.Popen(command, start_new_session=True) for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.long
def test_a_foreign_load_on_every_cpu_makes_times_inconclusive_and_nothing_else(
    project: Project, busy_machine: None
) -> None:
    project.device_toml = PROFILE.replace("free_cpus = 0.0", "free_cpus = 0.75")
    # Declared or not: whether it is still slower, nobody can tell now.
    project.model_toml += DECLARED
    project.write()
    options = ("--require-measured",)
    suites = ("suites/latency", "suites/artifact", "suites/deviations")
    outcome = project.run("--benchmark", *options, *suites)
    assert outcome.code == 0, outcome.text
    assert outcome.tests["test_deviation_still_matches[tiny-latency_ratio-int8]"] == "skipped"
    verdicts = {(c["claim"], c["case"]["variant"]): c for c in outcome.results["claims"]}
    ratio = verdicts["latency_ratio", "int8"]
    assert ratio["verdict"] == "inconclusive"
    assert "CPUs, and tolerance.free_cpus wants 0.75 left for it" in ratio["reason"]
    assert verdicts["size_ratio", "int8"]["verdict"] == "pass"
    (health,) = outcome.results["cases"][0]["health"]
    assert health["foreign_cpus"] > health["cpus"] - 0.75


@pytest.mark.parametrize(
    ("command", "data", "words"),
    [
        (["{python}", "-c", ELSEWHERE], True, "images aren't decoded there"),
        (["{python}"], False, "set EDGEASSAY_DATA"),
    ],
)
def test_where_images_can_not_be_decoded_end_to_end_is_unmeasured(
    project: Project, command: list[str], data: bool, words: str
) -> None:
    project.device_toml = PROFILE.replace('["{python}"]', json.dumps(command)) + (
        "[limits.tiny]\nend_to_end_p95_ms = 1000.0\n"
    )
    if not data:
        project.environment["EDGEASSAY_DATA"] = ""
    project.write()
    outcome = project.run("--benchmark", "suites/latency", "--variant=int8")
    assert outcome.code == 0, outcome.text
    assert outcome.tests[f"test_end_to_end_p95_ms[{INT8}]"] == "skipped"
    assert words in outcome.messages[f"test_end_to_end_p95_ms[{INT8}]"]
    assert outcome.tests[f"test_latency_ratio[{INT8}]"] == "passed"
    (health,) = outcome.results["cases"][0]["health"]
    assert (health["foreign_cpus"] is None) == data
    if data:
        assert "on another machine" in health["unknown"]
