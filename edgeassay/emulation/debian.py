"""Debian packages of another release or architecture, fetched by apt and unpacked by dpkg into
folders of our own: the system's packages, sources and lists are neither used nor changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeassay.errors import Absent, last_words, why

OS_RELEASE: Final = Path("/etc/os-release")
# apt reads the system's own settings before these, so that its proxies and credentials hold; its
# hooks would act on the system, and are left out.
SETTINGS: Final = """\
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Retries "3";
Dir::State "{place}/state";
Dir::State::status "{place}/status";
Dir::Cache "{place}/cache";
Dir::Etc::sourcelist "{place}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""
SOURCE: Final = (
    "deb [arch={architecture} target=Packages signed-by={keyring}] {mirror} {suite} main\n"
)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Where packages come from, and the keys that their lists must be signed with."""

    mirror: str
    keyring: Path


def check_tools(archive: Archive) -> None:
    """Absent where this machine has no apt, or lacks the keys of Debian's archive."""
    missing = [tool for tool in ("apt-get", "dpkg") if shutil.which(tool) is None]
    if missing:
        raise Absent(
            f"an emulator is made of Debian's packages, and this machine has no {missing[0]}; use"
            " one with apt (Debian, Ubuntu)"
        )
    if not archive.keyring.is_file():
        raise Absent(
            f"{archive.keyring} isn't there, without which nobody can tell Debian's packages from"
            " others; install the package debian-archive-keyring (Ubuntu has it too), or name"
            " another file with --keyring"
        )


def own_architecture() -> str:
    """Debian's name of this machine's architecture."""
    return _run(["dpkg", "--print-architecture"]).strip()


def own_mirror() -> str | None:
    """Where this machine, if it is a Debian, gets its own packages from."""
    try:
        lines = OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    if facts.get("ID", "").strip('"') != "debian" or shutil.which("apt-get") is None:
        return None
    wanted = facts.get("VERSION_CODENAME", "").strip('"')
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    said = _run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    for line in said.splitlines():
        uri, release, component = line.rsplit(" ", 2)
        if (release, component) == (wanted, "main"):
            return uri.rstrip("/")
    return None


def fetch(
    packages: Sequence[str], suite: str, architecture: str, archive: Archive, place: Path
) -> list[Path]:
    """The packages' files, downloaded below `place`; their lists' signatures are checked. Absent
    where they can't be had.
    """
    for folder in ("state/lists/partial", "cache/archives/partial", "packages"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    (place / "status").touch()
    words = {"architecture": architecture, "place": place, "suite": suite}
    said = {"mirror": archive.mirror, "keyring": archive.keyring}
    (place / "apt.conf").write_text(SETTINGS.format(**words), encoding="utf-8")
    (place / "sources.list").write_text(SOURCE.format(**words, **said), encoding="utf-8")
    apt = ["apt-get", "--quiet", "--config-file", str(place / "apt.conf")]
    try:
        _run([*apt, "update"])
        _run([*apt, "download", *packages], place / "packages")
    except Absent as error:
        raise Absent(
            f"Debian's packages can't be had from {archive.mirror} ({suite}): {error}; look at the"
            " network, or choose with --mirror and --keyring"
        ) from None
    return sorted((place / "packages").glob("*.deb"))


def unpack(files: Sequence[Path], folder: Path) -> None:
    """What is in the packages, in a folder; none of their scripts is run."""
    for file in files:
        _run(["dpkg", "--extract", str(file), str(folder)])


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    """What a command says; Absent, with its own words, where it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise Absent(f"{command[0]} can't be started: {why(error)}") from None
    if done.returncode == 0:
        return done.stdout
    errors = [line[2:].strip() for line in done.stderr.splitlines() if line.startswith("E:")]
    words = (
        (errors[0].rstrip(".") if errors else "")
        or last_words(done.stderr)
        or last_words(done.stdout)
    )
    raise Absent(f"{command[0]} failed (status {done.returncode}): {words}")
