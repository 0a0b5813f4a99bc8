"""What must hold of the variants of a model that are pruned, together."""

from __future__ import annotations

from pathlib import PurePosixPath

from edgeassay.config.shapes import ModelFile, nearest
from edgeassay.errors import ConfigError


def check_prunings(model: ModelFile, where: str) -> None:
    """ConfigError where a pruned variant begins with what isn't there, ends in another's file, or
    has nothing to be trained on.
    """
    kept: dict[str, str] = {}
    for name, variant in model.variants.items():
        if variant.pruning is None or variant.network is None:
            continue
        if (other := kept.setdefault(variant.network, name)) != name:
            raise ConfigError(
                f"{where}: variants.{other} and variants.{name} both write their pruned network to"
                f" {variant.network!r}; give each a file of its own"
            )
        if model.data is None:
            raise ConfigError(
                f"{where}: variants.{name}.pruning needs images to train on, and the model has no"
                " [data]; declare it, or leave the variant out"
            )
        if PurePosixPath(model.weights or "").suffix != ".keras":
            raise ConfigError(
                f"{where}: variants.{name}.pruning needs the trained network as a .keras, and"
                f" weights = {model.weights!r}; save it as one, or leave the variant out"
            )
        if variant.network == model.weights:
            raise ConfigError(
                f"{where}: variants.{name} would write its pruned network over the trained one,"
                f" {model.weights!r}; name another file as its network"
            )
        _check_start(model, name, where)


def _check_start(model: ModelFile, name: str, where: str) -> None:
    """ConfigError where the networks that a pruning begins with lead nowhere, or in a circle."""
    passed, variant = [name], model.variants[name]
    while variant.pruning is not None and variant.pruning.start is not None:
        start = variant.pruning.start
        key = f"{where}: variants.{passed[-1]}.pruning.start = {start!r}"
        if start not in model.variants:
            raise ConfigError(f"{key} is no variant; {nearest(start, model.variants)}")
        if start in passed:
            raise ConfigError(
                f"{key} comes back to where it began ({' -> '.join([*passed, start])}); leave one"
                " `start` out"
            )
        variant = model.variants[start]
        if PurePosixPath(variant.network or "").suffix != ".keras":
            raise ConfigError(
                f"{key} has no network of its own to begin with; name a pruned variant, or leave"
                " `start` out to begin with `weights`"
            )
        passed.append(start)
