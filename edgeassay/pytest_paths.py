"""Makes `pytest --artifacts DIR` mean what it says, wherever DIR lies.

pytest looks for its project before it knows a project's options. It then takes DIR for a test
path, and where DIR exists outside the checkout, it finds neither pyproject.toml nor conftest.py
(its documentation: "custom pytest plugin commandline arguments may include a path"). Written as
`--artifacts=DIR` it is understood, so a command line that would go astray is started again in
that form. Loaded by pytest as an installed plugin; idle in any other project.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pluggy import HookimplMarker

hookimpl = HookimplMarker("pytest")

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


def is_checkout(folder: Path) -> bool:
    """Whether a folder is a checkout of this project."""
    return (folder / "fixtures" / "options.py").is_file()


@hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> Any:
    """Start again where pytest settled on another folder than the checkout it was started in."""
    given = early_config.invocation_params
    astray = given.dir != early_config.rootpath and is_checkout(given.dir)
    arguments = joined(given.args)
    if astray and arguments != list(given.args) and sys.argv[1:] == list(given.args):
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606
    return (yield)
