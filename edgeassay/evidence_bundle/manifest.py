"""manifest.json: every file of a bundle with its SHA-256 and size, and what has changed since."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.atomic import sha256_of, write_text
from edgeassay.errors import ConfigError, DataError, why
from edgeassay.plain_files import MOST_FACTS, read_plain
from edgeassay.runs.records import Many

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
WHAT: Final = "edgeassay evidence bundle"
REMEDY: Final = "give a folder that `edgeassay report --evidence` wrote"


class FileRecord(BaseModel):
    """A file of the bundle, relative to it."""

    model_config = ConfigDict(extra="forbid")
    path: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """All files of a bundle but itself and its signature."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    schema_version: Literal[1] = Field(alias="schema", default=1)
    what: Literal["edgeassay evidence bundle"] = WHAT
    edgeassay: str
    files: Many[FileRecord]


def write_manifest(folder: Path, version: str) -> None:
    """Write it, last of all."""
    files = [
        FileRecord(path=name, sha256=sha256_of(folder / name), size=(folder / name).stat().st_size)
        for name in sorted(_files(folder))
        if name not in (MANIFEST, SIGNATURE)
    ]
    text = Manifest(edgeassay=version, files=files).model_dump_json(by_alias=True, indent=1)
    write_text(folder / MANIFEST, text + "\n")


def is_bundle(folder: Path) -> bool:
    """Whether a folder has a manifest of ours."""
    try:
        found = json.loads(read_plain(folder / MANIFEST, MOST_FACTS))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("what") == WHAT


def read_manifest(folder: Path) -> Manifest:
    """The manifest; DataError where the folder is no bundle."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; {REMEDY}")
    try:
        found = Manifest.model_validate_json(read_plain(path, MOST_FACTS))
    except FileNotFoundError:
        raise DataError(f"{folder} is no evidence bundle: it has no {MANIFEST}; {REMEDY}") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; {REMEDY}") from None
    except (ValidationError, RecursionError):
        raise DataError(f"{path} is no manifest of an evidence bundle; {REMEDY}") from None
    for record in found.files:
        parts = PurePosixPath(record.path).parts
        if not parts or record.path.startswith("/") or ".." in parts or "\0" in record.path:
            raise DataError(f"{path} names {record.path!r}, which lies outside of it; {REMEDY}")
    return found


def changes(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for each file that is missing, changed or added."""
    wanted = {record.path: record for record in manifest.files}
    there = set(_files(folder))
    for name in sorted(wanted.keys() - there):
        yield f"{name} is missing"
    for name in sorted(there - wanted.keys() - {MANIFEST, SIGNATURE}):
        yield f"{name} was added"
    if len(wanted) < len(manifest.files):
        yield f"{MANIFEST} names a file twice"
    for name in sorted(wanted.keys() & there):
        path = folder / name
        try:
            same = not path.is_symlink() and sha256_of(path) == wanted[name].sha256
            sized = path.stat().st_size == wanted[name].size
        except OSError as error:
            yield f"{name} can't be read: {why(error)}"
            continue
        if not (same and sized):
            yield f"{name} was changed"


def _files(folder: Path) -> Iterator[str]:
    """Everything below a folder that is no folder itself; links aren't followed."""

    def fail(error: OSError) -> None:
        raise ConfigError(f"{error.filename} can't be read: {why(error)}; make it readable")

    for place, folders, names in os.walk(folder, onerror=fail):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*names, *linked):
            yield Path(place, name).relative_to(folder).as_posix()
