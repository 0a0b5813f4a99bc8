"""What git knows of a project's files: at which commit a line was set. Nobody's name is read."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from edgeassay.checkout import git_environment
from edgeassay.evidence_bundle.toml_lines import Leaf, lines_of
from edgeassay.project import commit_named


@dataclass(frozen=True, kw_only=True, order=True)
class Commit:
    """A commit and when it was made, by the clock of whoever made it."""

    committed: datetime
    sha: str


@dataclass(frozen=True)
class History:
    """The history of the project in a folder; whatever isn't known is None."""

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
        named = revision is not None and revision.isprintable()
        return commit_named(revision, self.root) if revision and named else None

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
        """Which of these files differ between two commits, relative to the project."""
        if not paths:
            return []
        said = self._said(
            "diff", "--name-only", "--relative", base, commit, "--", *(f"./{p}" for p in paths)
        )
        return [line for line in (said or "").split("\n") if line]
