"""What advice is asked about: a model that is declared, or a float .tflite from anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.config import choose, load_model, load_models
from edgeassay.config.shapes import default_judging
from edgeassay.errors import ConfigError, why
from edgeassay.foreign_files import FOREIGN, TFLITE, foreign_content
from edgeassay.plain_files import open_plain
from edgeassay.preprocess import fits, input_shape
from edgeassay.progress import Reporter
from edgeassay.spec import ClaimName, Limit, LimitRule, ModelSpec, Reference
from edgeassay.starting import Given, Tensors, start_model
from edgeassay.tflite_file import read_graph

FILES: Final = (".tflite", ".onnx", ".keras", *FOREIGN)
FLOAT: Final = "FLOAT32"
COMPRESSED: Final = ("INT4", "INT8", "UINT8", "INT16", "FLOAT16")
VARIABLE: Final = "VAR_HANDLE"
DEFAULTS: Final = "edgeassay/config/defaults.toml"
BEGUN: Final = "as `edgeassay init` begins a model"
# What is asked of every variant, whether or not the model does.
LEAST: Final = (
    (ClaimName.LOADS, 1.0),
    (ClaimName.FINITE_OUTPUTS, 1.0),
    (ClaimName.MEAN_AUC_DROP, None),
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model, as it is judged. `file` is the .tflite that it was made of for now, None for one
    that is declared. `weights_line` is what its model.toml lacks before a variant can be made.
    `least_auc` is what the model asks for whose data a file shares.
    """

    model: ModelSpec
    file: Path | None = None
    weights_line: str | None = None
    least_auc: Limit | None = None


def is_file(given: str) -> bool:
    """Whether MODEL is meant as a file."""
    return "/" in given or Path(given).is_file() or Path(given).suffix.lower() in FILES


def open_subject(
    given: str,
    models: Sequence[Path],
    project: Path,
    *,
    data_of: str | None,
    scratch: Path,
    report: Reporter,
) -> Subject:
    """The model that is named, or one made of the file for now, in `scratch`; ConfigError where it
    can't be advised on.
    """
    if is_file(given):
        file = Path(given).expanduser()
        model, tensors = _of_file(file, scratch, report)
        if data_of is None:
            return Subject(model=_asked(model), file=file)
        known = load_models([*models], project)
        other = known[choose("model", [data_of], known, given_as="--data-of")[0]]
        model = _with_data(model, other, tensors, file)
        return Subject(model=_asked(model), file=file, least_auc=_least_auc(other))
    if data_of is not None:
        raise ConfigError(
            f"--data-of goes with a .tflite file, and {given} is a model with [data] of its own or"
            " without; leave it out"
        )
    known = load_models([*models], project)
    model = known[choose("model", [given], known, given_as="MODEL")[0]]
    line = None
    if model.weights is None:
        line, model = _with_weights(model)
    return Subject(model=_asked(model), weights_line=line)


def _asked(model: ModelSpec) -> ModelSpec:
    """The model with the limits that everything must keep, and without what is of the test split:
    predictions from elsewhere.
    """
    general = {r.claim for r in model.limits if r.variant is None and r.class_name is None}
    limits = list(model.limits)
    for claim, value in LEAST:
        if claim not in general:
            limit = Limit(value=1.0, source="asked of every variant")
            if value is None:
                limit = Limit(value=default_judging(), source=f"{DEFAULTS}:judge.margin")
            limits.append(LimitRule(claim=claim, limit=limit))
    reference = Reference(variant=model.reference.variant, runtime=model.reference.runtime)
    return replace(model, limits=tuple(limits), reference=reference)


def _with_weights(model: ModelSpec) -> tuple[str | None, ModelSpec]:
    """A model that has artifacts alone, with its float one as the network to make variants of."""
    artifact = model.variants[model.reference.variant].artifact
    path = None if artifact is None else model.folder / artifact
    if artifact is None or path is None or path.suffix != ".tflite":
        return None, model
    if not path.is_file() or FLOAT not in read_graph(path).constant_bytes:
        return None, model
    return f'weights = "{artifact}"', replace(model, weights=path)


