"""A model's folder, made whole or not at all: beside its place, then renamed into it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from edgeassay.atomic import sha256_of, write_bytes, write_text
from edgeassay.build import build
from edgeassay.config import load_model
from edgeassay.config.shapes import NAME
from edgeassay.datasets import open_dataset
from edgeassay.errors import ConfigError
from edgeassay.measure.fit import other_shapes, other_signatures
from edgeassay.plain_files import read_plain
from edgeassay.progress import Reporter
from edgeassay.saved_model_file import DEFAULT, signatures_of
from edgeassay.spec import FORMATS
from edgeassay.starting.declaration import REFERENCE, Facts, model_toml
from edgeassay.starting.given import Given
from edgeassay.starting.tensors import Start, Tensors, Ways, inspect, own_worker
from edgeassay.temporary import temporary_folder
from edgeassay.toml_text import quoted

# What a SavedModel's folder is made of; whatever else lies there is none of the network.
SAVED_MODEL: Final = (
    *("saved_model.pb", "fingerprint.pb", "keras_metadata.pb"),
    *("variables", "assets", "assets.extra"),
)

# The float artifact needs none.
NO_DATA: Final = partial(open_dataset, data_root=None)

AS_USUAL: Final = Ways()

# Enough of a model.toml to build the float artifact, whose inputs and outputs the real one tells.
LEAST: Final = """
id = "{id}"
weights = "{weights}"
{named}variants.fp32.method = "fp32"
runtimes.litert.engine = "litert"
"""


@dataclass(frozen=True, kw_only=True)
class Started:
    """A model's new folder, what is in it, and the tensors by variant. `left` are the signatures of
    a SavedModel of which nothing is made, and `notes` says in what the network that was converted
    is unlike the one given.
    """

    folder: Path
    files: tuple[str, ...]
    reference: str
    tensors: Mapping[str, Tensors]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def start_model(
    name: str,
    given: Given,
    models_dir: Path,
    *,
    project_models: Path,
    ways: Ways = AS_USUAL,
    start: Start = own_worker,
    report: Reporter,
) -> Started:
    """Make `models_dir`/`name` with copies of what was given and a model.toml. `ways` says
    how the files are looked at; `start` gives workers of runtimes that this Python needn't have.

    An error leaves nothing behind: ConfigError where the name or the place can't be used,
    ArtifactError, WorkerError, BuildFailed or BuildUnavailable where the network can't.
    """
    target = models_dir.resolve() / name
    check_ways(given, ways)
    try:
        _check_place(name, target, project_models)
        # Folders above that don't exist yet are part of what the one rename makes.
        first = target
        while not first.parent.exists():
            first = first.parent
        with temporary_folder(first.parent) as scratch:
            folder = scratch / target.relative_to(first.parent)
            folder.mkdir(parents=True)
            cache = scratch / ".cache"
            facts, notes = _fill(folder, given, ways, start, cache=cache, report=report)
            files = tuple(sorted(path.name for path in folder.iterdir()))
            (scratch / first.name).rename(first)
    except OSError as error:
        raise ConfigError(
            f"{target} can't be made: {error.strerror or error}; choose another place with"
            " --models-dir"
        ) from None
    return Started(
        folder=target,
        files=files,
        reference=facts.reference,
        tensors=facts.tensors,
        left=facts.left,
        notes=notes,
    )


def _check_place(name: str, target: Path, project_models: Path) -> None:
    if not re.fullmatch(NAME, name):
        raise ConfigError(
            f"NAME {name!r} is no usable name: lower-case letters, digits, '.', '_' and '-', a"
            " letter or digit first, make folder names and test names; choose another"
        )
    if os.path.lexists(target):
        raise ConfigError(
            f"{target} exists already, and is left as it is; choose another NAME, or remove it"
        )
    if (project_models / name / "model.toml").exists():
        raise ConfigError(
            f"{project_models / name} is a model of that name already, and one run can't have two;"
            " choose another NAME"
        )
    if (target.parent / "model.toml").exists():
        raise ConfigError(
            f"{target.parent} is a model itself; give the folder above it as --models-dir"
        )
    if target.parent.exists() and not target.parent.is_dir():
        raise ConfigError(f"{target.parent} is no folder; choose another --models-dir")


def _fill(
    folder: Path,
    given: Given,
    ways: Ways,
    start: Start,
    *,
    cache: Path,
    report: Reporter,
) -> tuple[Facts, tuple[str, ...]]:
    """Put everything into the folder, and see that its model.toml loads."""
    notes: tuple[str, ...] = ()
    if given.network is None:
        facts = _from_artifacts(folder, given.artifacts, ways, start)
    else:
        made, notes = _built(folder, given, ways, cache, report)
        used = start if ways.runtimes else own_worker
        tensors = inspect(made, f"{REFERENCE} made of {given.network}", ways, used)
        facts = Facts(
            id=folder.name,
            weights=_weights(folder, given.option),
            digests={},
            tensors={REFERENCE: tensors},
            ways=ways,
            left=_left(given, ways),
        )
    write_text(folder / "model.toml", model_toml(facts))
    load_model(folder, folder.parent)
    return facts, notes


def _from_artifacts(folder: Path, artifacts: Mapping[str, Path], ways: Ways, start: Start) -> Facts:
    digests, tensors = {}, {}
    suffixes = {variant: file.suffix for variant, file in artifacts.items()}
    for variant, file in artifacts.items():
        path = folder / f"{variant}{suffixes[variant]}"
        write_bytes(path, read_plain(file))
        # What is described is the copy, whatever becomes of the file meanwhile.
        digests[variant] = sha256_of(path)
        own = file.suffix == ".tflite" and not ways.runtimes
        used = own_worker if own else start
        tensors[variant] = inspect(path, f"{variant} ({file})", ways, used)
    _check_alike(tensors)
    return Facts(
        id=folder.name,
        weights=None,
        digests=digests,
        tensors=tensors,
        suffixes=suffixes,
        ways=ways,
    )


def _check_alike(tensors: Mapping[str, Tensors]) -> None:
    """ConfigError where artifacts take or give other shapes: forms of one network don't."""
    (first, whole), *others = tensors.items()
    for variant, other in others:
        if (words := other_signatures(whole.facts, other.facts)) is not None:
            raise ConfigError(f"{first} and {variant}: {words}")
        for side, one, two in other_shapes(whole, other):
            raise ConfigError(
                f"{first} and {variant} are no forms of one network: their {side} have the shapes"
                f" {', '.join(map(str, one))} and {', '.join(map(str, two))}; give files of one"
                " network"
            )


