"""The parts of the project's own tests: together they are all, and each says what went wrong."""

from __future__ import annotations

import runpy
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from suites.meta import commands
from suites.meta.project import ROOT

TESTS = """
import pytest
from hypothesis import given, strategies as st

def test_short(): pass

@pytest.mark.long
def test_long(): pass

@given(st.integers())
def test_law(number): pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    room = tmp_path / "suites/room"
    room.mkdir(parents=True)
    shutil.copyfile(ROOT / "suites/conftest.py", tmp_path / "suites/conftest.py")
    (room / "test_it.py").write_text(TESTS, encoding="utf-8")
    return tmp_path


def ran(suite: Path, *options: str) -> tuple[set[str], str]:
    """The tests that passed, and what was shown."""
    done = commands.run(
        *("pytest", "-v", "-c", "/dev/null", "--rootdir=.", "-p", "no:cacheprovider", "suites"),
        *options,
        folder=suite,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "PASSED" in line]
    return {
        name for name in ("short", "long", "law") if f"::test_{name}" in str(lines)
    }, done.stdout


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_quick_leaves_out_what_is_long_and_says_how_much(
    suite: Path, workers: tuple[str, ...]
) -> None:
    passed, said = ran(suite, "--part=quick", *workers)
    assert passed == {"short", "law"}
    assert "left out: 1 long tests (1 in suites/room). `tox run -e tests-all` runs them." in said


def test_the_rest_has_the_laws_again(suite: Path) -> None:
    assert ran(suite, "--part=rest")[0] == {"long", "law"}
    passed, said = ran(suite)
    assert passed == {"short", "long", "law"}
    assert "left out" not in said


@pytest.fixture
def driver(tmp_path: Path) -> dict[str, Any]:
    """`.ci/tests.py`, for which every program is one that does nothing."""
    for name in ("ruff", "mypy", "lint-imports", "vermin", "python", "pytest"):
        path = tmp_path / name
        path.write_text('#!/bin/sh\necho "$0 $*"\n', encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    found = runpy.run_path(str(ROOT / ".ci/tests.py"))
    found["run"].__globals__["BIN"] = tmp_path
    return found


@pytest.mark.parametrize("part", ["quick", "rest", "all"])
def test_a_part_holds_if_all_of_it_does(
    driver: dict[str, Any], capfd: pytest.CaptureFixture[str], part: str
) -> None:
    assert driver["main"]([part, "--durations=3"]) == 0
    said = capfd.readouterr().out
    assert f"--part={part} --durations=3 suites/meta" in said
    assert ("mypy" in said) is (part != "rest")
    assert ("--model phantom-cnn" in said) is (part == "quick")
    assert "passed  the project's own tests" in said


@pytest.mark.parametrize("program", ["ruff", "mypy", "lint-imports", "vermin", "python", "pytest"])
def test_one_program_that_fails_makes_it_red(
    driver: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str], program: str
) -> None:
    (tmp_path / program).write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    assert driver["main"](["quick"]) == 1
    assert "FAILED" in capfd.readouterr().out


def test_a_part_that_nobody_knows_is_bad_input(
    driver: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    for words in ([], ["quik"]):
        assert driver["main"](words) == 2
        assert "quick|rest|all" in capfd.readouterr().err
