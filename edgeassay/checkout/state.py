"""Whether what a run or a gate goes by is as its commit has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from edgeassay.checkout.commit import FILES, Checkout, checkout_of, project_checkout
from edgeassay.plain_files import read_plain

# What decides stands in these files and folders of a project.
DECLARATIONS: Final = ("models", "fixtures/devices", "compare.toml", "gate.toml", "baselines")
# And this is what judges by them.
CODE: Final = ("edgeassay", "fixtures", "suites", "conftest.py", "pyproject.toml")
MODEL: Final = "model.toml"
STATUS: Final = ("--porcelain", "-z", "--no-renames", "--ignore-submodules=none")
UNTRACKED: Final = "?? "
# What declares or runs something wherever it lies. Results, pages, scores and data do neither.
SUFFIXES: Final = frozenset(
    {*(".toml", ".ini", ".cfg", ".pth"), *(".py", ".pyc", ".so", ".pyd", ".dylib", ".dll", ".sh")}
)
FLAGS: Final = "S"  # and lower case: git is told not to look at such a file


@dataclass(frozen=True, kw_only=True)
class State:
    """The commit of a project, and the files that aren't as it has them; None outside git.
    `elsewhere` has the commits of the models that other checkouts declare, by their ids.
    """

    commit: str | None
    changed: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def state_of(
    root: Path,
    *,
    read: Mapping[Path, bytes],
    declaring: Sequence[str | Path] = (*DECLARATIONS, *CODE),
    everywhere: bool = True,
) -> State:
    """The state of the project at `root`, whose configuration was `read` from these files.

    What was read must be in the commit, byte for byte; a project in no checkout came with the code,
    and so did its own files. So must all that the commit has in the files
    and folders `declaring`, and in the folders of models: it must be there, too. Elsewhere in the
    checkout git is asked, unless `everywhere` is false. What lies in another checkout must be so in
    the commit of that one.
    """
    found = project_checkout(root)
    if found is None or found.commit is None:
        return State(commit=None)
    own = checkout_of(root)
    places = [*(root / name for name in declaring), *_models(read)]
    inside, others, stray = _sorted(found, read)
    changed = [
        *_unlike(found, {p: c for p, c in inside.items() if own or not _is_below(p, root)}),
        *_missing(found, places),
        *_told(found, places, everywhere=everywhere),
        *(path for path in stray if own or not _is_below(path, root)),
    ]
    for other, files in others.items():
        changed += [
            *_unlike(other, files),
            *_missing(other, places),
            *_told(other, places, everywhere=False),
        ]
    names = {_name(path, root, found) for path in changed}
    elsewhere = {
        path.parent.name: other.commit
        for other, files in others.items()
        for path in files
        if path.name == MODEL and other.commit is not None
    }
    return State(commit=found.commit, changed=tuple(sorted(names)), elsewhere=elsewhere)


def _sorted(
    found: Checkout, read: Mapping[Path, bytes]
) -> tuple[dict[Path, bytes], dict[Checkout, dict[Path, bytes]], list[Path]]:
    """The files in a project's checkout, those in other checkouts, and those in none."""
    inside: dict[Path, bytes] = {}
    others: dict[Checkout, dict[Path, bytes]] = {}
    stray: list[Path] = []
    for path, content in read.items():
        if found.below(path) is not None:
            inside[path] = content
        elif (other := checkout_of(path.parent)) is not None:
            others.setdefault(other, {})[path] = content
        else:
            stray.append(path)
    return inside, others, stray


def _is_below(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _models(read: Mapping[Path, bytes]) -> Iterator[Path]:
    """The folders of the models among the files, which have what those name too."""
    return (path.parent for path in read if path.name == MODEL)


def _unlike(found: Checkout, read: Mapping[Path, bytes]) -> Iterator[Path]:
    """Files that were read, and that the commit hasn't so."""
    return (path for path, content in read.items() if not found.has(path, content))


def _missing(found: Checkout, places: Iterable[Path]) -> Iterator[Path]:
    """Files that the commit has there, and that are gone or other ones."""
    below = [place for place in map(found.below, places) if place is not None]
    for name, entry in found.entries.items():
        path = found.top / name
        inside = any(str(place) in (name, ".") or name.startswith(f"{place}/") for place in below)
        if inside and entry.mode in FILES and not found.has(path, _content(path)):
            yield path


def _content(path: Path) -> bytes:
    try:
        return read_plain(path)
    except OSError:
        return b"\0gone"  # no declaration has a NUL


def _told(found: Checkout, places: Sequence[Path], *, everywhere: bool) -> Iterator[Path]:
    """What git calls changed, what is untracked and could declare or run something, and what git is
    told not to look at and is other than the commit's: in these places, or `everywhere`.
    """
    declaring = [place for place in map(found.below, places) if place is not None]
    if not declaring and not everywhere:
        return
    below = [] if everywhere else [str(place) for place in declaring]
    status = found.git("status", *STATUS, "--", *below)
    flagged = found.git("ls-files", "-v", "-z", "--", *below)
    if status is None or flagged is None:
        yield found.top / "(git can't tell)"
        return
    for line in filter(None, status.decode("utf-8", "surrogateescape").split("\0")):
        if not line.startswith(UNTRACKED) or _counts(found, line[3:], declaring):
            yield found.top / line[3:]
    for line in filter(None, flagged.decode("utf-8", "surrogateescape").split("\0")):
        flag, _, name = line.partition(" ")
        path = found.top / name
        hidden = (flag == FLAGS or flag.islower()) and path.is_file()
        if hidden and not found.has(path, _content(path)):
            yield path


def _counts(found: Checkout, name: str, declaring: Sequence[PurePosixPath]) -> bool:
    """Whether what git calls untracked could declare or run something: a file, or a file in a
    folder. A link could lead to anything, and a repository of its own could hold anything.
    """
    listed: Iterable[str] = (name,)
    if name.endswith("/"):
        told = found.git("ls-files", "--others", "--exclude-standard", "-z", "--", name)
        if told is None:
            return True
        listed = told.decode("utf-8", "surrogateescape").split("\0")
    for one in filter(None, listed):
        path = PurePosixPath(one)
        if one.endswith("/") or path.suffix.lower() in SUFFIXES or (found.top / path).is_symlink():
            return True
        if any(path.is_relative_to(place) for place in declaring):
            return True
    return False


def _name(path: Path, root: Path, found: Checkout) -> str:
    """A file as messages show it. Of a file outside the project's checkout it is the whole path."""
    for place in (root, root.resolve(), found.top):
        if path.is_relative_to(place):
            return path.relative_to(place).as_posix()
    return path.as_posix()
