"""The commit that a change is measured by, and what it declares."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from edgeassay.checkout import CODE, Checkout, checkout_of, project_checkout
from edgeassay.checkout.commit import FILES, LINK, MOST_LINKS, Entry
from edgeassay.errors import ConfigError
from edgeassay.merge_gate.declared import Places
from edgeassay.merge_gate.loadable import could_be_package, loadable
from edgeassay.plain_files import read_plain
from edgeassay.project import EXPECTED

NONE: Final = "none"  # as an option: nothing is compared
# What a build server says of the branch or the commit that a pull request goes to.
BRANCHES: Final = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CHANGE_TARGET")
DEFAULT: Final = "HEAD"  # origin/HEAD is the default branch
# What judges beside the suite's own code, where the project has it.
TOOLS: Final = (".ci", ".github", "action.yml")


@dataclass(frozen=True, kw_only=True)
class Base:
    """A commit in a checkout, and the project of which it is the base."""

    checkout: Checkout
    commit: str
    project: Path

    def files(self, place: Path) -> Iterator[tuple[str, Entry]]:
        """What the base has at a path or below it, by path from there."""
        name = self.checkout.below(place)
        if name is not None:
            yield from self._below(name, MOST_LINKS)

    def of(self, place: Path) -> Base | None:
        """The base of what lies at a path: this one, or that of the checkout that it lies in, by
        where that one's branch left. None in no checkout, or in one whose first commit this is.
        """
        if self.checkout.below(place) is not None:
            return self
        other = _checkout_at(place)
        return None if other is None else base_of(other.top, None)[0]

    def lacking(self, places: Places) -> str | None:
        """Why a checkout has no base in which other declarations lie than the project's own."""
        for place in (*places.models, *places.devices, *filter(None, [places.config])):
            other = None if self.checkout.below(place) is not None else _checkout_at(place)
            lacking = None if other is None else base_of(other.top, None)[1]
            if lacking is not None:
                return f"{place}: {lacking}"
        return None

    def _below(self, name: PurePosixPath, links: int) -> Iterator[tuple[str, Entry]]:
        """The same, by the path below the top; a link stands for what it leads to."""
        for found, entry in self._entries.items():
            path = PurePosixPath(found)
            if not path.is_relative_to(name):
                continue
            here = path.relative_to(name)
            if entry.mode in FILES:
                yield str(here), entry
            elif entry.mode == LINK and links:
                target = os.fsdecode(self.checkout.content(entry))
                leads = PurePosixPath(os.path.normpath(path.parent / target))
                for below, file in self._below(leads, links - 1):
                    yield str(here / below), file

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return self.checkout.entries_of(self.commit)

    def changed(self, names: Iterable[str]) -> list[str]:
        """The files there that differ from the base's, by path below the project."""
        return _unlike(*(dict(side._named(names)) for side in self._sides))

    def changed_at(self, place: Path) -> list[str]:
        """The files at a path or below it that differ from their base's, by path from there; none
        where that has no base.
        """
        base = self.of(place)
        return [] if base is None else _unlike(*(dict(side.files(place)) for side in base._sides))

    def changed_code(self) -> list[str]:
        """The files of the judge that differ from the base's, by path below the project: its own,
        and all that Python or pytest can load.
        """
        return _unlike(*(dict(side._judging()) for side in self._sides))

    @property
    def _sides(self) -> tuple[Base, Base]:
        return self, replace(self, commit=str(self.checkout.commit))

    def _named(self, names: Iterable[str]) -> Iterator[tuple[str, Entry]]:
        for name in names:
            for path, entry in self.files(self.project / name):
                yield (name if path == "." else f"{name}/{path}"), entry

    def _judging(self) -> Iterator[tuple[str, Entry]]:
        for path, entry in self._named((*CODE, *TOOLS)):
            if loadable(path) or not _declares(path):
                yield path, entry
        top = self.checkout.below(self.project)
        for found, entry in self._entries.items():
            place = PurePosixPath(found)
            if top is None or not place.is_relative_to(top):
                continue
            path = str(place.relative_to(top))
            if loadable(path) or (entry.mode not in FILES and could_be_package(path)):
                yield path, entry
            if loadable(path) and entry.mode == LINK:  # the file may change while the link doesn't
                yield from self._named([path])

    def write(self, places: Places, folder: Path) -> Places | None:
        """Its declarations in a folder, laid out as the project's are; None where it has no
        gate.toml.
        """
        root = folder / "project"
        root.mkdir()
        config = self._put(places.config or places.root / EXPECTED, root / EXPECTED)
        if not config:
            return None
        models = [self._put_folder(place, root, places.root) for place in places.models]
        devices = [self._put_folder(place, root, places.root) for place in places.devices]
        baselines = self._put_folder(places.baselines, root, places.root)
        self._put(places.root / "compare.toml", root / "compare.toml")
        return Places(
            root=root,
            config=None,
            models=[place for place in models if place.is_dir()],
            devices=devices,
            baselines=baselines,
        )

    def _put_folder(self, place: Path, root: Path, project: Path) -> Path:
        """A folder's TOML files as the base has them. What is in no checkout came with the code and
        is taken as it is.
        """
        inside = place.is_relative_to(project)
        made = root / (place.relative_to(project) if inside else Path(place.name))
        base = self.of(place)
        if base is None:
            for path in sorted(place.rglob("*.toml")):
                if not self._put(path, made / path.relative_to(place)) and self.of(path) is None:
                    target = made / path.relative_to(place)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(read_plain(path))
            return made
        for name, entry in base.files(place):
            if name.endswith(".toml"):
                base._write(entry, made / name)
        return made

    def _put(self, place: Path, made: Path) -> bool:
        """Whether the base has a file there, which then is written."""
        base = self.of(place)
        found = None if base is None else dict(base.files(place)).get(".")
        if base is None or found is None:
            return False
        base._write(found, made)
        return True

    def _write(self, entry: Entry, made: Path) -> None:
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(self.checkout.content(entry))


