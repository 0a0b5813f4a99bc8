"""TOML to spec, strictly: an unknown key names file, key and the nearest valid key."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.errors import ConfigError
from edgeassay.preprocess import MODES
from edgeassay.spec import (
    ARCHITECTURES,
    ENGINES,
    REFERENCE_VARIANT,
    TRAITS,
    ClaimName,
    DataSource,
    Deviation,
    DeviceSpec,
    ImageCsvSource,
    Limit,
    LimitRule,
    Match,
    ModelSpec,
    PhantomSource,
    Preprocess,
    Role,
    RuntimeSpec,
    Timing,
    VariantSpec,
)

DATA_VARIABLE = "EDGEASSAY_DATA"
NAME = r"[a-z0-9][a-z0-9._-]*"


class DeviationEntry(BaseModel):
    """One [[deviation]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    claim: ClaimName
    reason: str = Field(min_length=1)
    expires: date
    variant: str | None = None
    runtime: str | None = None
    architecture: str | None = None
    device: str | None = None
    class_name: str | None = Field(default=None, alias="class")


class ModelFile(BaseModel):
    """The shape of a model.toml; `limits` is read by `read_limits`, which knows its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{NAME}$")
    title: str = ""
    weights: Path
    preprocess: Preprocess
    data: Annotated[DataSource, Field(discriminator="source")] | None = None
    variants: dict[str, VariantSpec] = Field(min_length=1)
    runtimes: dict[str, RuntimeSpec] = Field(min_length=1)
    limits: dict[str, Any] = Field(default_factory=dict)
    deviation: list[DeviationEntry] = Field(default_factory=list)


class DeviceFile(BaseModel):
    """The shape of a device profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{NAME}$")
    title: str = ""
    match: Match
    timing: Timing
    workers: dict[str, tuple[str, ...]]
    limits: dict[str, Any] = Field(default_factory=dict)


def nearest(word: str, known: Iterable[str]) -> str:
    """' (did you mean ...?)' or a list of what is known, for the end of a message."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


# What the tables inside a file are made of; a data source is found by its tag.
TABLES: dict[str, type] = {
    "preprocess": Preprocess,
    "variants": VariantSpec,
    "runtimes": RuntimeSpec,
    "deviation": DeviationEntry,
    "match": Match,
    "timing": Timing,
}
# pydantic's names for what can be wrong with a key.
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
SOURCES: dict[str, type] = {"phantom": PhantomSource, "image-csv": ImageCsvSource}


def _keys(shape: Any) -> list[str]:
    if issubclass(shape, BaseModel):
        return [f.alias or name for name, f in shape.model_fields.items()]
    return [f.name for f in fields(shape)]


def _explain(shape: type, error: ValidationError, where: str) -> str:
    """One thing wrong, as a sentence naming file, key and remedy.

    A misspelt key is also a missing one: what is unknown explains more than what is missing.
    """
    first = min(error.errors(), key=lambda e: (e["type"] not in UNKNOWN, e["type"] in MISSING))
    steps = [str(step) for step in first["loc"]]
    tag = next((SOURCES[step] for step in steps if step in SOURCES), None)
    key = ".".join(step for step in steps if step not in SOURCES)
    if first["type"] in UNKNOWN:
        table = shape if len(steps) == 1 else tag or TABLES[steps[0]]
        return f"{where}: unknown key {key!r}; {nearest(steps[-1], _keys(table))}"
    if first["type"] in MISSING:
        return f"{where}: the key {key!r} is missing; add it"
    if first["type"].startswith("union_tag"):
        return f"{where}: {key}.source must be one of 'phantom', 'image-csv'; {first['msg']}"
    return f"{where}: {key} = {first['input']!r} is not valid: {first['msg']}"


def read_toml(path: Path, where: str) -> dict[str, Any]:
    """The file's tables; ConfigError with the line where it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{where} doesn't exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} can't be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is no valid TOML: {error}") from None


