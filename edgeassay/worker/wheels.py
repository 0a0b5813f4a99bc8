"""Why a package that is installed can't be imported: what it was built for isn't what is here."""

from __future__ import annotations

import platform
import re
import sys
from typing import Optional

# What an ELF file says of the machine that it is for.
MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}


def unimportable(what: str, words: str) -> str:
    """The sentence about a package, with the import's own words.

    Of a library for another architecture the loader only says that it can't be opened.
    """
    here = "Python %s on %s" % (platform.python_version(), platform.machine())
    named = re.search(r"(/[^\s:]+\.so[^\s:]*)", words)
    theirs, ours = machine_of(named.group(1)) if named else None, machine_of(sys.executable)
    if named and theirs and ours and theirs != ours:
        where = named.group(1).rpartition("/")[2]
        return "%s can't be imported by %s: %s is built for %s" % (what, here, where, theirs)
    return "%s can't be imported by %s: %s" % (what, here, words)


def machine_of(path: str) -> Optional[str]:
    """The architecture that a program or library is for; None where it doesn't tell."""
    try:
        with open(path, "rb") as file:
            header = file.read(20)
    except OSError:
        return None
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return None
    order = "little" if header[5] == 1 else "big"
    number = int.from_bytes(header[18:20], order)  # type: ignore[arg-type]
    return MACHINES.get(number, "machine %d" % number)


def deepest(error: BaseException) -> str:
    """The words of the error that the others came of: NumPy wraps its own in advice."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return " ".join(str(error).split())
