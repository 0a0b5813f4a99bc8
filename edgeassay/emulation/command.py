"""`edgeassay emulators`: other instruction sets on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edgeassay.emulation.emulator import Emulator, emulators
from edgeassay.emulation.making import make
from edgeassay.errors import Absent, ConfigError
from edgeassay.progress import ConsoleReporter

MISSING: Final = 4


def emulators_command(
    *,
    install: Annotated[
        bool, typer.Option("--install", help="Make those that aren't there yet.")
    ] = False,
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            envvar="EDGEASSAY_DEBIAN_MIRROR",
            help="Where Debian's packages come from (default: where this machine, if it is a"
            " Debian, gets its own; else deb.debian.org).",
        ),
    ] = None,
    keyring: Annotated[
        Path | None,
        typer.Option(
            "--keyring",
            metavar="FILE",
            help="The keys of Debian's archive (default: those of the package"
            " debian-archive-keyring).",
        ),
    ] = None,
) -> None:
    """Make and list emulated machines: QEMU, a Python and runtimes of another architecture.

    `pytest --device arm64-emulated` then runs on one. apt and pip fetch everything into the
    project's .assay/emulators; nothing is installed on the system, and no root is needed. What is
    there isn't made again. Outputs of an emulated machine count, its times never do.

    Exit codes: 0 all are there, 4 one isn't, or can't be made here.
    """
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
