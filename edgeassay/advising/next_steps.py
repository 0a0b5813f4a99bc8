"""What to do with advice: the declaration of the variant, and the command that judges it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edgeassay.advising.candidates import Candidate
from edgeassay.advising.subject import Subject
from edgeassay.atomic import write_text
from edgeassay.config.loading import read_variant, variant_path
from edgeassay.errors import ConfigError
from edgeassay.spec import VariantSpec
from edgeassay.toml_text import key, quoted

HEAD: Final = "# What `edgeassay advise` chose on the validation split.\n"


def variant_keys(variant: VariantSpec) -> list[str]:
    """A variant's declaration, a line a key."""
    return [f"{name} = {_value(value)}" for name, value in asdict(variant).items() if value]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key(k)} = {_value(v)}' for k, v in value.items())} }}"
    return quoted(value) if isinstance(value, str) else str(value)


def variant_line(chosen: Candidate) -> str:
    """The same as a line of [variants]."""
    return f"{key(chosen.name)} = {{ {', '.join(variant_keys(chosen.spec))} }}"


def declaration(subject: Subject, chosen: Candidate) -> list[str]:
    """The lines that a model.toml lacks; none where it declares the variant."""
    if chosen.declared:
        return []
    before = [] if subject.weights_line is None else [subject.weights_line, ""]
    return [*before, "[variants]", variant_line(chosen)]


def check_write(subject: Subject) -> None:
    """ConfigError where no file of a variant can be written, said before any work is done."""
    if subject.file is not None:
        raise ConfigError(
            f"--write: {subject.file} is no declared model; start one of it (`edgeassay init NAME"
            f" --tflite {subject.file}`) and ask about that"
        )


def write_variant(subject: Subject, chosen: Candidate) -> Path:
    """The variant's own file, written whole; ConfigError where one is there already."""
    path = variant_path(subject.model.folder, chosen.name)
    if subject.weights_line is not None:
        raise ConfigError(
            f"--write: {subject.model.file} doesn't name the network that {chosen.name} is made"
            f" of; add {subject.weights_line} at its top, and ask again"
        )
    if path.exists():
        raise ConfigError(f"--write: {path} is there already, and is left as it is; remove it")
    write_text(path, HEAD + "\n".join(variant_keys(chosen.spec)) + "\n")
    read_variant(path, str(path))
    return path


def judging(
    subject: Subject,
    chosen: Candidate,
    *,
    name: str,
    runtime: str,
    device: str | None,
    models_dirs: Sequence[Path],
    devices_dirs: Sequence[Path],
) -> str:
    """The command that judges it on the test split."""
    words = ["pytest", "--benchmark", "--model", name, "--variant", chosen.name]
    if runtime not in subject.model.runtimes or len(subject.model.runtimes) > 1:
        words += ["--runtime", runtime]
    words += [] if device is None else ["--device", device]
    for option, folders in (("--models-dir", models_dirs), ("--devices-dir", devices_dirs)):
        for folder in folders:
            words += [option, str(folder)]
    return shlex.join(words)
