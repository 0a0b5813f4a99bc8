"""Models and device profiles from their files, with what no single key shows checked."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edgeassay.config.limits import read_limits
from edgeassay.config.shapes import NAME, DeviceFile, ModelFile, nearest, read_file
from edgeassay.datasets.phantom import FINDINGS
from edgeassay.errors import ConfigError
from edgeassay.preprocess import MODES
from edgeassay.spec import (
    ARCHITECTURES,
    ENGINES,
    REFERENCE_VARIANT,
    ClaimName,
    DataSource,
    Deviation,
    DeviceSpec,
    ImageCsvSource,
    ModelSpec,
    PhantomSource,
    Preprocess,
    Role,
)
from edgeassay.variants import check_variant

DATA_VARIABLE = "EDGEASSAY_DATA"


def _classes(data: DataSource | None) -> tuple[str, ...]:
    if isinstance(data, PhantomSource):
        return tuple(FINDINGS)
    if isinstance(data, ImageCsvSource):
        return data.classes
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
    model = read_file(path, where, ModelFile)
    if model.id != folder.name:
        raise ConfigError(
            f"{where}: id = {model.id!r}, and the folder is {folder.name!r}; make them equal"
        )
    if REFERENCE_VARIANT not in model.variants:
        raise ConfigError(
            f"{where}: [variants] has no {REFERENCE_VARIANT!r}, the reference; add it"
        )
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
    device = read_file(path, where, DeviceFile)
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
        found = sorted(folder.glob("*/model.toml"))
        if not found:
            here = (folder / "model.toml").is_file()
            hint = "; it is a model itself: give the folder above it" if here else ""
            raise ConfigError(f"no <id>/model.toml below {relative(folder, root)}{hint}")
        for path in found:
            model = load_model(path.parent, root)
            if model.id in models:
                raise ConfigError(
                    f"{model.file} and {models[model.id].file} both declare {model.id!r};"
                    " rename one"
                )
            models[model.id] = model
    return models


def load_devices(folders: Sequence[Path], root: Path) -> dict[str, DeviceSpec]:
    """Every device profile in the given folders, by id; a later folder's replaces an earlier's."""
    devices: dict[str, DeviceSpec] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"the devices folder {relative(folder, root)} doesn't exist")
        found = sorted(folder.glob("*.toml"))
        if not found:
            raise ConfigError(f"no device profile (*.toml) in {relative(folder, root)}")
        for path in found:
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
            hint = nearest(name, names)
            everything = "" if hint.startswith("known") else f" (known: {', '.join(sorted(names))})"
            raise ConfigError(f"--{kind} {name}: unknown {kind}; {hint}{everything}")
    return [name for name in names if not wanted or name in wanted]
