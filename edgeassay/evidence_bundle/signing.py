"""Signatures by SSH keys, made and checked by OpenSSH's own `ssh-keygen -Y`."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from edgeassay.errors import ConfigError, last_words
from edgeassay.evidence_bundle.manifest import MANIFEST, SIGNATURE
from edgeassay.plain_files import open_plain

NAMESPACE: Final = "edgeassay"
TOOL: Final = "ssh-keygen"


class Signed(StrEnum):
    """What a signature is worth."""

    BY_WHOM = "signed by somebody who is vouched for"
    BY_A_KEY = "signed, and nobody vouches for the key"
    WRONG = "the signature is wrong"
    NOT = "unsigned"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What was found out, in words too."""

    signed: Signed
    words: str


def check_key(key: Path) -> None:
    """ConfigError where nothing can be signed with a key: said before any work is done."""
    _check_tool()
    if not key.is_file():
        raise ConfigError(f"--sign {key}: there is no such key; give an SSH key's file")


def sign(folder: Path, key: Path) -> None:
    """Sign the manifest of a folder; ConfigError in ssh-keygen's words where that fails."""
    words = ["-Y", "sign", "-n", NAMESPACE, "-f", str(key.absolute()), MANIFEST]
    ended = subprocess.run(
        [TOOL, *words], cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode or not (folder / SIGNATURE).is_file():
        raise ConfigError(
            f"--sign {key}: ssh-keygen signs nothing with it: {last_words(ended.stderr, 2)}; give a"
            " private SSH key, or a public one whose private half ssh-agent holds"
        )


def check(folder: Path, signers: Path | None, identity: str | None) -> Signature:
    """Whose signature the manifest has; without `signers` nobody vouches for the key."""
    if not (folder / SIGNATURE).is_file():
        words = f"unsigned: whoever changes a file can change {MANIFEST} too"
        return Signature(signed=Signed.NOT, words=words)
    _check_tool()
    if signers is None:
        ended = _ask(folder, "check-novalidate")
        if ended.returncode:
            return _wrong(ended)
        key = ended.stdout.strip().rpartition(" ")[2]
        return Signature(
            signed=Signed.BY_A_KEY,
            words=f"signed with the key {key}, and nobody vouches for whose that is: give --signers"
            " to have that checked",
        )
    if not signers.is_file():
        raise ConfigError(
            f"--signers {signers} isn't there; give a file of allowed signers (man ssh-keygen)"
        )
    allowed = ("-f", str(signers.absolute()))
    found = identity or _principal(folder, allowed)
    if found is None:
        return Signature(
            signed=Signed.WRONG, words=f"its signature is by nobody whom {signers} names"
        )
    ended = _ask(folder, "verify", *allowed, "-I", found)
    if ended.returncode:
        return _wrong(ended)
    return Signature(signed=Signed.BY_WHOM, words=f"signed by {found}, whom {signers} names")


def _principal(folder: Path, allowed: tuple[str, ...]) -> str | None:
    """Whom the file of signers names for the signature's key."""
    ended = _ask(folder, "find-principals", *allowed)
    names = ended.stdout.splitlines()
    return None if ended.returncode or not names else names[0].strip()


def _ask(folder: Path, what: str, *more: str) -> subprocess.CompletedProcess[str]:
    words = [TOOL, "-Y", what, "-n", NAMESPACE, "-s", SIGNATURE, *more]
    with open_plain(folder / MANIFEST) as content:
        return subprocess.run(
            words,
            cwd=folder,
            stdin=content,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )


def _wrong(ended: subprocess.CompletedProcess[str]) -> Signature:
    said = last_words(ended.stderr or ended.stdout, 1).rstrip(".")
    return Signature(signed=Signed.WRONG, words=f"the signature is wrong: {said}")


def _check_tool() -> None:
    if shutil.which(TOOL) is None:
        raise ConfigError(f"{TOOL} isn't installed, which signs and checks; install OpenSSH")
