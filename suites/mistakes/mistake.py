"""A mistake, the command that meets it, and what must be true of the end."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from edgeassay.atomic import IGNORE
from edgeassay.report.results import Results
from suites.meta import commands
from suites.meta.project import ROOT, Project

# What a run may write: what its options name, the temporary folder, and the builder's cache.
OUTPUTS: Final = (
    *("results.json", "results.scores", "junit.xml", "attempts.jsonl", "attempts.lock"),
    *("cache", "predictions", ".assay", "tmp"),
)

# Words of Python's that say nothing to whoever made the mistake, and leftovers of a place that is
# gone when the command has ended.
LEAKS: Final = re.compile(
    r"Traceback|INTERNALERROR|LEFT BEHIND|\b[A-Z]\w*(?:Error|Exception|Request|Warning):"
)
# Beginnings of the names of temporary files.
TEMPORARY: Final = (".", "edgeassay-")

# A place only the command sees, which another user or a full disk would give: $1 is the folder.
# What is temporary and still there when the command has ended is told.
READ_ONLY: Final = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'
# Room for the smallest file, without which Python takes another temporary folder.
NEARLY_FULL: Final = 'mount -t tmpfs -o size=4k tmpfs "$1"'
FULL: Final = 'mount -t tmpfs -o size=4k tmpfs "$1" && head -c 4096 /dev/zero > "$1/filling"'
ENDED: Final = r"""
find "$place" -mindepth 1 \( -name '.?*' -o -name 'edgeassay-*' \) -printf 'LEFT BEHIND %p\n'
exit $code
"""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A row of the table.

    `broken` makes the mistake in a project that is well. `command` begins with `pytest` or
    `edgeassay`; in it `{folder}` is the project's folder. Somewhere in what is shown `what` says
    what is wrong, `where` names the place, and `remedy` says what to do; `what` is said `said`
    times at most. Where tests have run, a claim has the `verdict`, with `what` in its reason; None
    where no claim failed.
    `place` is a mount that makes `{folder}/place` another one for this command.
    """

    id: str
    broken: Callable[[Project], object] = lambda _: None
    command: tuple[str, ...] = ("pytest",)
    code: int
    what: str
    where: str
    remedy: str
    said: int = 1
    verdict: str | None = "fail"
    environment: Mapping[str, str] = field(default_factory=dict)
    place: str | None = None
    needs: str | None = None


@dataclass(frozen=True, kw_only=True)
class End:
    """How a command ended, and what it showed."""

    code: int
    text: str


def run(mistake: Mistake, project: Project, *, afresh: bool = False) -> End:
    """Run the command in a process of its own; `afresh` as a user starts it."""
    place = project.folder / "place"
    (project.folder / "tmp").mkdir()
    tool, *options = (w.replace("{folder}", str(project.folder)) for w in mistake.command)
    words = [sys.executable, "-m", "edgeassay", *options]
    if tool == "pytest":
        words = project.command(*options)
    # Python's own caches beside a module that a mistake brings along aren't the program's.
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "250"}
    project.environment |= quiet | {"TMPDIR": str(project.folder / "tmp")}
    project.environment |= {
        name: value.replace("{folder}", str(project.folder))
        for name, value in mistake.environment.items()
    }
    below = [project.environment.get("PYTHONPATH", ""), str(ROOT)]
    project.environment["PYTHONPATH"] = os.pathsep.join(filter(None, below))
    cwd = ROOT if tool == "pytest" else project.folder
    if mistake.place is None:
        ended = commands.run(
            *words[2:],
            folder=cwd,
            environment=project.surroundings,
            together=True,
            converting=(mistake.needs or "").startswith("tensorflow"),
            afresh=afresh,
        )
        return End(code=ended.returncode, text=ended.stdout)
    script = f'{mistake.place} || exit 99; place="$1"; shift; "$@"; code=$?; {ENDED}'
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(place), *words],
        cwd=cwd,
        env=project.surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return End(code=ended.returncode, text=ended.stdout)


def require_mounts() -> None:
    """Skip where this user may not mount anything that he alone sees."""
    if (
        not shutil.which("unshare")
        or subprocess.run(
            ["unshare", "--mount", "true"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("a full or read-only disk needs mounts (root, or unshare), refused here")


def tree(folder: Path) -> dict[str, str]:
    """Every path below a folder with the digest of what it is."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.is_file() and not path.is_symlink()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if inside else "no file"
        found[path.relative_to(folder).as_posix()] = content
    return found


def is_output(path: str) -> bool:
    """Whether a run may write this path, given relative to the project's folder."""
    return path.partition("/")[0] in OUTPUTS


def check_sentence(mistake: Mistake, end: End) -> None:
    """It ends as documented, and says what is wrong, where, and what to do; Python is silent."""
    assert end.code == mistake.code, end.text
    for words in (mistake.what, mistake.where, mistake.remedy):
        assert words in end.text, f"{words!r} isn't in:\n{end.text}"
    assert end.text.count(mistake.what) <= mistake.said, end.text
    leak = LEAKS.search(end.text)
    assert leak is None, f"{leak and leak[0]!r} is in:\n{end.text}"


def check_nothing_half_done(before: Mapping[str, str], project: Project) -> None:
    """Existing files are as they were, and what is new is whole and where it may be."""
    after = tree(project.folder)
    kept = {path: content for path, content in before.items() if not is_output(path)}
    assert {path: after.get(path) for path in kept} == kept
    new = after.keys() - before.keys()
    assert [path for path in new if not is_output(path)] == []
    names = (path.removeprefix(".assay").rpartition("/")[2] for path in new)
    left = [name for name in names if name.startswith(TEMPORARY) and name != IGNORE]
    assert left == []


def check_results(mistake: Mistake, project: Project) -> None:
    """results.json is there, whole, where tests have run, and says it too; else it isn't there."""
    path = project.results_path
    ran = mistake.command[0] == "pytest" and mistake.code == pytest.ExitCode.TESTS_FAILED
    assert path.exists() == ran
    if ran:
        results = Results.model_validate_json(path.read_text(encoding="utf-8"))
        assert results.complete
        reasons = [c.reason for c in results.claims if c.verdict == mistake.verdict]
        said = any(mistake.what in reason for reason in reasons)
        assert said or mistake.verdict is None, reasons
