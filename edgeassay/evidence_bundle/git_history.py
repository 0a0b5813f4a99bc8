"""What git knows of files: in which repository they lie, and at which commit a line was set. Nobody
is named.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from edgeassay.checkout import git_environment
from edgeassay.evidence_bundle.toml_lines import Leaf, lines_of
from edgeassay.project import repository_of


@dataclass(frozen=True, kw_only=True, order=True)
class Commit:
    """A commit and when it was made, by the clock of whoever made it."""

    committed: datetime
    sha: str


@dataclass(frozen=True)
class History:
    """The history of the repository whose root a folder is; whatever isn't known is None."""

    root: Path

    def _said(self, *words: str) -> str | None:
        try:
            found = subprocess.run(
                ["git", "--no-replace-objects", "-C", str(self.root), *words],
                env=git_environment(),
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError:
            return None
        return found.stdout if found.returncode == 0 else None

    @cache  # noqa: B019 - a history lives as long as its bundle is written
    def known(self, revision: str | None) -> str | None:
        """The commit that a revision names here."""
        if not revision or not revision.isprintable() or revision.startswith("-"):
            return None
        said = self._said("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return (said or "").strip() or None

    @cache  # noqa: B019
    def text(self, commit: str, path: str) -> str | None:
        """A file as it was at a commit."""
        return self._said("show", f"{commit}:./{path}")

    @cache  # noqa: B019
    def leaves(self, commit: str, path: str) -> dict[str, Leaf]:
        """The keys of a TOML file at a commit, with their lines."""
        return lines_of(self.text(commit, path) or "")

    @cache  # noqa: B019
    def _blamed(self, commit: str, path: str) -> tuple[Commit, ...]:
        """For each line of a file the commit that it was last changed at; of blanks none is."""
        said = self._said("blame", "-w", "--line-porcelain", commit, "--", f"./{path}")
        found, sha, moment = [], "", 0
        for line in (said or "").split("\n"):
            if line.startswith("\t"):
                found.append(Commit(sha=sha, committed=datetime.fromtimestamp(moment, UTC)))
                sha = ""
            elif not sha:
                sha = line.partition(" ")[0]
            elif line.startswith("committer-time "):
                moment = int(line.partition(" ")[2])
        return tuple(found)

    def last_change(self, commit: str, path: str, leaves: Sequence[Leaf]) -> Commit | None:
        """The latest commit up to `commit` that any line of these statements was changed at."""
        blamed = self._blamed(commit, path)
        lines = [one for leaf in leaves for one in blamed[leaf.first - 1 : leaf.last]]
        return self._unless_cut_off(max(lines, default=None))

    def _unless_cut_off(self, found: Commit | None) -> Commit | None:
        """None for a commit at which a shallow clone's history ends: it stands for all before."""
        return None if found is None or found.sha in self.ends else found

    @cached_property
    def ends(self) -> frozenset[str]:
        """The commits at which a shallow clone's history is cut off."""
        said = self._said("rev-parse", "--path-format=absolute", "--git-path", "shallow")
        try:
            return frozenset(Path((said or "").strip()).read_text(encoding="utf-8").split())
        except OSError:
            return frozenset()

    @cache  # noqa: B019
    def last_touch(self, commit: str, path: str) -> Commit | None:
        """The latest commit up to `commit` that changed a file, or anything in a folder."""
        said = self._said("log", "-1", "--format=%ct %H", commit, "--", f"./{path}")
        if not said or not said.strip():
            return None
        moment, sha = said.split()
        found = Commit(sha=sha, committed=datetime.fromtimestamp(int(moment), UTC))
        return self._unless_cut_off(found)

    @cache  # noqa: B019
    def is_ancestor(self, first: str, second: str) -> bool:
        """Whether one commit is another, or came before it."""
        return self._said("merge-base", "--is-ancestor", first, second) is not None

    def fork(self, base: str, commit: str) -> str | None:
        """Where two lines of commits parted."""
        said = self._said("merge-base", base, commit)
        return said.strip() if said else None

    def changed(self, base: str, commit: str, paths: Sequence[str]) -> list[str]:
        """Which of these files differ between two commits, relative to the repository."""
        if not paths:
            return []
        said = self._said(
            "diff", "--name-only", "--relative", base, commit, "--", *(f"./{p}" for p in paths)
        )
        return [line for line in (said or "").split("\n") if line]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a file really lies: its `path` from the root of the repository of `history`, and
    whether it is `there` now.
    """

    history: History
    path: str
    there: bool


@dataclass(frozen=True)
class Sources:
    """Finds the files that limits name, from one of these folders: a project, and others that its
    declarations may come from. Each file's own repository counts, links followed.
    """

    folders: tuple[Path, ...]

    def of(self, path: str) -> Place | None:
        """Where a file lies that is named from one of the folders; None outside of git."""
        named = [folder / path for folder in self.folders]
        found = next((one for one in named if one.exists()), named[0])
        root = repository_of(found)
        if root is None:
            return None
        inside = found.resolve().relative_to(root).as_posix()
        return Place(history=self._history(root), path=inside, there=found.exists())

    @cache  # noqa: B019
    def _history(self, root: Path) -> History:
        return History(root)

    def know(self, revision: str) -> bool:
        """Whether any of the folders lies in a repository that has a revision."""
        roots = dict.fromkeys(repository_of(folder) for folder in self.folders)
        return any(History(root).known(revision) is not None for root in roots if root)
