"""An environment made: in a folder of its own until it is whole, then renamed into its place."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edgeassay.atomic import locked
from edgeassay.environments.places import (
    declared,
    place_of,
    python_in,
    requirements,
    runtimes_folder,
)
from edgeassay.environments.pythons import fitting_python
from edgeassay.errors import Absent, ConfigError, last_words, why
from edgeassay.progress import Reporter
from edgeassay.temporary import temporary_folder

PIP: Final = (
    *("-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--no-input", "--progress-bar", "off"),
)
LONGEST_WORDS: Final = 400


def install(name: str, *, report: Reporter, again: bool = False) -> Path:
    """Make an environment, and give its Python; one that is there serves, but not `again`.

    One process at a time makes it; another waits and finds it made. Absent where it can't be made,
    with pip's own words; nothing is left behind then.
    """
    spec = declared(name)
    python, version = fitting_python(name, spec)
    place = place_of(name, spec, version)
    folder = runtimes_folder()
    failure = f"{folder}, where environments of runtimes are installed, can't be used"
    with locked(folder / f"{name}.lock", failure, "make it writable"):
        if python_in(place).is_file() and not again:
            return python_in(place)
        with _scratch(name, folder) as scratch:
            made = scratch / place.name
            with report(f"installing {name}", 2) as advance:
                _do(name, "its venv", [str(python), "-I", "-m", "venv", str(made)])
                advance(1)
                wanted = [str(requirement) for requirement in requirements(spec)]
                _do(name, "pip", [str(python_in(made)), *PIP, *wanted])
                advance(1)
            _settle(made, place)
            if place.exists():
                place.rename(scratch / "before")
            made.rename(place)
    return python_in(place)


@contextmanager
def _scratch(name: str, folder: Path) -> Iterator[Path]:
    """A folder beside the places; ConfigError where something can't be written there."""
    try:
        with temporary_folder(folder) as made:
            yield made
    except OSError as error:
        raise ConfigError(
            f"{name} can't be installed in {folder}: {why(error)}; make room, or make it writable"
        ) from None


def _do(name: str, what: str, words: Sequence[str]) -> None:
    """One step of it; Absent with what it said last."""
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    told = [line for line in said.splitlines() if line.lower().startswith("error:")]
    last = " ".join(" ".join(told).split()) or last_words(said)
    how = last[-LONGEST_WORDS:] or f"it ended with status {done.returncode}"
    raise Absent(
        f"{name} can't be installed: {what} said: {how}; mend that (pip's index, the network,"
        " python3-venv), and install it again"
    )


def _settle(made: Path, place: Path) -> None:
    """Let its scripts name the place where they are going to be."""
    for path in (made / "pyvenv.cfg", *(made / "bin").iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            path.write_bytes(data.replace(str(made).encode(), str(place).encode()))