def _weights(folder: Path, option: str) -> str:
    """The name of a trained network's copy."""
    return {
        "--keras": f"{folder.name}.keras",
        "--saved-model": "saved_model",
        "--tflite": f"{folder.name}.tflite",
    }[option]


def _left(given: Given, ways: Ways) -> tuple[str, ...]:
    """The signatures of a SavedModel of which nothing is made."""
    if given.network is None or given.option != "--saved-model":
        return ()
    made = ways.signature or DEFAULT
    return tuple(name for name in signatures_of(given.network) if name != made)


def check_ways(given: Given, ways: Ways) -> None:
    """ConfigError where no runtime takes a file, or a runtime takes none, or a file can't have the
    signature that is named.
    """
    suffixes = {file.suffix: variant for variant, file in given.artifacts.items()}
    suffixes = suffixes if given.network is None else {".tflite": REFERENCE}
    for suffix, variant in suffixes.items():
        if not ways.of(suffix):
            raise ConfigError(
                f"--runtime {' --runtime '.join(ways.runtimes)}: none takes the {suffix} of"
                f" {variant}; add --runtime {FORMATS[suffix]}"
            )
        if ways.signature is not None and suffix != ".tflite":
            raise ConfigError(
                f"--signature {ways.signature}: {variant} is an {suffix}, which has no signatures;"
                " leave --signature out"
            )
    for name, runtime in ways.runtimes.items():
        if runtime.traits.suffix not in suffixes:
            raise ConfigError(
                f"--runtime {name}: it takes {runtime.traits.suffix} files, and none was given;"
                " leave it out"
            )
    if ways.signature is not None and given.option == "--keras":
        raise ConfigError(
            f"--signature {ways.signature}: a .keras has no signatures; leave --signature out"
        )


def _built(
    folder: Path, given: Given, ways: Ways, cache: Path, report: Reporter
) -> tuple[Path, tuple[str, ...]]:
    """The float artifact of a trained network, which is copied into the folder, and what is to be
    said of it.
    """
    assert given.network is not None, "it has one"
    weights = _weights(folder, given.option)
    _copy(given.network, folder / weights)
    named = "" if ways.signature is None else f"signature = {quoted(ways.signature)}\n"
    text = LEAST.format(id=folder.name, weights=weights, named=named)
    write_text(folder / "model.toml", text)
    model = load_model(folder, folder.parent)
    made = build(model, [REFERENCE], cache=cache, open_data=NO_DATA, report=report)
    for error in made.missing.values():
        raise error
    return made.artifacts[REFERENCE].path, made.notes


def _copy(network: Path, target: Path) -> None:
    """Copy a network's file, or the parts of its folder."""
    if not network.is_dir():
        write_bytes(target, read_plain(network))
        return
    for part in SAVED_MODEL:
        for path in (network / part, *sorted((network / part).rglob("*"))):
            if path.is_file():
                write_bytes(target / path.relative_to(network), read_plain(path))
