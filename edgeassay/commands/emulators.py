"""The options of `edgeassay emulators`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def emulators(
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
    from edgeassay.emulation.command import emulators_command

    emulators_command(
        install=install,
        mirror=mirror,
        keyring=keyring,
    )