def _limit(entry: Any, claim: ClaimName, where: str, key: str) -> Limit:
    """One limit: a number, `true` for a flag, or a table with `limit` and `rationale`."""
    rationale = None
    source = f"{where}:{key}"
    if isinstance(entry, Mapping):
        known = {"limit", "rationale"} | ({"classes"} if TRAITS[claim].per_class else set())
        for name in entry:
            if name not in known:
                raise ConfigError(f"{where}: unknown key '{key}.{name}'; {nearest(name, known)}")
        if "limit" not in entry:
            raise ConfigError(f"{where}: the key '{key}.limit' is missing; add the number")
        rationale = entry.get("rationale")
        if not isinstance(rationale, str | None):
            raise ConfigError(
                f"{where}: {key}.rationale = {rationale!r} is not valid: write a text"
            )
        entry = entry["limit"]
        source = f"{source}.limit"
    if TRAITS[claim].flag:
        if entry is not True:
            raise ConfigError(
                f"{where}: {key} = {entry!r} is not valid: it can only be `true`; leave it out"
                " where it isn't claimed"
            )
        return Limit(value=1.0, source=source, rationale=rationale)
    if isinstance(entry, bool) or not isinstance(entry, int | float) or not math.isfinite(entry):
        raise ConfigError(f"{where}: {key} = {entry!r} is not valid: it must be a finite number")
    return Limit(value=float(entry), source=source, rationale=rationale)


def _claim_limits(
    table: Mapping[str, Any],
    variant: str | None,
    where: str,
    prefix: str,
    classes: Sequence[str] | None,
) -> list[LimitRule]:
    rules = []
    for name, entry in table.items():
        claim = ClaimName(name)
        key = f"{prefix}.{name}"
        rules.append(
            LimitRule(claim=claim, variant=variant, limit=_limit(entry, claim, where, key))
        )
        for class_name, value in (
            entry.get("classes", {}) if isinstance(entry, dict) else {}
        ).items():
            if classes is not None and class_name not in classes:
                raise ConfigError(
                    f"{where}: unknown class '{key}.classes.{class_name}';"
                    f" {nearest(class_name, classes)}"
                )
            limit = _limit(value, claim, where, f"{key}.classes.{class_name}")
            rules.append(
                LimitRule(claim=claim, variant=variant, limit=limit, class_name=class_name)
            )
    return rules


def read_limits(
    tables: Mapping[str, Any],
    *,
    variants: Iterable[str] | None,
    classes: Sequence[str] | None,
    where: str,
    prefix: str = "limits",
) -> tuple[LimitRule, ...]:
    """The rules of a [limits] table: claims for every variant, and one table a variant.

    `variants` and `classes` are the names allowed; None allows any.
    """
    claims = {c.value for c in ClaimName}
    general = {k: v for k, v in tables.items() if k in claims}
    rules = _claim_limits(general, None, where, prefix, classes)
    for name, inner in tables.items():
        if name in claims:
            continue
        allowed = claims | set(variants or ())
        if name in allowed and not isinstance(inner, dict):
            raise ConfigError(
                f"{where}: {prefix}.{name} = {inner!r} is not valid: a variant's limits stand in a"
                f" table of their own, [{prefix}.{name}]"
            )
        if not isinstance(inner, dict) or (variants is not None and name not in allowed):
            raise ConfigError(f"{where}: unknown key '{prefix}.{name}'; {nearest(name, allowed)}")
        for claim in inner:
            if claim not in claims:
                raise ConfigError(
                    f"{where}: unknown key '{prefix}.{name}.{claim}'; {nearest(claim, claims)}"
                )
        rules += _claim_limits(inner, name, where, f"{prefix}.{name}", classes)
    return tuple(rules)


def _classes(data: DataSource | None) -> tuple[str, ...]:
    if isinstance(data, PhantomSource):
        from edgeassay.datasets.phantom import FINDINGS

        return tuple(FINDINGS)
    if isinstance(data, ImageCsvSource):
        return data.labels or (data.positive or data.label or "",)
    return ()


