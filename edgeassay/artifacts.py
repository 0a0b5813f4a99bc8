"""Artifacts: the bytes of a variant with their manifest, and the cache that keeps them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from edgeassay.atomic import remove, sha256_of, write_bytes, write_text
from edgeassay.errors import ArtifactError, why
from edgeassay.foreign_files import foreign_content
from edgeassay.onnx_file import in_one_file, kept_elsewhere
from edgeassay.plain_files import MOST_FACTS, read_plain
from edgeassay.spec.data import STRICT, InputShapes


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an artifact is and what it was made from; digests are SHA-256 in hex.

    `source` is the trained network's file, `data` the preprocessed calibration images (None where
    none were needed), `settings` the method with its options, `versions` the converters'.
    """

    __pydantic_config__ = STRICT
    model: str
    variant: str
    sha256: str
    size_bytes: int
    source_sha256: str
    data_sha256: str | None
    settings: Mapping[str, Any]
    versions: Mapping[str, str]


MANIFEST: Final = TypeAdapter(Manifest)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An artifact on this machine; `manifest` is None for a file that came without one. `shapes` is
    what its inputs are given where the file leaves their sizes open, and `signature` names the
    graph in it that is judged; None is the main graph.
    """

    model: str
    variant: str
    path: Path
    sha256: str
    size_bytes: int
    manifest: Manifest | None
    shapes: InputShapes = field(default_factory=dict, compare=False)
    signature: str | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.model}/{self.variant} ({self.path.name})"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides an artifact's bytes, before they are made."""

    model: str
    variant: str
    source_sha256: str
    data_sha256: str | None
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    @property
    def key(self) -> str:
        """The same recipe, the same key: unchanged inputs are never built again."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def write_artifact(path: Path, data: bytes, recipe: Recipe) -> None:
    """Write the manifest (`.json`), then the bytes beside it, each whole or not at all.

    What stood there goes first, so that no bytes ever stand beside the manifest of others, or
    without theirs. A manifest alone means that writing was cut off.
    """
    manifest = Manifest(
        **asdict(recipe), sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data)
    )
    remove(path)
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True)
    write_text(path.with_suffix(".json"), text + "\n")
    write_bytes(path, data)


def foreign_artifact(
    path: Path, model: str, variant: str, declared: str | None, settings: Mapping[str, Any]
) -> Artifact:
    """The artifact that a model.toml names as a variant's own; ArtifactError where it can't be read
    or its bytes aren't of the `declared` digest. Without one it has no manifest.
    """
    try:
        digest, size = _sha256_of_file(path), path.stat().st_size
    except OSError as error:
        raise ArtifactError(
            f"{path}, the artifact of {model}/{variant}, can't be read: {why(error)}; copy it"
            " there, or mend `artifact` in model.toml"
        ) from None
    _check_whole(path)
    if declared not in (None, digest):
        raise ArtifactError(
            f"{path} has changed: its SHA-256 is {digest[:12]}…, and model.toml says"
            f" {str(declared)[:12]}…; copy the right file, or declare the new one"
        )
    manifest = Manifest(
        model=model,
        variant=variant,
        sha256=digest,
        size_bytes=size,
        source_sha256=digest,
        data_sha256=None,
        settings=settings,
        versions={},
    )
    return Artifact(
        model=model,
        variant=variant,
        path=path,
        sha256=digest,
        size_bytes=size,
        manifest=manifest if declared else None,
    )


def _check_whole(path: Path) -> None:
    """ArtifactError where it is no network, by its bytes, or where another file has a part of it,
    which neither digest nor size would tell of.
    """
    if (kind := foreign_content(path)) is not None:
        raise ArtifactError(f"{path} is no {path.suffix}: {kind}")
    if path.suffix == ".onnx" and (other := kept_elsewhere(read_plain(path))) is not None:
        raise ArtifactError(f"{path}: {in_one_file(other)}")


def _sha256_of_file(path: Path) -> str:
    """`sha256_of`, and a folder is an OSError."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return sha256_of(path)


def read_artifact(path: Path, model: str, variant: str) -> Artifact:
    """The artifact at `path`; ArtifactError where its bytes don't match its manifest."""
    manifest = None
    try:
        digest, size = _sha256_of_file(path), path.stat().st_size
        if path.with_suffix(".json").exists():
            manifest = MANIFEST.validate_json(read_plain(path.with_suffix(".json"), MOST_FACTS))
    except OSError as error:
        raise ArtifactError(f"{path} can't be read: {why(error)}; build or copy it again") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ArtifactError(
            f"{path.with_suffix('.json')} is no manifest: {key and f'{key}: '}{first['msg']}; build"
            " the artifact again, or copy its manifest again"
        ) from None
    if size == 0:
        raise ArtifactError(f"{path} is empty; build or copy it again")
    _check_whole(path)
    if manifest is not None and (manifest.model, manifest.variant) != (model, variant):
        raise ArtifactError(
            f"{path} is {manifest.model}/{manifest.variant} by its manifest, and stands where"
            f" {model}/{variant} belongs; copy the right one"
        )
    if manifest is not None and manifest.sha256 != digest:
        raise ArtifactError(
            f"{path} has changed since it was built: its SHA-256 is {digest[:12]}…, and its"
            f" manifest says {manifest.sha256[:12]}…; build or copy it again"
        )
    return Artifact(
        model=model,
        variant=variant,
        path=path,
        sha256=digest,
        size_bytes=size,
        manifest=manifest,
    )


def cached(folder: Path, recipe: Recipe) -> Artifact | None:
    """The cache's artifact for a recipe; None where there is none, or a damaged one."""
    path = cache_path(folder, recipe)
    if not path.with_suffix(".json").exists():
        return None
    try:
        return read_artifact(path, recipe.model, recipe.variant)
    except ArtifactError:
        return None


def cache_path(folder: Path, recipe: Recipe) -> Path:
    """Where the cache keeps what a recipe makes."""
    return folder / recipe.model / f"{recipe.variant}-{recipe.key}.tflite"
