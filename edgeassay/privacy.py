"""What is written for others names no patient's image, no path, host or user: keyed digests stand
for them. Who has the key can tell which digest is whose, and nobody else.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import platform
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from edgeassay.atomic import locked, write_bytes
from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import read_plain
from edgeassay.project import repository_of

KEY_FILE: Final = Path(".assay/privacy.key")
KEY_VARIABLE: Final = "EDGEASSAY_PRIVACY_KEY"
KEY_BYTES: Final = 32
LEAST_KEY: Final = 16  # bytes of a key that is given
DIGITS: Final = 12  # of a digest, in hex
LEAST_NAME: Final = 4  # characters of an image's or patient's name that is looked for
LEAST_CELL: Final = 10  # of patients or images, below which a subgroup's size isn't told
UNDER: Final = f"fewer than {LEAST_CELL}"
# Names that are everybody's say nothing about anybody.
COMMON: Final = ("root", "runner", "user", "ubuntu", "admin", "localhost", "nobody", "vm", "host")
# Fields of documents that name hosts, and lists of images.
HOST_FIELDS: Final = ("hostname", "node")
IMAGE_FIELDS: Final = ("images", "covered_images")
# Ids that files are matched by; the words of TOML, which whoever writes it shows.
IDS: Final = ("model", "variant", "runtime", "device")
KEPT: Final = ("case", "claim", "class", "classes", "class_name", "verdict", "kind", "unit")
PICTURE: Final = r"\.(?:png|jpe?g|dcm|dicom|tiff?|bmp|gif|webp|pgm|ppm|nii|nrrd|mha)\b(?:\.gz)?"
IMAGE: Final = re.compile(rf"[^\s'\"`:;,()\[\]=|<>]+{PICTURE}", re.IGNORECASE)
# DICOM's unique identifiers: numbers with dots, more than any version has.
UID: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+){4,}(?![\w.])")
ADDRESS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
PERSON: Final = re.compile(r"[\w.+-]*\w@[\w-]+(?:\.[\w-]+)*")
BEGINS: Final = r"(?:(?<![\w./:~%<>-])|(?<=:)(?!//)|(?<=file://))(?:~?/|[A-Za-z]:\\)"
# To an image's name there may be blanks on the way.
IMAGE_PATH: Final = re.compile(rf"{BEGINS}[^'\"`:;,()\[\]|<>\n]{{0,200}}?{PICTURE}", re.IGNORECASE)
PATH: Final = re.compile(rf"{BEGINS}[^\s'\"`:;,()\[\]|<>]+")
WORD: Final = re.compile(r"[^\s'\"`;,()\[\]|<>]+")
# Around a folder's own path, so that no longer path is taken for it.
NOT_WITHIN: Final = r"(?:(?<![\w./~-])|(?<=file://))"
GOES_ON: Final = r"(?=[^\s'\"`:;,()\[\]|<>])"
ENDS: Final = r"/?(?![\w/-]|\.\w)"


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """Replaces what names somebody by a digest with `key`.

    Paths below `root`, or below one of the `further` folders, are shown relative to it; `names` are
    those of images and patients, `small` those of subgroups that are too small to be told. A `key`
    that is a path is made there when a name has to be replaced. Doing it again changes nothing. One
    that is `identified` keeps all.
    """

    key: bytes | Path = field(repr=False)
    root: Path
    further: tuple[Path, ...] = ()
    identified: bool = False
    names: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    def digest(self, kind: str, text: str) -> str:
        """What stands for a text, such as `image-3f2a...`."""
        made = hmac.new(self._secret, f"{kind}:{text}".encode(), hashlib.sha256)
        return f"{kind}-{made.hexdigest()[:DIGITS]}"

    def text(self, text: str) -> str:
        """A sentence without names, paths, hosts and users."""
        if not text or self.identified:
            return text
        for phrase in self.small:
            text = text.replace(phrase, f"a subgroup of {UNDER}")
        text = self._relative(text)
        for name in self._spaced:
            text = text.replace(name, self.digest("image", name))
        for pattern, kind in ((IMAGE_PATH, "path"), (UID, "image"), (PERSON, "user")):
            text = self._each(pattern, kind, text)
        text = PATH.sub(lambda found: self._path(found[0]), text)
        for pattern, kind in ((IMAGE, "image"), (ADDRESS, "host")):
            text = self._each(pattern, kind, text)
        if self._words:
            text = WORD.sub(lambda found: self._word(found[0]), text)
        for pattern, kind in self._patterns:
            text = self._each(pattern, kind, text)
        return text

    def _relative(self, text: str) -> str:
        for below, itself in self._inside:
            text = itself.sub(".", below.sub("", text))
        return text

    def file(self, path: str) -> str:
        """A file that somebody gave: where it lies in the project, else only its own name, so that
        several can be told apart.
        """
        told = Path(path if self.identified else self._relative(path))
        return self.text(told.name if told.is_absolute() and not self.identified else str(told))

    def _each(self, pattern: re.Pattern[str], kind: str, text: str) -> str:
        return pattern.sub(lambda found: self.digest(kind, found[0]), text)

    def host(self, name: str) -> str:
        """What stands for a host."""
        return self._named("host", name)

    def image(self, name: str) -> str:
        """What stands for an image."""
        return self._named("image", name)

    def _named(self, kind: str, name: str) -> str:
        done = re.fullmatch(rf"{kind}-[0-9a-f]{{{DIGITS}}}", name) is not None
        return name if done or not name or self.identified else self.digest(kind, name)

    def document(self, facts: Any) -> Any:
        """A whole document for others: hosts that a field of it names are gone from its sentences
        too.
        """
        return facts if self.identified else self.among(hosts_of(facts)).value(facts)

    def value(self, value: Any) -> Any:
        """A part of a document with every text in it redacted; keys and ids stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self._field(name, one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def _field(self, name: Any, value: Any) -> Any:
        if name in KEPT and (name == "case" or not isinstance(value, dict)):
            return value
        if name in IDS and isinstance(value, str) and not set(value) & set("/\\"):
            return value  # and no file that somebody gave instead
        if name in HOST_FIELDS and isinstance(value, str):
            return self.host(value)
        if name in IMAGE_FIELDS and isinstance(value, list):
            return [self.image(one) if isinstance(one, str) else one for one in value]
        return self.value(value)

    def knowing(self, names: Iterable[str]) -> Redactor:
        """The same, that knows further names of images or patients."""
        return replace(self, names=self.names | frozenset(names))

    def among(self, hosts: Iterable[str]) -> Redactor:
        """The same, that knows further hosts by name."""
        known = (name for name in hosts if self.host(name) != name)
        return replace(self, hosts=tuple(dict.fromkeys((*self.hosts, *known))))

    def _path(self, path: str) -> str:
        bare = path.rstrip(".")
        return self.digest("path", bare) + path[len(bare) :]

    def _word(self, word: str) -> str:
        bare = word.rstrip(".:")
        return self.digest("image", bare) + word[len(bare) :] if bare in self._words else word

    @cached_property
    def _secret(self) -> bytes:
        return self.key if isinstance(self.key, bytes) else _made_key(self.key)

    @cached_property
    def _inside(self) -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
        """What finds paths below each folder, and the folder itself; the innermost folder first."""
        home = Path(os.environ.get("HOME", "/"))
        folders = dict.fromkeys((self.root, *self.further))
        # Below `/` or `/home` stand the names of users.
        told = [one for one in folders if one not in home.parents and one.parent != one]
        begun = [
            f"{NOT_WITHIN}{re.escape(str(one))}"
            for one in sorted(told, key=lambda one: len(one.parts), reverse=True)
        ]
        return [
            (re.compile(f"{one}{re.escape(os.sep)}{GOES_ON}"), re.compile(f"{one}{ENDS}"))
            for one in begun
        ]

    @cached_property
    def _words(self) -> frozenset[str]:
        """Names that can't be mistaken for a number or a short word of the sentence."""
        return frozenset(
            name for name in self.names if len(name) >= LEAST_NAME and not name.isdecimal()
        )

    @cached_property
    def _spaced(self) -> list[str]:
        """Names that are no single word, the longest first."""
        found = (name for name in self._words if WORD.fullmatch(name) is None)
        return sorted(found, key=len, reverse=True)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        kinds: tuple[tuple[str, Collection[str]], ...] = (
            ("host", self.hosts),
            ("user", self.users),
        )
        return [
            (re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), kind)
            for kind, names in kinds
            for name in names
            if len(name) > 2 and name not in COMMON
        ]


