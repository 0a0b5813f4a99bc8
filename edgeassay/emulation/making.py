"""An emulator is made in a temporary folder and renamed: it is there whole, or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from edgeassay.atomic import check_writable, write_text
from edgeassay.emulation.debian import (
    Archive,
    check_tools,
    fetch,
    own_architecture,
    own_mirror,
    unpack,
)
from edgeassay.emulation.emulator import MANIFEST, Emulator, Recipe, check_foreign
from edgeassay.errors import Absent, last_words, why
from edgeassay.progress import Reporter
from edgeassay.temporary import temporary_folder

OLDEST_GLIBC: Final = 17  # of manylinux2014, the oldest that wheels for aarch64 are made for
TRIAL: Final = """
import importlib, json, numpy, platform
importlib.import_module({module!r})
print(json.dumps({{"machine": platform.machine(), "python": platform.python_version(),
                  "numpy": numpy.__version__}}))
"""


def make(
    emulator: Emulator, report: Reporter, *, mirror: str | None = None, keyring: Path | None = None
) -> bool:
    """Make the emulator unless it is there; False where it was. Absent where it can't be made, with
    nothing left behind.
    """
    check_foreign(emulator)
    check_writable(emulator.folder.parent)
    with FileLock(emulator.folder.with_suffix(".lock")):
        if emulator.installed:
            return False
        archive = _archive(emulator.recipe, mirror, keyring)
        check_tools(archive)
        try:
            with temporary_folder(emulator.folder.parent) as made:
                manifest = _make(emulator, made, archive, report)
                write_text(made / MANIFEST, json.dumps(manifest, indent=2) + "\n")
                made.chmod(0o755)
                made.rename(emulator.folder)
        except OSError as error:
            raise Absent(
                f"the emulated {emulator.name} can't be made: {error.filename}: {why(error)}"
            ) from None
    return True


def _archive(recipe: Recipe, mirror: str | None, keyring: Path | None) -> Archive:
    return Archive(
        mirror=mirror or own_mirror() or recipe.mirror, keyring=keyring or Path(recipe.keyring)
    )


def _make(emulator: Emulator, made: Path, archive: Archive, report: Reporter) -> dict[str, Any]:
    """Everything, in `made`; what it turned out to be."""
    recipe = emulator.recipe
    packages: list[str] = []
    with (
        tempfile.TemporaryDirectory(dir=made) as work,
        report(f"making the emulated {emulator.name}", 2 + 2 * len(recipe.sites)) as advance,
    ):
        system, python = own_architecture(), recipe.python
        files = fetch([recipe.qemu.package], recipe.qemu.suite, system, archive, Path(work, "qemu"))
        unpack(files, Path(work, "unpacked"))
        Path(work, "unpacked", recipe.qemu.binary).rename(made / "qemu")
        packages += [file.name for file in files]
        advance(1)
        files = fetch(python.packages, python.suite, recipe.debian, archive, Path(work, "root"))
        unpack(files, made / "root")
        packages += [file.name for file in files]
        advance(1)
        for name, site in recipe.sites.items():
            _install(site.wheels, recipe, made / "sites" / name)
            advance(1)
        found = {}
        for name, site in recipe.sites.items():
            found[name] = _try(made, name, site.module, recipe)
            advance(1)
    return {"packages": packages, "mirror": archive.mirror, "sites": found}


def _install(wheels: Sequence[str], recipe: Recipe, folder: Path) -> None:
    """Unpack wheels for the emulated Python; nothing that they depend on."""
    minors = range(OLDEST_GLIBC, recipe.python.glibc + 1)
    platforms = [f"--platform=manylinux_2_{minor}_{recipe.architecture}" for minor in minors]
    platforms.append(f"--platform=manylinux2014_{recipe.architecture}")
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    chosen = ["--only-binary=:all:", "--implementation=cp"]
    version = f"--python-version={recipe.python.version}"
    words = [*options, *chosen, *platforms, version, f"--target={folder}", *wheels]
    command = [sys.executable, "-m", "pip", "install", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    errors = [line for line in done.stderr.splitlines() if "WARNING" not in line]
    words_of = last_words("\n".join(errors), lines=2)
    raise Absent(f"pip can't install {' and '.join(wheels)} for {recipe.architecture}: {words_of}")


def python_command(folder: Path, recipe: Recipe, site: str) -> list[str]:
    """The emulated Python with a site's packages."""
    root = folder / "root"
    given = {"PYTHONHOME": root / "usr", "PYTHONPATH": folder / "sites" / site}
    variables = [word for name, value in given.items() for word in ("-E", f"{name}={value}")]
    return [str(folder / "qemu"), "-L", str(root), *variables, str(root / recipe.python.binary)]


def _try(folder: Path, site: str, module: str, recipe: Recipe) -> dict[str, Any]:
    """Import a site's runtime in the emulated Python, which leaves it compiled too."""
    command = [*python_command(folder, recipe, site), "-c", TRIAL.format(module=module)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Absent(f"QEMU can't be started: {why(error)}") from None
    if done.returncode:
        how = f"status {done.returncode}"
        if done.returncode < 0:
            how = signal.Signals(-done.returncode).name
        raise Absent(
            f"the emulated Python can't import {module} ({how}): {last_words(done.stderr)}"
        )
    facts: dict[str, Any] = json.loads(done.stdout)
    if facts["machine"] != recipe.architecture:
        raise Absent(
            f"the emulated Python says that it is {facts['machine']}, and {recipe.architecture} was"
            " meant; remove the setting of QEMU_UNAME, or of binfmt_misc, that makes it so"
        )
    return facts
