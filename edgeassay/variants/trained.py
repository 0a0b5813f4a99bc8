"""What was trained for a variant: arrays by name in one archive beside model.toml, with what they
were trained from.

Needs no TensorFlow; arrays alone, never pickled objects.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import ArtifactError, ConfigError, some, why
from edgeassay.npz_file import read_arrays
from edgeassay.spec import VariantSpec

Arrays = Mapping[str, npt.NDArray[Any]]

SUFFIX: Final = ".npz"
# What stands beside the arrays of that name: text as bytes of UTF-8.
FACTS: Final = "facts.json"
# An archive that unpacks to more is none of ours.
MOST_BYTES: Final = 1 << 30
# Beyond these a number is a slip of the keyboard.
MOST: Final = 1_000_000
LARGEST_SHIFT: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Trained arrays by name, and the facts of the training."""

    arrays: Arrays
    facts: Mapping[str, Any]


def training_of(variant: VariantSpec, source_sha256: str) -> dict[str, Any]:
    """What decides the outcome of a training, as its file keeps it."""
    assert variant.training is not None, "`check_training` has seen to it"
    return {
        "source_sha256": source_sha256,
        "per_tensor": variant.per_tensor,
        "exclude": list(variant.exclude),
        "training": asdict(variant.training),
    }


def pack(trained: Trained) -> bytes:
    """The archive's bytes: the same arrays and facts, the same bytes."""
    facts = json.dumps(trained.facts, sort_keys=True).encode("utf-8")
    file = io.BytesIO()
    members = {**trained.arrays, FACTS: np.frombuffer(facts, np.uint8)}
    np.savez_compressed(file, allow_pickle=False, **members)
    return file.getvalue()


def unpack(path: Path) -> Trained:
    """What an archive holds. OSError where it can't be read, ValueError where it is no such one."""
    arrays = read_arrays(path, MOST_BYTES)
    if FACTS not in arrays:
        raise ValueError(f"it has no {FACTS}")
    try:
        facts = json.loads(arrays.pop(FACTS).tobytes())
    except RecursionError:
        raise ValueError(f"its {FACTS} is nested too deeply") from None
    if not isinstance(facts, dict):
        raise ValueError(f"its {FACTS} is no table")
    return Trained(arrays=arrays, facts=facts)


def read_trained(path: Path, model: str, name: str, expected: Mapping[str, Any]) -> Trained:
    """What was trained for a variant; ArtifactError where it isn't there, is damaged, or comes from
    other weights or settings than are `expected` (of `training_of`).
    """
    remedy = f"train it by `edgeassay train {model} --variant {name}`"
    try:
        trained = unpack(path)
    except FileNotFoundError:
        raise ArtifactError(
            f"{model}/{name} isn't trained yet: {path} isn't there; {remedy}, or copy it there"
        ) from None
    except OSError as error:
        raise ArtifactError(
            f"{path}, what was trained for {model}/{name}, can't be read: {why(error)}; copy it"
            f" again, or {remedy}"
        ) from None
    except ValueError as error:
        raise ArtifactError(
            f"{path}, what was trained for {model}/{name}, is damaged or something else"
            f" ({' '.join(str(error).split())[:200]}); copy it again, or {remedy}"
        ) from None
    if trained.facts.get("source_sha256") != expected["source_sha256"]:
        raise ArtifactError(
            f"{path} belongs to another network: it was trained from other weights than"
            f" {model} has; {remedy} anew"
        )
    differing = _differing(trained.facts, expected)
    if differing:
        raise ArtifactError(
            f"{path} was trained otherwise than model.toml says of {model}/{name}"
            f" ({some(differing)}); {remedy} anew, or mend the declaration"
        )
    return trained


def _differing(facts: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """What is declared otherwise than it was when it was trained: 'epochs 3, now 4'."""
    then = {k: facts.get(k) for k in ("per_tensor", "exclude")} | dict(facts.get("training") or {})
    now = {k: expected[k] for k in ("per_tensor", "exclude")} | expected["training"]
    return [f"{k} {then.get(k)}, now {now[k]}" for k in now if then.get(k) != now[k]]


def check_training(variant: VariantSpec, key: str) -> None:
    """ConfigError where it isn't said how a variant is trained, or not as it must be; `key` is what
    its keys are called by.
    """
    if variant.weights is None or variant.training is None:
        missing = "weights" if variant.weights is None else "training"
        raise ConfigError(
            f"{key}{missing} is missing: method {variant.method!r} needs `weights` (the"
            f" {SUFFIX} file beside model.toml for what is trained) and `training` (how: epochs,"
            " learning_rate); add it"
        )
    path = PurePosixPath(variant.weights)
    if path.suffix != SUFFIX or path.is_absolute() or ".." in path.parts:
        raise ConfigError(
            f"{key}weights = {variant.weights!r} must be a {SUFFIX} file in the model's folder"
        )
    training = variant.training
    bounds: dict[str, tuple[float, float]] = {
        "epochs": (1, MOST),
        "batch": (1, MOST),
        "seed": (0, 2**31 - 1),
        "shift": (0.0, LARGEST_SHIFT),
        "images": (1, MOST),
        "range_images": (1, MOST),
    }
    for name, (least, most) in bounds.items():
        value = getattr(training, name)
        if value is not None and not least <= value <= most:
            raise ConfigError(
                f"{key}training.{name} = {value} must be between {least:,} and {most:,}"
            )
    if not 0.0 < training.learning_rate <= 1.0 or math.isnan(training.learning_rate):
        raise ConfigError(
            f"{key}training.learning_rate = {training.learning_rate} must be above 0, and at most 1"
        )
