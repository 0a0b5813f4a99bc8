"""Makes `pytest --artifacts DIR` mean what it says, wherever DIR lies.

pytest looks for its project before it knows a project's options. It then takes DIR for a test
path, and where DIR exists outside the checkout, it finds neither pyproject.toml nor conftest.py
(its documentation: "custom pytest plugin commandline arguments may include a path"). Written as
`--artifacts=DIR` it is understood, so a command line that would go astray is started again in
that form. It also removes an earlier run's results before this one begins. Loaded by pytest as an
installed plugin; idle in any other project.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pluggy import HookimplMarker

hookimpl = HookimplMarker("pytest")

RESULTS: Final = "--assay-json"
DEFAULT: Final = ".assay/results.json"
NO_RUN: Final = (
    *("--collect-only", "--co", "--help", "-h", "--version", "-V", "--fixtures", "--markers"),
    *("--setup-plan", "--fixtures-per-test"),
)
# pytest-xdist's workers have it, which leave no results.
PART: Final = "PYTEST_XDIST_WORKER"
WITH_VALUE: Final = (
    *("--model", "--variant", "--runtime", "--device", "--models-dir", "--devices-dir"),
    "--baselines",
    *(
        "--artifacts",
        "--predictions",
        "--assay-json",
        "--attempts",
        "--artifact-cache",
        "--prediction-cache",
        "--inconclusive",
        "--images",
        "--jobs",
        "--on",
    ),
    *("--benchmark-json", "--benchmark-storage"),
)


def joined(arguments: Sequence[str]) -> list[str]:
    """The same command line with `--option value` written as `--option=value`."""
    result: list[str] = []
    words = iter(arguments)
    for word in words:
        value = next(words, None) if word in WITH_VALUE else None
        result.append(word if value is None else f"{word}={value}")
    return result


def clear_results(words: Sequence[str], folder: Path, judging: Sequence[str]) -> None:
    """Remove what an earlier run has left where this one will leave its results: if it doesn't come
    to leave any, nobody shall take those for its own.

    Only a run that judges does so: one that is given no path, or a path of the suites `judging`.
    """
    if any(word in NO_RUN for word in words):
        return
    paths = [folder / word.partition("::")[0] for word in words if not word.startswith("-")]
    given = [path.resolve() for path in paths if path.exists()]
    suites = [(folder / name).resolve() for name in judging]
    if given and not any(
        one.is_relative_to(suite) or suite.is_relative_to(one) for one in given for suite in suites
    ):
        return
    named = [word.partition("=")[2] for word in words if word.startswith(f"{RESULTS}=")]
    place = folder / (named[-1] if named else DEFAULT)
    if _is_results(place):
        place.unlink()


def _is_results(place: Path) -> bool:
    """Whether a file is what a run leaves: nothing else is removed."""
    from edgeassay.plain_files import read_plain

    try:
        found = json.loads(read_plain(place)) if place.is_file() else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"edgeassay", "claims", "commit"} <= found.keys()


def is_checkout(folder: Path) -> bool:
    """Whether a folder is a checkout of this project."""
    return (folder / "fixtures" / "options.py").is_file()


@hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, args: Sequence[str]) -> Any:
    """Start again where pytest settled on another folder than the checkout it was started in."""
    given = early_config.invocation_params
    if is_checkout(given.dir) and PART not in os.environ:
        clear_results(joined(args), given.dir, early_config.getini("testpaths"))
    astray = given.dir != early_config.rootpath and is_checkout(given.dir)
    arguments = joined(given.args)
    if astray and arguments != list(given.args) and sys.argv[1:] == list(given.args):
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606
    return (yield)
