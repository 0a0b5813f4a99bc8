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
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from edgeassay.atomic import write_bytes
from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import read_plain

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
PICTURE: Final = r"\.(?:png|jpe?g|dcm|dicom|tiff?|bmp|gif|webp|pgm|ppm|nii|nrrd|mha)\b(?:\.gz)?"
IMAGE: Final = re.compile(rf"[^\s'\"`:;,()\[\]=|<>]+{PICTURE}", re.IGNORECASE)
# DICOM's unique identifiers: numbers with dots, more than any version has.
UID: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+){4,}(?![\w.])")
ADDRESS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
PERSON: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
BEGINS: Final = r"(?:(?<![\w./:~%<>-])|(?<=:)(?!//))(?:~?/|[A-Za-z]:\\)"
# To an image's name there may be blanks on the way.
IMAGE_PATH: Final = re.compile(rf"{BEGINS}[^'\"`:;,()\[\]|<>\n]{{0,200}}?{PICTURE}", re.IGNORECASE)
PATH: Final = re.compile(rf"{BEGINS}[^\s'\"`:;,()\[\]|<>]+")
WORD: Final = re.compile(r"[^\s'\"`;,()\[\]|<>]+")


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """Replaces what names somebody by a digest with `key`.

    Paths below `root` are shown relative to it; `names` are those of images and patients. Doing it
    again changes nothing. One that is `identified` keeps all.
    """

    key: bytes = field(repr=False)
    root: Path
    identified: bool = False
    names: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def digest(self, kind: str, text: str) -> str:
        """What stands for a text, such as `image-3f2a...`."""
        made = hmac.new(self.key, f"{kind}:{text}".encode(), hashlib.sha256)
        return f"{kind}-{made.hexdigest()[:DIGITS]}"

    def text(self, text: str) -> str:
        """A sentence without names, paths, hosts and users."""
        if not text or self.identified:
            return text
        text = text.replace(f"{self.root}{os.sep}", "")
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

    def value(self, value: Any) -> Any:
        """A document with every text in it redacted; keys stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self._field(name, one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def _field(self, name: Any, value: Any) -> Any:
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


def redactor(root: Path, *, identified: bool = False) -> Redactor:
    """That of a project on this machine; its key is made once and kept there."""
    return Redactor(
        key=b"" if identified else _key(root / KEY_FILE),
        root=root,
        identified=identified,
        hosts=tuple(dict.fromkeys((platform.node(), platform.node().partition(".")[0]))),
        users=_users(),
    )


def _users() -> tuple[str, ...]:
    try:
        return (getpass.getuser(),)
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return ()


def _key(path: Path) -> bytes:
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
        found = secrets.token_bytes(KEY_BYTES)
        write_bytes(path, found)
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {why(error)}; it is the key of digests in what is written for"
            f" others: make it readable, or set {KEY_VARIABLE}"
        ) from None
    if len(found) < LEAST_KEY:
        raise ConfigError(f"{path} is no key: it has {len(found)} bytes; remove it")
    return found
