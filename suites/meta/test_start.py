"""What starts fast stays fast: which modules a process imports before it does anything."""

from __future__ import annotations

import importlib
import inspect
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import typer
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.commands.table import COMMANDS
from suites.meta.project import ROOT

SUMMARIES: Final = {name: says for panel in COMMANDS.values() for name, says in panel.items()}
HEAVY: Final = {"hypothesis", "optuna", "pandas", "scipy", "sklearn", "tensorflow"}
WITHOUT_NUMBERS: Final = HEAVY | {"PIL", "numpy", "psutil"}
SHOWN: Final = """
import sys
from typer.testing import CliRunner
from edgeassay.cli import app
for words in {lines}:
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0, found.output
print(*sys.modules)
"""
COLLECTED: Final = """
import sys, pytest
assert pytest.main(["--collect-only", "-q", "--model", "phantom-cnn"]) == 0
print(*sys.modules)
"""
ONE_COMMAND: Final = """
import typer
app = typer.Typer(add_completion=False)
app.command()(lambda: None)
app()
"""


def modules(program: str) -> set[str]:
    """What a fresh process has imported when it ends."""
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return set(found.stdout.splitlines()[-1].split())


def of_the_project(imported: set[str]) -> set[str]:
    return {name for name in imported if name.split(".")[0] == "edgeassay"}


def test_the_help_imports_no_command() -> None:
    imported = modules(SHOWN.format(lines=[["--help"], ["--version"]]))
    assert imported.isdisjoint(WITHOUT_NUMBERS)
    assert of_the_project(imported) == {
        *("edgeassay", "edgeassay.cli", "edgeassay.commands", "edgeassay.commands.table"),
        *("edgeassay.errors", "edgeassay.memory"),
    }


def test_the_help_of_a_command_imports_its_options_alone() -> None:
    lines = [[name, "--help"] for name in SUMMARIES]
    lines += [["baseline", name, "--help"] for name in ("promote", "show")]
    imported = modules(SHOWN.format(lines=lines))
    assert imported.isdisjoint(WITHOUT_NUMBERS)
    options = ("edgeassay.commands.", "edgeassay.spec.")
    assert {name for name in of_the_project(imported) if not name.startswith(options)} == {
        *("edgeassay", "edgeassay.cli", "edgeassay.commands", "edgeassay.errors"),
        *("edgeassay.memory", "edgeassay.options", "edgeassay.project", "edgeassay.spec"),
    }


def test_collecting_imports_nothing_that_only_measuring_needs() -> None:
    assert modules(COLLECTED).isdisjoint(HEAVY)


def test_where_a_test_uses_hypothesis_its_plug_in_stays(tmp_path: Path) -> None:
    (tmp_path / "test_law.py").write_text(
        "from hypothesis import given, strategies\n\n\n"
        "@given(strategies.integers())\n"
        "def test_law(number: int) -> None:\n    assert number == int(str(number))\n",
        encoding="utf-8",
    )
    words = ["-m", "pytest", "-p", "fixtures.sparing", "--hypothesis-show-statistics"]
    found = subprocess.run(
        [sys.executable, *words, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in found.stdout
    assert "100 passing" in found.stdout


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_table_says_what_a_commands_own_help_begins_with(name: str) -> None:
    attribute = name.replace("-", "_")
    command = getattr(importlib.import_module(f"edgeassay.commands.{attribute}"), attribute)
    own = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
    assert SUMMARIES[name] == " ".join((own or "").split("\n\n")[0].split())
    shown = CliRunner().invoke(app, [name, "--help"])
    assert (shown.exit_code, f"{name} [OPTIONS]" in shown.output) == (0, True)


def test_every_module_of_options_is_in_the_table() -> None:
    found = {path.stem for path in (ROOT / "edgeassay" / "commands").glob("*.py")}
    assert found == {name.replace("-", "_") for name in SUMMARIES} | {"__init__", "table"}


def test_the_help_costs_little_more_than_that_of_an_empty_program() -> None:
    """By CPU time, of which other processes take nothing, and the least of three runs."""
    empty = cpu_s("-c", ONE_COMMAND, "--help")
    assert cpu_s("-m", "edgeassay", "--help") < 3 * empty


def cpu_s(*words: str) -> float:
    """What a Python takes, user and system."""
    spent: list[float] = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "edgeassay").glob("*/command.py")
    ),
)
def test_what_a_command_does_is_imported_alone(name: str) -> None:
    """A process that has imported everything wouldn't show what an order of imports hides."""
    assert name in modules(f"import {name}, sys; print(*sys.modules)")