def _checkout_at(place: Path) -> Checkout | None:
    """The checkout that a file or a folder lies in."""
    return checkout_of(place if place.is_dir() else place.parent)


def _declares(path: str) -> bool:
    """Whether a file among the code is a declaration: a device profile."""
    return path.startswith("fixtures/devices/") and path.endswith(".toml")


def _unlike(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[str]:
    return sorted(p for p in {*before, *after} if before.get(p) != after.get(p))


def base_of(
    project: Path, given: str | None, environment: Mapping[str, str] = os.environ
) -> tuple[Base | None, str | None]:
    """The base of the project's commit, and why there is none where there should be one.

    It is the commit that was `given`, or where this branch left the one that it goes to, or the
    commit before if nothing says where it goes. A branch that is named and can't be used has no
    substitute. ConfigError where `given` names no commit.
    """
    checkout = project_checkout(project)
    if checkout is None or checkout.commit is None or given == NONE:
        return None, None
    if given is not None and checkout.is_ambiguous(given):
        raise ConfigError(
            f"--base {given}: a tag and a branch have that name; give the commit, or the whole name"
            f" (refs/remotes/{given}, refs/heads/{given} or refs/tags/{given})"
        )
    if given is not None:
        commit = checkout.named(given)
        if commit is None:
            raise ConfigError(
                f"--base {given}: no commit here; fetch it (`git fetch origin {given}`, or"
                " `fetch-depth: 0` of actions/checkout), or give another"
            )
        return Base(checkout=checkout, commit=commit, project=project), None
    left, lacking = _left(checkout, environment)
    if lacking is not None:
        return None, lacking
    commit = left or checkout.named("HEAD^1")
    if commit is not None:
        return Base(checkout=checkout, commit=commit, project=project), None
    about = (checkout.git("cat-file", "commit", checkout.commit) or b"").partition(b"\n\n")[0]
    if b"\nparent " not in about:
        return None, None
    return None, (
        "the commit before this one isn't here, so nobody can tell whether this one changes what"
        " judges it; fetch it (`fetch-depth: 2` of actions/checkout), or name a base with --base"
    )


def _left(checkout: Checkout, environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The commit at which this branch left the branch that it goes to, and why it can't be found.

    Both are None if nothing names that branch, or if the branch has this commit already.
    """
    variable = next((name for name in BRANCHES if environment.get(name)), None)
    name = DEFAULT if variable is None else environment[variable]
    other = checkout.branch(f"origin/{name}")
    if other is None and variable is not None:
        return None, (
            f"{variable} names the branch {name}, and this checkout has no origin/{name}, so nobody"
            " can tell whether this commit changes what judges it; fetch that branch (`git fetch"
            f" origin +refs/heads/{name}:refs/remotes/origin/{name}`, or `fetch-depth: 0` of"
            " actions/checkout)"
        )
    if other is None:
        return None, None
    found = checkout.git("merge-base", "HEAD", other)
    if not found:
        return None, (
            f"this commit and origin/{name} have no common commit here, so nobody can tell whether"
            " this one changes what judges it; fetch the whole history (`git fetch --unshallow"
            f" origin {name}`, or `fetch-depth: 0` of actions/checkout), rebase this branch on"
            f" {name}, or name a base with --base"
        )
    commit = found.decode().strip()
    return (None if commit == checkout.commit else commit), None
