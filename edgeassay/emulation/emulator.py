"""The emulators that there are recipes for, and where each is."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from edgeassay.config.toml import read_toml
from edgeassay.errors import Absent, ConfigError
from edgeassay.project import project_folder
from edgeassay.spec.data import STRICT

RECIPES: Final = Path(__file__).parent
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Qemu:
    """The package with the emulator itself, for this machine, and its one file that is kept."""

    __pydantic_config__ = STRICT
    suite: str
    package: str
    binary: str


@dataclass(frozen=True, kw_only=True)
class Python:
    """The packages of the emulated system: a Python and the libraries that wheels need."""

    __pydantic_config__ = STRICT
    suite: str
    version: str
    glibc: int
    binary: str
    packages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is installed for one environment, and the module that shows that it works."""

    __pydantic_config__ = STRICT
    wheels: tuple[str, ...]
    module: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an emulator is made of. `debian` is Debian's name of the `architecture`."""

    __pydantic_config__ = STRICT
    layout: int
    architecture: str
    debian: str
    mirror: str
    keyring: str
    qemu: Qemu
    python: Python
    sites: Mapping[str, Site]


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A recipe, and the folder that it is made in: `<name>-<digest of the recipe>`."""

    name: str
    recipe: Recipe
    folder: Path

    @property
    def installed(self) -> bool:
        """Whether it was made here."""
        return (self.folder / MANIFEST).is_file()

    def manifest(self) -> dict[str, Any]:
        """What it turned out to be made of."""
        said: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return said


@cache
def _recipe(path: Path) -> tuple[Recipe, str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return TypeAdapter(Recipe).validate_python(read_toml(path, path.name)), digest[:12]


def emulators() -> dict[str, Emulator]:
    """Every one that there is a recipe for, by name."""
    found = {}
    for path in sorted(RECIPES.glob("*.toml")):
        recipe, digest = _recipe(path)
        folder = project_folder() / ".assay" / "emulators" / f"{path.stem}-{digest}"
        found[path.stem] = Emulator(name=path.stem, recipe=recipe, folder=folder)
    return found


def emulator_for(architecture: str | None) -> Emulator:
    """The emulator of an architecture, installed; Absent where it isn't, or where this machine is
    one itself.
    """
    known = {e.recipe.architecture: e for e in emulators().values()}
    if architecture not in known:
        raise ConfigError(
            f"{{emulator}} stands for one of architecture {', '.join(known)}, and the profile"
            f" declares {architecture or 'none'}; correct `architecture`, or name the emulator's"
            " own path in the command"
        )
    emulator = known[architecture]
    check_foreign(emulator)
    if not emulator.installed:
        raise Absent(
            f"the emulated {emulator.name} isn't installed; `edgeassay emulators --install`"
            f" makes {emulator.folder}"
        )
    return emulator


def check_foreign(emulator: Emulator) -> None:
    """Absent where this machine has the architecture that would be emulated."""
    if platform.machine() == emulator.recipe.architecture:
        raise Absent(
            f"this machine is {emulator.recipe.architecture} itself, and runs here what"
            f" {emulator.name} would emulate: leave --device out"
        )
