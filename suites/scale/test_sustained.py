"""A board that throttles under the model's own load, for the minute that a long run takes at least;
and 59 processes, the fewest that can show a p95.
"""

from __future__ import annotations

import json

import pytest

from suites.meta.project import DEVICE_TOML, Project
from suites.scale.test_green_run import INT8

# Every inference takes a millisecond more, and three after half a minute.
THROTTLING = """
import runpy, sys, time
sys.argv = sys.argv[1:]
import ai_edge_litert.interpreter as i
plain, began = i.Interpreter.invoke, time.monotonic()
def hot(self):
    time.sleep(0.003 if time.monotonic() - began > 30 else 0.001)
    plain(self)
i.Interpreter.invoke = hot
runpy.run_path(sys.argv[0], run_name="__main__")
"""
LIMITS = """
[limits.tiny.int8]
sustained_ratio = 1.5
sustained_p95_ms = 2.5
latency_p95_ms = 100.0
"""


@pytest.mark.long
def test_a_throttling_board_is_red_although_it_starts_fast_enough(project: Project) -> None:
    command = json.dumps(["{python}", "-c", THROTTLING])
    project.device_toml = DEVICE_TOML.replace('["{python}"]', command) + LIMITS
    project.write()
    outcome = project.run("--benchmark", "suites/latency", "--variant=int8", "-k", "sustained")
    assert outcome.code == 1, outcome.text
    for claim in ("sustained_ratio", "sustained_p95_ms"):
        assert outcome.tests[f"test_{claim}[{INT8}]"] == "failure"
    words = outcome.messages[f"test_sustained_ratio[{INT8}]"]
    assert "the last quarter by the first of" in words
    assert "inferences in 6" in words


@pytest.mark.long
def test_fifty_nine_processes_show_that_a_budget_is_kept(project: Project) -> None:
    project.device_toml = DEVICE_TOML.replace("processes = 3", "processes = 59")
    project.write()
    only = ("--benchmark", "suites/latency", "--variant=fp32", "-k", "latency_p95_ms")
    outcome = project.run(*only)
    assert outcome.code == 0, outcome.text
    (claim,) = outcome.results["claims"]
    assert claim["verdict"] == "pass"
    assert claim["measurement"]["high"] >= claim["measurement"]["low"] > 0
    assert claim["measurement"]["n"] == 59
