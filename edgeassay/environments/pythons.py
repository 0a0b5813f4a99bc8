"""A Python that an environment can be made with: this one, or a fitting one on the PATH."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

from edgeassay.environments.places import OWN, Version, versions_of
from edgeassay.errors import Absent
from edgeassay.spec import EnvironmentSpec

# A name on the PATH may lead nowhere (a version manager's), or to a Python that can't make a venv.
ASKED: Final = "import ensurepip, sys, venv; print(*sys.version_info[:2])"
ANSWERS_IN_S: Final = 20.0


def fitting_python(name: str, spec: EnvironmentSpec) -> tuple[Path, Version]:
    """The first Python that wheels of the environment exist for; Absent where there is none, or
    none for this machine.
    """
    machine = platform.machine()
    if spec.architectures and machine not in spec.architectures:
        raise Absent(
            f"{name} can't be installed here: it has wheels for {', '.join(spec.architectures)},"
            f" and this machine is {machine}; leave this runtime out on it"
        )
    versions = versions_of(spec)
    for version in versions:
        if version == OWN:
            return Path(sys.executable), OWN
        for python in _on_path(f"python{version[0]}.{version[1]}"):
            if _is(python, version):
                return python, version
    assert spec.python is not None, "else it can be made with this Python"
    first, last = spec.python
    raise Absent(
        f"{name} can't be installed here: it has wheels for Python {first} to {last}, this is"
        f" {OWN[0]}.{OWN[1]}, and no other is on the PATH; install Python {last} with its venv"
        " beside this one"
    )


def _on_path(name: str) -> list[Path]:
    """Every executable of that name, in the order of the PATH."""
    places = [Path(folder, name) for folder in os.get_exec_path() if folder]
    return [place for place in places if place.is_file() and os.access(place, os.X_OK)]


def _is(python: Path, version: Version) -> bool:
    """Whether it starts, is of that version, and can make environments."""
    try:
        done = subprocess.run(
            [python, "-I", "-c", ASKED],
            capture_output=True,
            text=True,
            timeout=ANSWERS_IN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in version]
