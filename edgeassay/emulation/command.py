"""`edgeassay emulators`: other instruction sets on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.emulation.emulator import Emulator, emulators
from edgeassay.emulation.making import make
from edgeassay.errors import Absent, ConfigError
from edgeassay.progress import ConsoleReporter

MISSING: Final = 4


def emulators_command(
    *,
    install: bool,
    mirror: str | None,
    keyring: Path | None,
) -> None:
    """What `edgeassay emulators` does with its options."""
    if mirror is not None and not re.fullmatch(r"(https?|file|copy):/\S+", mirror):
        raise ConfigError(
            f"--mirror {mirror!r} is no address of packages; give one such as"
            " http://deb.debian.org/debian"
        )
    console = Console(stderr=True)
    complete = True
    for emulator in emulators().values():
        try:
            if install:
                make(emulator, ConsoleReporter(console), mirror=mirror, keyring=keyring)
        except Absent as error:
            console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        _tell(emulator)
        complete = complete and emulator.installed
    if not complete:
        raise typer.Exit(MISSING)


def _tell(emulator: Emulator) -> None:
    """Where an emulator is, and of what."""
    lines = [f"{emulator.name}: not installed; `edgeassay emulators --install` makes it"]
    if emulator.installed:
        manifest = emulator.manifest()
        qemu = manifest["packages"][0].split("_")
        lines = [f"{emulator.name}: {qemu[0]} {qemu[1].replace('%3a', ':')}, in {emulator.folder}"]
        for name, facts in manifest["sites"].items():
            wheels = ", ".join(w.replace("==", " ") for w in emulator.recipe.sites[name].wheels)
            lines.append(f"  {name}: Python {facts['python']}, {wheels}")
    for line in lines:
        Console(highlight=False).print(line, markup=False, soft_wrap=True)
