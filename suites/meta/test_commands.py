"""Commands that are forked end as those that are started afresh, and see the same around them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from suites.meta import commands

SEEN = """
import json, os, sys, threading
os.write(2, b"words on stderr\\n")
print(json.dumps({
    "arguments": sys.argv[1:], "folder": os.getcwd(), "word": os.environ.get("WORD"),
    "home": os.environ.get("HOME"), "umask": os.umask(0), "input": sys.stdin.read(),
    "name": __name__, "threads": threading.active_count(), "terminal": sys.stdout.isatty(),
}))
sys.exit(7)
"""


@pytest.mark.parametrize("afresh", [False, True])
def test_a_command_has_its_own_surroundings(*, tmp_path: Path, afresh: bool) -> None:
    surroundings = {**os.environ, "WORD": "given"}
    del surroundings["HOME"]
    before = os.umask(0o027)
    try:
        done = commands.run(
            "-c", SEEN, "a b", folder=tmp_path, environment=surroundings, afresh=afresh
        )
    finally:
        os.umask(before)
    assert (done.returncode, done.stderr) == (7, "words on stderr\n")
    assert json.loads(done.stdout) == {
        "arguments": ["a b"],
        "folder": str(tmp_path),
        "word": "given",
        "home": None,
        "umask": 0o027,
        "input": "",
        "name": "__main__",
        "threads": 1,
        "terminal": False,
    }


@pytest.mark.parametrize("afresh", [False, True])
@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("print('x'); raise SystemExit('words')", 1),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("1 / 0", 1),
        ("import atexit; atexit.register(print, 'last words')", 0),
    ],
)
def test_an_end_is_that_of_any_program(code: str, end: int, *, afresh: bool) -> None:
    done = commands.run("-c", code, together=True, afresh=afresh)
    assert done.returncode == end
    assert ("ZeroDivisionError" in done.stdout) is ("1 / 0" in code)
    assert ("words" in done.stdout) is ("words" in code)


def test_one_command_leaves_nothing_to_the_next() -> None:
    changed = "import os, sys; os.environ['LEFT'] = sys.left = 'x'; os.chdir('/')"
    assert commands.run("-c", changed).returncode == 0
    found = commands.run(
        "-c", "import os, sys; print(os.environ.get('LEFT'), hasattr(sys, 'left'))"
    )
    assert found.stdout == "None False\n"


@pytest.mark.parametrize("afresh", [False, True])
def test_a_command_that_takes_too_long_is_killed(*, tmp_path: Path, afresh: bool) -> None:
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    file = tmp_path / "process"
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run("-c", code, str(file), timeout_s=5.0 if afresh else 1.0, afresh=afresh)
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)


@pytest.mark.parametrize(
    ("changed", "fresh"),
    [
        ({}, False),
        ({"COLUMNS": "250", "PYTHONDONTWRITEBYTECODE": "1"}, False),
        ({"PYTHONPATH": commands.HERE}, False),
        ({"PYTHONPATH": "/elsewhere"}, True),
        ({"PYTHONHASHSEED": "7"}, True),
        ({"TF_ENABLE_ONEDNN_OPTS": "0"}, True),
        ({"LC_ALL": "tr_TR.UTF-8"}, True),
    ],
)
def test_what_is_read_at_import_needs_a_fresh_process(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], *, fresh: bool
) -> None:
    for name in (commands.START, *changed):
        monkeypatch.delenv(name, raising=False)
    assert commands.needs_fresh({**os.environ, **changed}) is fresh


def test_all_commands_can_be_started_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(commands.START, "afresh")
    imported = "import sys; print('scipy' in sys.modules)"
    assert commands.run("-c", imported).stdout == "False\n"
    monkeypatch.delenv(commands.START)
    assert commands.run("-c", imported).stdout == "True\n"