def _check_data(data: DataSource | None, where: str) -> None:
    if isinstance(data, PhantomSource):
        if Role.EVALUATION not in data.images or min(data.images.values()) < 1 or data.size < 16:
            raise ConfigError(
                f"{where}: data.images must give a positive number for 'evaluation' and every"
                " other role it names, and data.size must be at least 16"
            )
        return
    if data is None:
        return
    if (data.label is None) == (not data.labels):
        raise ConfigError(f"{where}: [data] must have either `label` or `labels`")
    if data.positive is not None and data.label is None:
        raise ConfigError(f"{where}: data.positive goes with `label`, not with `labels`")
    if data.patient and data.group:
        raise ConfigError(f"{where}: [data] must have `patient` or `group`, not both")


def _check_names(model: ModelFile, where: str) -> None:
    for kind, names in (("variants", model.variants), ("runtimes", model.runtimes)):
        for name in names:
            if not re.fullmatch(NAME, name):
                raise ConfigError(
                    f"{where}: {kind}.{name!r} is no usable name: lower-case letters, digits, '.',"
                    " '_' and '-' make file names and test names"
                )
    for name, runtime in model.runtimes.items():
        if runtime.engine not in ENGINES:
            raise ConfigError(
                f"{where}: runtimes.{name}.engine = {runtime.engine!r} is unknown;"
                f" {nearest(runtime.engine, ENGINES)}"
            )
        if runtime.threads < 1:
            raise ConfigError(f"{where}: runtimes.{name}.threads must be at least 1")


def _check_preprocess(settings: Preprocess, where: str) -> None:
    channels = MODES[settings.color][1]
    for name, values in (("mean", settings.mean), ("std", settings.std)):
        if len(values) not in (1, channels):
            raise ConfigError(
                f"{where}: preprocess.{name} has {len(values)} values, and"
                f" color = {settings.color!r} has {channels} channel(s)"
            )
    if min(settings.size) < 1 or not all(settings.std):
        raise ConfigError(f"{where}: preprocess.size must be positive and std not zero")


def _check_deviations(deviations: Sequence[Deviation], model: ModelFile, where: str) -> None:
    for deviation in deviations:
        for key, value, known in (
            ("variant", deviation.variant, model.variants),
            ("runtime", deviation.runtime, model.runtimes),
            ("class", deviation.class_name, _classes(model.data)),
            ("architecture", deviation.architecture, ARCHITECTURES),
        ):
            if value is not None and value not in known:
                raise ConfigError(
                    f"{where}: deviation names the {key} {value!r}, which isn't known here;"
                    f" {nearest(value, known)}"
                )


def load_model(folder: Path, root: Path) -> ModelSpec:
    """The model that `folder`/model.toml declares; messages name files relative to `root`."""
    path = folder / "model.toml"
    where = relative(path, root)
    try:
        model = ModelFile.model_validate(read_toml(path, where))
    except ValidationError as error:
        raise ConfigError(_explain(ModelFile, error, where)) from None
    if model.id != folder.name:
        raise ConfigError(
            f"{where}: id = {model.id!r}, and the folder is {folder.name!r}; make them equal"
        )
    if REFERENCE_VARIANT not in model.variants:
        raise ConfigError(
            f"{where}: [variants] has no {REFERENCE_VARIANT!r}, the reference; add it"
        )
    from edgeassay.variants import check_variant

    for name, variant in model.variants.items():
        check_variant(name, variant, where)
    _check_names(model, where)
    _check_data(model.data, where)
    _check_preprocess(model.preprocess, where)
    classes = _classes(model.data)
    deviations = tuple(
        Deviation(source=f"{where}:deviation[{i}]", **entry.model_dump())
        for i, entry in enumerate(model.deviation)
    )
    _check_deviations(deviations, model, where)
    limits = read_limits(model.limits, variants=model.variants, classes=classes, where=where)
    for rule in limits:
        if rule.claim is ClaimName.LATENCY_P95_MS:
            raise ConfigError(
                f"{rule.limit.source}: a budget in milliseconds belongs to a device: set it in a"
                f" device profile, under [limits.{model.id}]"
            )
    return ModelSpec(
        id=model.id,
        title=model.title or model.id,
        folder=folder,
        file=where,
        weights=folder / model.weights,
        preprocess=model.preprocess,
        data=model.data,
        classes=classes,
        variants=model.variants,
        runtimes=model.runtimes,
        limits=limits,
        deviations=deviations,
    )


