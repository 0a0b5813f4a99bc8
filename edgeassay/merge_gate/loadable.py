"""Which files of a project Python or pytest can load, by their names alone."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

# Modules, compiled modules, packed ones, paths to more of them, and settings of tools.
ENDINGS: Final = (
    *(".py", ".pyw", ".pyc", ".so", ".pyd", ".dll", ".dylib"),
    *(".zip", ".egg", ".whl", ".pth", ".egg-link", ".ini", ".cfg"),
)
SETTINGS: Final = ("pyproject.toml", "pytest.toml", ".pytest.toml", "tox.toml")
# Names of packages, whose entry points pytest loads as plugins.
PACKAGES: Final = (".egg-info", ".dist-info", ".egg")


def loadable(path: str) -> bool:
    """Whether Python or pytest can load a file of this name, or take its settings from it."""
    place = PurePosixPath(path.lower())
    return (
        place.name.endswith(ENDINGS)
        or place.name in SETTINGS
        or any(part.endswith(PACKAGES) for part in place.parts)
    )


def could_be_package(path: str) -> bool:
    """Whether something of this name can be imported as a folder: a link, or another repository."""
    return "." not in PurePosixPath(path).name
