"""Where an environment lies, by what it holds, and whether it is there."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from edgeassay.config import environment_specs, nearest
from edgeassay.errors import Absent, ConfigError
from edgeassay.project import project_folder
from edgeassay.spec import EnvironmentSpec

# Major and minor version of a Python.
Version = tuple[int, int]

OWN: Final[Version] = (sys.version_info.major, sys.version_info.minor)


def runtimes_folder() -> Path:
    """Where the project keeps its environments."""
    return project_folder() / ".assay" / "runtimes"


def declared(name: str) -> EnvironmentSpec:
    """What the catalogue says of an environment; ConfigError where it has none of that name."""
    known = environment_specs()
    if name not in known:
        raise ConfigError(f"unknown environment {name!r}; {nearest(name, known)}")
    return known[name]


def versions_of(spec: EnvironmentSpec) -> list[Version]:
    """The versions of Python that it can be made with: this one first, then the latest."""
    if spec.python is None:
        return [OWN]
    first, last = (int(version.partition(".")[2]) for version in spec.python)
    found = [(3, minor) for minor in range(last, first - 1, -1)]
    return sorted(found, key=lambda version: version != OWN)


def requirements(spec: EnvironmentSpec) -> list[Requirement]:
    """What is installed in it on a machine like this."""
    given = [Requirement(text) for text in spec.requires]
    return [r for r in given if r.marker is None or r.marker.evaluate()]


def place_of(name: str, spec: EnvironmentSpec, version: Version) -> Path:
    """Its folder: other requirements, another Python or machine, and it is another one."""
    held = [sorted(map(str, requirements(spec))), version, platform.machine(), sys.platform]
    key = hashlib.sha256(json.dumps(held).encode("utf-8")).hexdigest()[:12]
    return runtimes_folder() / f"{name}-{key}"


def python_in(place: Path) -> Path:
    """The Python of an environment at a place."""
    return place / "bin" / "python"


def installed(name: str) -> Path | None:
    """The Python of an environment that was installed for this project."""
    spec = environment_specs().get(name)
    for version in [] if spec is None else versions_of(spec):
        assert spec is not None
        python = python_in(place_of(name, spec, version))
        if python.is_file():
            return python
    return None


def serves(name: str) -> bool:
    """Whether this very Python has what an environment requires, in the right versions."""
    spec = environment_specs().get(name)
    return spec is not None and all(map(_is_met, requirements(spec)))


def _is_met(requirement: Requirement) -> bool:
    # TensorFlow is the same package by two names.
    for name in (requirement.name, requirement.name.removesuffix("-cpu")):
        try:
            return requirement.specifier.contains(metadata.version(name), prereleases=True)
        except metadata.PackageNotFoundError:
            continue
    return False


def python_of(name: str) -> Path:
    """The Python of an environment: the installed one, or this very Python where that has what is
    required; else Absent.
    """
    python = installed(name)
    if python is not None:
        return python
    if serves(name):
        return Path(sys.executable)
    if name not in environment_specs():
        raise Absent(
            f"the environment {name!r} is none that edgeassay installs: give the command of its"
            " Python under [workers]"
        )
    raise Absent(
        f"the environment {name!r} isn't installed; install it: `edgeassay runtimes --install"
        f" {name}`"
    )
