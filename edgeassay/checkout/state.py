"""Whether what a run or a gate goes by is as its commit has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeassay.checkout.commit import FILES, Checkout, checkout_of, project_checkout
from edgeassay.plain_files import read_plain

# What decides stands in these files and folders of a project.
DECLARATIONS: Final = ("models", "fixtures/devices", "compare.toml", "gate.toml", "baselines")
# And this is what judges by them.
CODE: Final = ("edgeassay", "fixtures", "suites", "conftest.py", "pyproject.toml")
MODEL: Final = "model.toml"
STATUS: Final = ("--porcelain", "-z", "--no-renames", "--ignore-submodules=none")
FLAGS: Final = "S"  # and lower case: git is told not to look at such a file


@dataclass(frozen=True, kw_only=True)
class State:
    """The commit of a project, and the files that aren't as it has them; None outside git."""

    commit: str | None
    changed: tuple[str, ...] = ()


def state_of(
    root: Path,
    *,
    read: Mapping[Path, bytes],
    declaring: Sequence[str | Path] = (*DECLARATIONS, *CODE),
    everywhere: bool = True,
) -> State:
    """The state of the project at `root`, whose configuration was `read` from these files.

    What was read must be in the commit, byte for byte. So must all that the commit has in the files
    and folders `declaring`, and in the folders of models: it must be there, too. Elsewhere in the
    checkout git is asked, unless `everywhere` is false.
    """
    found = project_checkout(root)
    if found is None or found.commit is None:
        return State(commit=None)
    own = checkout_of(root)
    places = [*(root / name for name in declaring), *_models(read)]
    changed = [
        *_unlike(found, root, read, released=own is None),
        *_missing(found, root, places),
        *_told(found, root, None if everywhere else places),
    ]
    return State(commit=found.commit, changed=tuple(sorted(set(changed))))


def _models(read: Mapping[Path, bytes]) -> Iterator[Path]:
    """The folders of the models among the files, which have what those name too."""
    return (path.parent for path in read if path.name == MODEL)


def _unlike(
    found: Checkout, root: Path, read: Mapping[Path, bytes], *, released: bool
) -> Iterator[str]:
    """Files that were read, and that the commit hasn't so. Of a project in no checkout, what isn't
    linked there is `released` with the code.
    """
    for path, content in read.items():
        if released and path.resolve().is_relative_to(root.resolve()):
            continue
        if not found.has(path, content):
            yield _name(path, root, found)


def _missing(found: Checkout, root: Path, places: Iterable[Path]) -> Iterator[str]:
    """Files that the commit has there, and that are gone or other ones."""
    below = [place for place in map(found.below, places) if place is not None]
    for name, entry in found.entries.items():
        path = found.top / name
        inside = any(str(place) in (name, ".") or name.startswith(f"{place}/") for place in below)
        if inside and entry.mode in FILES and not found.has(path, _content(path)):
            yield _name(path, root, found)


def _content(path: Path) -> bytes:
    try:
        return read_plain(path)
    except OSError:
        return b"\0gone"  # no declaration has a NUL


def _told(found: Checkout, root: Path, places: Sequence[Path] | None) -> Iterator[str]:
    """What git calls changed or untracked, and what it is told not to look at and is other than the
    commit's.
    """
    below = [] if places is None else [str(p) for p in map(found.below, places) if p is not None]
    status = found.git("status", *STATUS, "--", *below)
    flagged = found.git("ls-files", "-v", "-z", "--", *below)
    if status is None or flagged is None:
        yield "(git can't tell)"
        return
    for line in filter(None, status.decode("utf-8", "surrogateescape").split("\0")):
        yield _name(found.top / line[3:], root, found)
    for line in filter(None, flagged.decode("utf-8", "surrogateescape").split("\0")):
        flag, _, name = line.partition(" ")
        path = found.top / name
        hidden = (flag == FLAGS or flag.islower()) and path.is_file()
        if hidden and not found.has(path, _content(path)):
            yield _name(path, root, found)


def _name(path: Path, root: Path, found: Checkout) -> str:
    """A file as messages show it."""
    for place in (root, root.resolve(), found.top):
        if path.is_relative_to(place):
            return path.relative_to(place).as_posix()
    return path.as_posix()
