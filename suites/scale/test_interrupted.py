"""A run that is ended in the middle of an evaluation: what it finished is there for the next."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from edgeassay.measure.shards import SHARD_IMAGES
from suites.meta.project import Project

SHARDS = 10
SLOW = """
import runpy, sys, time
sys.argv = sys.argv[1:]
import ai_edge_litert.interpreter as i
plain = i.Interpreter.invoke
def slow(self):
    time.sleep(0.004)
    plain(self)
i.Interpreter.invoke = slow
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def kept_by(project: Project) -> list[Path]:
    return list(project.folder.glob("predictions/**/*.outputs"))


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_goes_on_where_it_was(tmp_path: Path, how: signal.Signals) -> None:
    project = Project(tmp_path)
    project.write()
    slow = project.folder / "slow.py"
    slow.write_text(SLOW)
    project.device_toml = project.device_toml.replace('["{python}"]', f'["{{python}}", "{slow}"]')
    project.write_many_spots(SHARDS * SHARD_IMAGES)
    only = ("--variant=fp32", "suites/accuracy", "-k", "min_auc")
    process = project.start(*only)
    deadline = time.monotonic() + 60
    while not kept_by(project):
        assert time.monotonic() < deadline, "nothing was kept"
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    process.send_signal(how)
    process.communicate(timeout=60)
    kept = len(kept_by(project))
    assert 1 <= kept < SHARDS
    outcome = project.run(*only)
    assert outcome.tests["test_min_auc[tiny-fp32-litert]"] == "passed"
    reused = next(c["reused_predictions"] for c in outcome.results["cases"])
    assert reused == kept * SHARD_IMAGES
    assert "made by an earlier run" in outcome.text
    if how is signal.SIGINT:
        return
    again = project.run(*only, "--predict-again")
    values = [o.results["claims"][0]["measurement"]["value"] for o in (outcome, again)]
    assert values[0] == values[1]
    assert "made by an earlier run" not in again.text
