"""Whole runs against each other: the same machine, and one with fewer CPUs, which is another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeassay.machine import usable_cpus
from suites.meta.project import ROOT, Project
from suites.meta.saved_files import compare

SAVED = ("suites/latency", "--benchmark")


def test_two_runs_of_one_build_have_no_failure(project: Project, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.json" for name in ("base", "head")]
    for path in paths:
        assert project.run(*SAVED, f"--benchmark-json={path}").code == 0
    end = compare(*paths, "--all", out=tmp_path / "out.json")
    assert end.code in (0, 3), end.text
    for row in end.json["benchmarks"]:
        assert row["benchmark"].endswith("on bench")
        assert row["labels"] == []
        assert row["changes"][0]["effect"]["n"] == [3, 3]
        assert row["changes"][1]["unchanged"], "bytes"
    again = compare(paths[0], paths[0], out=tmp_path / "out.json")
    assert (again.code, again.json["verdict"]) == (0, "pass")


@pytest.mark.long
@pytest.mark.skipif(usable_cpus() < 2, reason="there is one CPU")
def test_a_run_on_other_hardware_is_incomparable(project: Project, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.json" for name in ("base", "head")]
    for path, prefix in zip(paths, ([], ["taskset", "-c", "0"]), strict=True):
        words = [*prefix, *project.command(*SAVED, f"--benchmark-json={path}")]
        subprocess.run(words, cwd=ROOT, env=project.surroundings, check=True, timeout=120)
    end = compare(*paths, out=tmp_path / "out.json")
    assert end.code == 4
    assert {row["changes"][0]["verdict"] for row in end.json["benchmarks"]} == {"incomparable"}
    assert f"cpus {usable_cpus()} -> 1" in end.text
    end = compare(*paths, "--across-machines", out=tmp_path / "out.json")
    assert (end.code, end.json["across_machines"]) == (0, True)