def hosts_of(value: Any) -> Iterator[str]:
    """Every host that a document names in a field of its own."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from hosts_of(one)
    if isinstance(value, dict):
        for name, one in value.items():
            if name in HOST_FIELDS and isinstance(one, str):
                yield one
            else:
                yield from hosts_of(one)


def redactor(
    root: Path, *, identified: bool = False, folders: Iterable[Path] | None = None
) -> Redactor:
    """That of a project on this machine; its key is made once, and kept there.

    Paths are shown from the root of the repository that the project, the folder that somebody works
    in, or one of the `folders` that he named lies in.
    """
    here = Path.cwd()
    worked_in = repository_of(here) or (root if here.is_relative_to(root) else here)
    repositories = map(repository_of, (root, root / "models", *(folders or ())))
    return Redactor(
        key=b"" if identified else _known_key(root / KEY_FILE) or root / KEY_FILE,
        root=root,
        further=tuple(dict.fromkeys((*filter(None, repositories), worked_in))),
        identified=identified,
        hosts=tuple(dict.fromkeys((platform.node(), platform.node().partition(".")[0]))),
        users=_users(),
    )


def _users() -> tuple[str, ...]:
    try:
        return (getpass.getuser(),)
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return ()


def _known_key(path: Path) -> bytes | None:
    """The key that the environment or a file gives; None where none was made yet. ConfigError where
    it could be guessed, or can't be read.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given is not None:
        if len(given.encode()) < LEAST_KEY:
            raise ConfigError(
                f"{KEY_VARIABLE} has fewer than {LEAST_KEY} bytes, and could be guessed; give a"
                " longer one"
            )
        return given.encode()
    try:
        found = read_plain(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {why(error)}; it is the key of digests in what is written for"
            f" others: make it readable, or set {KEY_VARIABLE}"
        ) from None
    if len(found) < LEAST_KEY:
        raise ConfigError(f"{path} is no key: it has {len(found)} bytes; remove it")
    return found


def _made_key(path: Path) -> bytes:
    """The key in a file, which another process may have made by now, or a new one."""
    with locked(path.with_suffix(".lock"), f"{path} can't be made", f"set {KEY_VARIABLE}"):
        known = _known_key(path)
        if known is None:
            known = secrets.token_bytes(KEY_BYTES)
            write_bytes(path, known)
            path.chmod(0o600)
    return known
