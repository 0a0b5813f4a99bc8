"""What a newcomer waits for: `python benchmarks/first_minutes.py [--without-tests]`.

It clones this checkout into a fresh folder with an empty HOME, runs README's two commands there as
they stand, and prints how long each took, how much disk they need, and what a start costs. Needs
git, Python 3.11 or later, and a network to install from.
"""

import argparse
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITE = ".tox/suite/bin"
STARTS = (
    f"{SUITE}/edgeassay --help",
    f"{SUITE}/edgeassay judge --help",
    f"{SUITE}/edgeassay baseline promote --help",
    f"{SUITE}/pytest --collect-only -q --model phantom-cnn",
)


def readme_commands(folder: Path) -> tuple[str, str]:
    """README's two commands: the main job on the embedded default, and the tests."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^python3 -m venv .*$", text, flags=re.MULTILINE)[:2]
    return first, second


def cpu_seconds() -> float:
    """What all children that have ended have used, by system and user."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def megabytes(folder: Path) -> float:
    """What a folder's files take on the disk; a file with several names counts once."""
    blocks = {(s.st_dev, s.st_ino): s.st_blocks for s in _stats(folder)}
    return sum(blocks.values()) * 512 / 1e6


def _stats(folder: Path) -> Iterator[os.stat_result]:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            yield path.stat()


class Newcomer:
    """A fresh folder and an empty HOME."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "edgeassay"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(self.folder)], check=True)
        kept = ("PATH", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        given = {k: v for k, v in os.environ.items() if k in kept or k.startswith(("PIP_", "UV_"))}
        self._environment = given | {"HOME": str(home)}

    def run(self, command: str, what: str) -> None:
        """Run a command of a shell, and print its minutes; its words are shown if it fails."""
        begun = time.monotonic()
        done = self._shell(command)
        print(f"{(time.monotonic() - begun) / 60:7.1f} min  {what}", flush=True)
        if done.returncode:
            sys.exit(done.stdout[-5000:])

    def start(self, command: str) -> None:
        """Print the CPU seconds of a start: the least of five, after one that compiles."""
        spent = []
        for _ in range(6):
            before = cpu_seconds()
            self._shell(command)
            spent.append(cpu_seconds() - before)
        tool = shlex.join([Path(shlex.split(command)[0]).name, *shlex.split(command)[1:]])
        print(f"{min(spent[1:]):7.2f} CPU s  {tool}", flush=True)

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--without-tests", action="store_true", help="leave out the second command")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="first-minutes-") as folder:
        home = Path(folder)
        newcomer = Newcomer(home)
        first, second = readme_commands(newcomer.folder)
        installing = first.partition(" -- ")[0]
        newcomer.run(f"{installing} -- --version", "installation, from nothing")
        newcomer.run(first, "first command, after the installation")
        newcomer.run(first, "first command, again")
        print(f"{megabytes(newcomer.folder / '.tox'):7.0f} MB   .tox after the first command")
        if not options.without_tests:
            newcomer.run(second, "test command")
            print(f"{megabytes(newcomer.folder / '.tox'):7.0f} MB   .tox after the test command")
        print(
            f"{megabytes(home):7.0f} MB   all of it, with uv's cache, which shares files with .tox"
        )
        for command in STARTS:
            newcomer.start(command)


if __name__ == "__main__":
    main(sys.argv[1:])