def _of_file(file: Path, scratch: Path, report: Reporter) -> tuple[ModelSpec, Tensors]:
    """A model without data of a float .tflite, and what that takes and gives."""
    check_float(file)
    name = re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._") or "network"
    given = Given(artifacts={}, network=file, option="--tflite")
    folder = scratch / "models"
    started = start_model(name, given, folder, project_models=scratch / "none", report=report)
    model = load_model(started.folder, folder)
    limits = tuple(
        replace(rule, limit=replace(rule.limit, source=BEGUN))
        for rule in model.limits
        if rule.variant is None
    )
    return replace(model, file=str(file), limits=limits), started.tensors["fp32"]


def _least_auc(model: ModelSpec) -> Limit | None:
    """The least mean AUC that a model asks of every variant."""
    rules = (r for r in model.limits if r.claim is ClaimName.MIN_AUC and r.variant is None)
    return next((rule.limit for rule in rules), None)


def check_float(file: Path) -> None:
    """ConfigError where a file isn't what variants are made of, a float .tflite."""
    try:
        with open_plain(file) as opened:
            beginning = opened.read(8)
    except OSError as error:
        raise ConfigError(f"MODEL {file} can't be read: {why(error)}; mend the path") from None
    suffix = file.suffix.lower()
    if (kind := foreign_content(file)) is not None and suffix != ".keras":
        raise ConfigError(f"MODEL {file} is no float .tflite: {kind}")
    if suffix == ".onnx":
        raise ConfigError(
            f"MODEL {file} is an .onnx, and variants are made of a float .tflite; convert it to"
            " one, or have it judged as it is (`edgeassay init NAME --artifact fp32=FILE`)"
        )
    if suffix == ".keras":
        raise ConfigError(
            f"MODEL {file} is a .keras; start a model of it (`edgeassay init NAME --keras FILE`)"
            " and give its id"
        )
    if beginning[4:8] != TFLITE:
        raise ConfigError(
            f"MODEL {file} is no .tflite; give a model's id or a float .tflite, and copy or export"
            " it again where it ought to be one"
        )
    graph = read_graph(file)
    if any(operator.kind == VARIABLE for operator in graph.operators):
        raise ConfigError(
            f"MODEL {file} keeps weights in variables, which nothing compresses; freeze them into"
            " constants and export it anew"
        )
    compressed = [kind for kind in COMPRESSED if kind in graph.constant_bytes]
    if compressed or FLOAT not in graph.constant_bytes:
        kinds = " and ".join(compressed) or "no FLOAT32"
        raise ConfigError(
            f"MODEL {file} is compressed already (it has {kinds} constants), and variants are made"
            " of the float network that it came from; give that one"
        )


def _with_data(model: ModelSpec, other: ModelSpec, tensors: Tensors, file: Path) -> ModelSpec:
    """The model with another's data; ConfigError where that doesn't fit."""
    settings = other.preprocess
    if other.data is None or settings is None:
        raise ConfigError(
            f"--data-of {other.id}: {other.file} has no [data]; name a model that has"
        )
    taken, gives = tensors.inputs, [int(np.prod(t.shape)) for t in tensors.outputs]
    if len(taken) != 1 or not fits(settings, taken[0].shape):
        shapes = " and ".join("x".join(map(str, t.shape)) for t in taken)
        made = "x".join(map(str, (1, *input_shape(settings))))
        raise ConfigError(
            f"--data-of {other.id}: {file} takes {shapes}, and [preprocess] in {other.file} makes"
            f" {made}; name a model whose images fit, or start one with `edgeassay init`"
        )
    if gives != [len(other.classes)]:
        raise ConfigError(
            f"--data-of {other.id}: {file} gives {' and '.join(map(str, gives))} scores, and [data]"
            f" in {other.file} has {len(other.classes)} classes; name a model whose classes are"
            " its own"
        )
    if tuple(taken[0].shape[1:]) != input_shape(settings):
        first = settings.channels == "last"
        settings = replace(settings, channels="first" if first else "last")
    return replace(
        model,
        data=other.data,
        preprocess=settings,
        classes=other.classes,
        statistics=other.statistics,
    )
