"""The variant that a search found, as a file of its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from pydantic import TypeAdapter

from edgeassay.atomic import check_replaceable, write_text
from edgeassay.config.loading import variant_path
from edgeassay.errors import ConfigError
from edgeassay.spec import ModelSpec, VariantSpec
from edgeassay.toml_text import quoted

WIDTH: Final = 98
NAME: Final = re.compile("[a-z0-9][a-z0-9._-]*")


def variant_file(model: ModelSpec, name: str, *, force: bool) -> Path:
    """Where a variant of this name goes; ConfigError where it can't, before any work is done."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"NAME {name!r} can't be a variant's: lower-case letters, digits, '.', '_', '-'"
        )
    path = variant_path(model.folder, name)
    if name in model.variants and not path.exists():
        raise ConfigError(
            f"{model.file} declares a variant {name!r} itself; give the one to be found another"
            " NAME"
        )
    if path.exists() and not force:
        raise ConfigError(f"{path} exists; give another NAME, or --force to replace it")
    is_new = not path.parent.exists()
    check_replaceable(path)
    if is_new:
        path.parent.rmdir()
    return path


def as_toml(variant: VariantSpec, header: Sequence[str]) -> str:
    """A variant's file: how it came to be as a comment, and what makes it again."""
    lines = [line for paragraph in header for line in _comment(paragraph)]
    lines += ["", f"method = {quoted(str(variant.method))}"]
    if variant.others is not None:
        lines.append(f"others = {quoted(variant.others)}")
    if variant.calibration_images:
        lines.append(f"calibration_images = {variant.calibration_images}")
    if variant.layers:
        lines += ["", "[layers]"]
        lines += [f"{quoted(layer)} = {quoted(kind)}" for layer, kind in variant.layers.items()]
    text = "\n".join(lines) + "\n"
    again = TypeAdapter(VariantSpec).validate_python(tomllib.loads(text))
    assert again == variant, "what is written reads as what was found"
    return text


def write_variant(path: Path, variant: VariantSpec, header: Sequence[str]) -> None:
    """Write it, whole or not at all."""
    write_text(path, as_toml(variant, header))


def _comment(text: str) -> list[str]:
    """Lines of a comment; what TOML has no place for there becomes a question mark."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return wrap(
        plain,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
