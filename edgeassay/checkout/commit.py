"""A checkout, and what its commit has."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

# What a checkout's own settings could hide a change by. Replaced objects would show another content
# under a commit's name.
HARDENED: Final = (
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.ignoreStat=false"),
    *("-c", "core.checkStat=default"),
    *("-c", "core.trustctime=true"),
    *("-c", "core.quotePath=false"),
    *("-c", "status.showUntrackedFiles=normal"),
)
FILES: Final = ("100644", "100755")
LINK: Final = "120000"
MOST_LINKS: Final = 8  # that lead from one to the next
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a commit has this instead of the file.
POINTER: Final = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:(\w{64})\n")


def git_environment() -> dict[str, str]:
    """The environment, without what would lead git to another repository or index, or to other
    parents of a commit than its own.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**own, "GIT_GRAFT_FILE": os.devnull}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file or a link in a commit."""

    mode: str
    blob: str


@dataclass(frozen=True)
class Checkout:
    """A folder that git has checked out: the one with `.git`, whatever the environment says."""

    top: Path

    def git(self, *words: str) -> bytes | None:
        """What git says; None if it fails or isn't there."""
        where = [f"--git-dir={self._git_dir}", f"--work-tree={self.top}"]
        return _run([*HARDENED, *where, *words], self.top)

    @cached_property
    def _git_dir(self) -> str:
        found = _run(["rev-parse", "--absolute-git-dir"], self.top)
        return str(self.top / ".git") if found is None else found.decode().strip()

    @cached_property
    def commit(self) -> str | None:
        """The commit that is checked out; None before the first, or if git can't tell."""
        return self.named("HEAD")

    def named(self, revision: str) -> str | None:
        """The commit that a revision names; None if it names none."""
        if revision.startswith("-"):
            return None
        found = self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return None if found is None else found.decode().strip() or None

    def branch(self, name: str) -> str | None:
        """The commit of a remote's branch, such as `origin/main`, whatever tag has that name."""
        return self.named(f"refs/remotes/{name}")

    def is_ambiguous(self, revision: str) -> bool:
        """Whether a name is that of a tag and of a branch, here or of a remote."""
        kinds = ("refs/tags", "refs/heads", "refs/remotes")
        return sum(self.named(f"{kind}/{revision}") is not None for kind in kinds) > 1

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """All that the commit has, by path below the top; nothing if there is no commit."""
        return {} if self.commit is None else self.entries_of(self.commit)

    def entries_of(self, commit: str) -> Mapping[str, Entry]:
        """All that a commit has, by path below the top."""
        found: dict[str, Entry] = {}
        for line in (self.git("ls-tree", "-r", "-z", "--full-tree", commit) or b"").split(b"\0"):
            about, _, name = line.partition(b"\t")
            if name:
                mode, _, blob = about.decode().split()
                found[os.fsdecode(name)] = Entry(mode=mode, blob=blob)
        return found

    def content(self, entry: Entry) -> bytes:
        """What a commit has there."""
        return self.git("cat-file", "blob", entry.blob) or b""

    def below(self, path: Path) -> PurePosixPath | None:
        """An absolute path below the top, of which links inside aren't followed; None outside."""
        for place in reversed([path, *path.parents]):
            real = place.resolve()
            if real.is_relative_to(self.top):
                return PurePosixPath((real / path.relative_to(place)).relative_to(self.top))
        return None

    def has(self, path: Path, content: bytes) -> bool:
        """Whether the commit has just this content where an absolute path leads to."""
        name = self.below(path)
        place = None if name is None else self._place(name, MOST_LINKS)
        entry = None if place is None else self.entries.get(place.as_posix())
        return entry is not None and entry.mode in FILES and self._is(entry, content)

    def _place(self, name: PurePosixPath, links: int) -> PurePosixPath | None:
        """Where a path leads to by links that the commit has too; None by any other."""
        for here in reversed([name, *name.parents]):
            entry, path = self.entries.get(here.as_posix()), self.top / here
            if here == PurePosixPath() or not (
                path.is_symlink() or (entry is not None and entry.mode == LINK)
            ):
                continue
            if entry is None or entry.mode != LINK or not path.is_symlink() or not links:
                return None
            target = path.readlink()
            if _blob(os.fsencode(target), entry.blob) != entry.blob:
                return None
            joined = os.path.normpath(here.parent / target / name.relative_to(here))
            inside = not joined.startswith(("..", "/"))
            return self._place(PurePosixPath(joined), links - 1) if inside else None
        return name

    def _is(self, entry: Entry, content: bytes) -> bool:
        """Whether a file has a commit's content, but for the ends of lines in a text; of what Git
        LFS keeps the commit has the digest.
        """
        if _blob(content, entry.blob) == entry.blob:
            return True
        lines = content.replace(b"\r\n", b"\n")
        if b"\0" not in content and _blob(lines, entry.blob) == entry.blob:
            return True
        pointer = POINTER.match(self.content(entry))
        return pointer is not None and hashlib.sha256(content).hexdigest().encode() == pointer[1]


def checkout_of(folder: Path) -> Checkout | None:
    """The checkout that a folder is in; None if it is in none."""
    real = folder.resolve()
    found = (place for place in (real, *real.parents) if (place / ".git").exists())
    top = next(found, None)
    return None if top is None else Checkout(top)


def project_checkout(project: Path) -> Checkout | None:
    """The checkout that a project is in; if it is in none, the one that its `models` lead to."""
    return checkout_of(project) or checkout_of(project / "models")


def _run(words: list[str], folder: Path) -> bytes | None:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=True, env=git_environment())
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def _blob(content: bytes, like: str) -> str:
    """The name that git gives a content, by the hash of another name."""
    made = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    made.update(b"blob %d\0" % len(content))
    made.update(content)
    return made.hexdigest()