def _check_device(device: DeviceFile, where: str) -> None:
    timing = device.timing
    for key, value, least in (
        ("processes", timing.processes, 1),
        ("rounds", timing.rounds, 1),
        ("warmup_rounds", timing.warmup_rounds, 0),
        ("min_rounds", timing.min_rounds, 1),
    ):
        if value < least:
            raise ConfigError(f"{where}: timing.{key} = {value} must be at least {least}")
    if not 0 < timing.timeout_s < math.inf:
        raise ConfigError(f"{where}: timing.timeout_s = {timing.timeout_s} must be positive")
    for engine, command in device.workers.items():
        if engine not in ENGINES or not command:
            raise ConfigError(
                f"{where}: workers.{engine} must be the command of a worker for one of"
                f' {", ".join(ENGINES)}, such as ["{{python}}"]'
            )


def load_device(path: Path, root: Path) -> DeviceSpec:
    """The device profile in a file."""
    where = relative(path, root)
    try:
        device = DeviceFile.model_validate(read_toml(path, where))
    except ValidationError as error:
        raise ConfigError(_explain(DeviceFile, error, where)) from None
    if device.id != path.stem:
        raise ConfigError(
            f"{where}: id = {device.id!r}, and the file is {path.stem!r}; make them equal"
        )
    _check_device(device, where)
    limits = {}
    for model, table in device.limits.items():
        if not isinstance(table, dict):
            raise ConfigError(
                f"{where}: limits.{model} must be a table of a model's limits, such as"
                f" [limits.{model}.int8]"
            )
        limits[model] = read_limits(
            table, variants=None, classes=None, where=where, prefix=f"limits.{model}"
        )
    return DeviceSpec(
        id=device.id,
        title=device.title or device.id,
        file=where,
        match=device.match,
        workers=device.workers,
        timing=device.timing,
        limits=limits,
    )


def relative(path: Path, root: Path) -> str:
    """The path as messages show it: relative to the project where it lies inside."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def load_models(folders: Sequence[Path], root: Path) -> dict[str, ModelSpec]:
    """Every folder with a model.toml below the given ones, by id."""
    models: dict[str, ModelSpec] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"the models folder {relative(folder, root)} doesn't exist")
        for path in sorted(folder.glob("*/model.toml")):
            model = load_model(path.parent, root)
            if model.id in models:
                raise ConfigError(
                    f"{model.file} and {models[model.id].file} both declare {model.id!r};"
                    " rename one"
                )
            models[model.id] = model
    if not models:
        places = ", ".join(relative(f, root) for f in folders)
        raise ConfigError(f"no model.toml in any folder of {places}")
    return models


def load_devices(folders: Sequence[Path], root: Path) -> dict[str, DeviceSpec]:
    """Every device profile in the given folders, by id; a later folder's replaces an earlier's."""
    devices: dict[str, DeviceSpec] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"the devices folder {relative(folder, root)} doesn't exist")
        for path in sorted(folder.glob("*.toml")):
            devices[path.stem] = load_device(path, root)
    return devices


def data_root(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that EDGEASSAY_DATA names; None where unset, ConfigError where wrong."""
    value = environment.get(DATA_VARIABLE, "")
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_dir():
        raise ConfigError(
            f"{DATA_VARIABLE} = {value!r} is no folder; set it to the folder that holds the data"
            " sets, or unset it"
        )
    return path.resolve()


def choose(kind: str, wanted: Sequence[str], known: Iterable[str]) -> list[str]:
    """The wanted names, all of them where none is wanted; ConfigError lists the known ones."""
    names = list(known)
    for name in wanted:
        if name not in names:
            raise ConfigError(
                f"--{kind} {name}: unknown {kind}; {nearest(name, names)}"
                f" (known: {', '.join(sorted(names))})"
            )
    return [name for name in names if not wanted or name in wanted]
