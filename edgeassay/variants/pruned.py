"""What a pruned network came from: facts in a .json beside it, by which it is seen whether it is
still the one that its model declares.

Needs no TensorFlow.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, Final

from edgeassay.atomic import sha256_of
from edgeassay.errors import ArtifactError, ConfigError, some, why
from edgeassay.plain_files import MOST_FACTS, read_plain
from edgeassay.spec import ModelSpec, Pruning, VariantSpec

SUFFIX: Final = ".keras"
FACTS: Final = ".json"
# Beyond these a number is a slip of the keyboard.
MOST: Final = 1_000_000
LARGEST_SHIFT: Final = 0.5


def owner_of(model: ModelSpec, name: str) -> str | None:
    """The variant whose `pruning` makes the network that a variant is made from, if any does."""
    network = model.variants[name].network
    owners = (n for n, v in model.variants.items() if v.pruning and v.network == network)
    return next(owners, None)


def begins_with(model: ModelSpec, name: str) -> Path:
    """The trained network that the pruning of a variant begins with."""
    pruning = model.variants[name].pruning
    assert pruning is not None, "only for a variant that is pruned"
    assert model.weights is not None, "`check_prunings` has seen to it"
    return model.weights if pruning.start is None else model.network(pruning.start)


def pruning_of(model: ModelSpec, name: str) -> dict[str, Any]:
    """What decides the outcome of a pruning, as its facts keep it. OSError where a network that is
    needed can't be read.
    """
    pruning = model.variants[name].pruning
    assert pruning is not None, "only for a variant that is pruned"
    assert model.weights is not None, "`check_prunings` has seen to it"
    return {
        "source_sha256": sha256_of(model.weights),
        "start_sha256": sha256_of(begins_with(model, name)),
        "pruning": json.loads(json.dumps(asdict(pruning))),
    }


def check_pruned(model: ModelSpec, name: str) -> None:
    """ArtifactError where the network of a variant is to be pruned and isn't there, was pruned from
    other weights or by other settings, or has changed since.
    """
    owner = owner_of(model, name)
    if owner is None or model.weights is None or not model.weights.exists():
        return
    remedy = f"make it by `edgeassay prune {model.id} --variant {owner}`"
    facts = read_facts(model, owner)
    network = model.network(owner)
    try:
        expected = pruning_of(model, owner)
    except OSError:
        start = model.variants[owner].pruning
        assert start is not None
        raise ArtifactError(
            f"{network} can't be checked: the network of {model.id}/{start.start}, with which its"
            f" pruning began, can't be read; make that by `edgeassay prune {model.id} --variant"
            f" {start.start}`, or copy it there"
        ) from None
    for key in ("source_sha256", "start_sha256"):
        if facts.get(key) != expected[key]:
            raise ArtifactError(
                f"{network} belongs to another network: it was pruned from other weights than"
                f" {model.id} has; {remedy} anew"
            )
    then = dict(facts.get("pruning") or {})
    now = expected["pruning"]
    differing = [f"{k} {then.get(k)}, now {now[k]}" for k in now if then.get(k) != now[k]]
    if differing:
        raise ArtifactError(
            f"{network} was pruned otherwise than {model.file} says of {owner}"
            f" ({some(differing)}); {remedy} anew, or mend the declaration"
        )


def read_facts(model: ModelSpec, owner: str) -> Mapping[str, Any]:
    """The facts about a pruned network, which is the one they are about; ArtifactError else."""
    network = model.network(owner)
    path = network.with_suffix(FACTS)
    remedy = f"make it by `edgeassay prune {model.id} --variant {owner}`"
    if not network.is_file():
        raise ArtifactError(
            f"{model.id}/{owner} isn't pruned yet: {network} isn't there; {remedy}, or copy it and"
            f" its {path.name} there"
        )
    try:
        facts = json.loads(read_plain(path, MOST_FACTS))
        digest = sha256_of(network)
    except FileNotFoundError:
        raise ArtifactError(
            f"{network} has no {path.name} beside it, which says how it was pruned; copy it there,"
            f" or {remedy}"
        ) from None
    except OSError as error:
        raise ArtifactError(
            f"{network} or its {path.name} can't be read: {why(error)}; copy them again, or"
            f" {remedy}"
        ) from None
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise ArtifactError(
            f"{path}, which says how {network.name} was pruned, is damaged or something else; copy"
            f" it again, or {remedy}"
        )
    if facts.get("network_sha256") != digest:
        raise ArtifactError(
            f"{network} isn't the network that {path.name} tells of: its bytes have changed; copy"
            f" both again, or {remedy}"
        )
    return facts


def check_pruning(variant: VariantSpec, key: str) -> None:
    """ConfigError where it isn't said how a variant's network is pruned, or not as it must be;
    `key` is what its keys are called by.
    """
    pruning = variant.pruning
    if pruning is None:
        return
    path = PurePosixPath(variant.network or "")
    if path.suffix != SUFFIX or path.is_absolute() or ".." in path.parts:
        raise ConfigError(
            f"{key}network = {variant.network!r} must be a {SUFFIX} file in the model's folder:"
            " the pruned network is written there"
        )
    given = [name for name in ("parameters", "macs") if getattr(pruning, name) is not None]
    if len(given) != 1:
        raise ConfigError(
            f"{key}pruning has {' and '.join(given) or 'neither `parameters` nor `macs`'}: say how"
            " many times fewer of one of them, such as parameters = 10.0"
        )
    _check_numbers(pruning, given[0], key)


def _check_numbers(pruning: Pruning, cost: str, key: str) -> None:
    bounds: dict[str, tuple[float, float]] = {
        "final_epochs": (1, MOST),
        "epochs": (0, MOST),
        "steps": (1, MOST),
        "batch": (1, MOST),
        "importance_images": (1, MOST),
        "least_channels": (1, MOST),
        "align": (1, MOST),
        "seed": (0, 2**31 - 1),
        "distillation": (0.0, 1.0),
        "shift": (0.0, LARGEST_SHIFT),
        "images": (1, MOST),
    }
    for name, (least, most) in bounds.items():
        value = getattr(pruning, name)
        if value is not None and not least <= value <= most:
            raise ConfigError(
                f"{key}pruning.{name} = {value} must be between {least:,} and {most:,}"
            )
    for name, least, most in ((cost, 1.0, math.inf), ("learning_rate", 0.0, 1.0)):
        value = getattr(pruning, name)
        if not least < value <= most or not math.isfinite(value):
            raise ConfigError(
                f"{key}pruning.{name} = {value} must be above {least:g}"
                + ("" if math.isinf(most) else f", and at most {most:g}")
            )
