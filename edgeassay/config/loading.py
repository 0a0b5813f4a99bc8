"""Models and device profiles from their files, with what no single key shows checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from edgeassay.config.catalogue import catalogue
from edgeassay.config.checks import (
    check_co_primary,
    check_deviations,
    check_model,
    class_names,
)
from edgeassay.config.cpu_words import CpuWords
from edgeassay.config.device_checks import check_device
from edgeassay.config.excuses import check_excuse
from edgeassay.config.limits import check_once, read_limits, read_particular
from edgeassay.config.segmentation_checks import check_segmentation, check_task
from edgeassay.config.shapes import (
    DeviceFile,
    LimitEntry,
    ModelFile,
    explain,
    nearest,
    read_file,
)
from edgeassay.config.toml import read_toml
from edgeassay.errors import ConfigError
from edgeassay.preprocess import image_shapes
from edgeassay.spec import (
    TRAITS,
    Deviation,
    DeviceSpec,
    InputShapes,
    LimitRule,
    ModelSpec,
    VariantSpec,
    task_of,
)
from edgeassay.variants import check_variant

DATA_VARIABLE = "EDGEASSAY_DATA"
# The folder of a model that has a file for each of its further variants.
VARIANTS: Final = "variants"


def load_model(folder: Path, root: Path, today: date | None = None) -> ModelSpec:
    """The model that `folder`/model.toml declares; messages name files relative to `root`.

    ConfigError if it contradicts itself, or if a deviation doesn't end soon enough after `today`
    (this day if none is given).
    """
    path = folder / "model.toml"
    where = relative(path, root)
    model = read_file(path, where, ModelFile)
    if model.id != folder.name:
        raise ConfigError(
            f"{where}: id = {model.id!r}, and the folder is {folder.name!r}; make them equal"
        )
    model = model.model_copy(
        update={"variants": {**model.variants, **_further_variants(folder, model, root)}}
    )
    check_model(model, where)
    check_segmentation(model, where)
    classes = class_names(model.data)
    deviations = tuple(
        Deviation(
            source=f"{where}:deviation[{i}]",
            cpu=entry.cpu,
            **entry.model_dump(exclude={*CpuWords.model_fields}),
        )
        for i, entry in enumerate(model.deviation)
    )
    check_deviations(deviations, model, where)
    for deviation in deviations:
        check_excuse(
            "deviation",
            deviation.reason,
            deviation.expires,
            source=deviation.source,
            today=today or date.today(),
        )
    limits = (
        *read_limits(model.limits, variants=model.variants, classes=classes, where=where),
        *read_particular(
            model.limit,
            variants=model.variants,
            runtimes={**catalogue(), **model.runtimes},
            classes=classes,
            where=where,
        ),
    )
    if any(entry.model is not None for entry in model.limit):
        raise ConfigError(f"{where}: a [[limit]] here is about this model; leave its `model` out")
    for rule in limits:
        check_task(rule, task_of(model.data), model.id)
        traits = TRAITS[rule.claim]
        if traits.of_device:
            unit = {"ms": "milliseconds", "MB": "megabytes"}.get(traits.unit, traits.unit)
            raise ConfigError(
                f"{rule.limit.source}: a budget in {unit} belongs to a device: set it in a device"
                f" profile, under [limits.{model.id}]"
            )
    check_once(limits)
    check_co_primary(model.statistics.co_primary, limits, where)
    return ModelSpec(
        id=model.id,
        title=model.title or model.id,
        folder=folder,
        file=where,
        weights=None if model.weights is None else folder / model.weights,
        preprocess=model.preprocess,
        shapes=_input_shapes(model),
        signature=model.signature,
        data=model.data,
        classes=classes,
        variants=model.variants,
        reference=model.reference,
        random_inputs=model.random_inputs,
        runtimes=model.runtimes,
        operating_point=model.operating_point,
        statistics=model.statistics,
        saliency=model.saliency,
        segmentation=model.segmentation,
        limits=limits,
        deviations=deviations,
    )


def _input_shapes(model: ModelFile) -> InputShapes:
    if model.preprocess is not None:
        return {"": image_shapes(model.preprocess)}
    if model.shape is None:
        return {}
    named = model.shape if isinstance(model.shape, dict) else {"": model.shape}
    return {name: [tuple(shape)] for name, shape in named.items()}


def _further_variants(folder: Path, model: ModelFile, root: Path) -> dict[str, VariantSpec]:
    """Variants that have a file of their own, `variants/<name>.toml`: what a search found."""
    found = {}
    for path in sorted((folder / VARIANTS).glob("*.toml")):
        where = relative(path, root)
        if path.stem in model.variants:
            raise ConfigError(
                f"{where}: the variant {path.stem!r} is declared in model.toml too; leave one"
            )
        found[path.stem] = read_variant(path, where)
    return found


def variant_path(folder: Path, name: str) -> Path:
    """Where a variant of the model in `folder` has a file of its own."""
    return folder / VARIANTS / f"{name}.toml"


def read_variant(path: Path, where: str) -> VariantSpec:
    """The variant that a file declares; ConfigError, naming it as `where`, says what is wrong."""
    try:
        variant = TypeAdapter(VariantSpec).validate_python(read_toml(path, where))
    except ValidationError as error:
        raise ConfigError(explain(VariantSpec, error, where)) from None
    check_variant(variant, where)
    return variant


def load_device(path: Path, root: Path) -> DeviceSpec:
    """The device profile in a file."""
    where = relative(path, root)
    device = read_file(path, where, DeviceFile)
    if device.id != path.stem:
        raise ConfigError(
            f"{where}: id = {device.id!r}, and the file is {path.stem!r}; make them equal"
        )
    check_device(device, where)
    limits: dict[str, tuple[LimitRule, ...]] = {}
    for model, table in device.limits.items():
        if not isinstance(table, dict):
            raise ConfigError(
                f"{where}: limits.{model} must be a table of a model's limits, such as"
                f" [limits.{model}.int8]"
            )
        limits[model] = read_limits(
            table, variants=None, classes=None, where=where, prefix=f"limits.{model}"
        )
    for model, entries in _by_model(device.limit, where).items():
        rules = read_particular(entries, variants=None, runtimes=None, classes=None, where=where)
        limits[model] = (*limits.get(model, ()), *rules)
        check_once(limits[model])
    return DeviceSpec(
        id=device.id,
        title=device.title or device.id,
        file=where,
        match=device.match,
        architecture=device.architecture,
        emulated=device.emulated,
        runtimes=device.runtimes,
        workers=device.workers,
        timing=device.timing,
        tolerance=device.tolerance,
        limits=limits,
        evaluation=device.evaluation,
    )


def _by_model(entries: Sequence[LimitEntry], where: str) -> dict[str, list[LimitEntry]]:
    """A device profile's [[limit]] tables by the model that each names."""
    found: dict[str, list[LimitEntry]] = {}
    for i, entry in enumerate(entries):
        if entry.model is None:
            raise ConfigError(f"{where}: limit[{i}] names no `model`; add it")
        found.setdefault(entry.model, []).append(entry)
    return found


def relative(path: Path, root: Path) -> str:
    """The path as messages show it: relative to the project where it lies inside."""
    for one in (path.absolute(), path.resolve()):  # a link below the project is shown as such
        for place in (root.absolute(), root.resolve()):
            if ".." not in one.parts and one.is_relative_to(place):
                return one.relative_to(place).as_posix()
    return path.as_posix()


def _once(folders: Sequence[Path]) -> list[Path]:
    """The folders without those that lead to the same place as an earlier one."""
    found: dict[Path, Path] = {}
    for folder in folders:
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def load_models(
    folders: Sequence[Path], root: Path, today: date | None = None
) -> dict[str, ModelSpec]:
    """Every folder with a model.toml below the given ones, by id; `today` as in `load_model`. A
    folder or a file that is given twice is read once.
    """
    models: dict[str, ModelSpec] = {}
    files: dict[str, Path] = {}
    for folder in _once(folders):
        if not folder.is_dir():
            raise ConfigError(
                f"the models folder {relative(folder, root)} doesn't exist; --models-dir takes a"
                " folder with <id>/model.toml in it"
            )
        found = sorted(folder.glob("*/model.toml"))
        if not found:
            here = (folder / "model.toml").is_file()
            hint = "; it is a model itself: give the folder above it" if here else ""
            raise ConfigError(f"no <id>/model.toml below {relative(folder, root)}{hint}")
        for path in found:
            real = path.resolve()
            if files.get(path.parent.name) == real:
                continue
            model = load_model(path.parent, root, today)
            if model.id in models:
                raise ConfigError(
                    f"{model.file} and {models[model.id].file} both declare {model.id!r};"
                    " rename one"
                )
            models[model.id], files[model.id] = model, real
    return models


def load_devices(folders: Sequence[Path], root: Path) -> dict[str, DeviceSpec]:
    """Every device profile in the given folders, by id; a later folder's replaces an earlier's. A
    folder that is given twice is read once, in its first place.
    """
    devices: dict[str, DeviceSpec] = {}
    for folder in _once(folders):
        if not folder.is_dir():
            raise ConfigError(
                f"the devices folder {relative(folder, root)} doesn't exist; --devices-dir takes a"
                " folder with <id>.toml in it"
            )
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


def choose(
    kind: str, wanted: Sequence[str], known: Iterable[str], *, given_as: str | None = None
) -> list[str]:
    """The wanted names, all of them where none is wanted; ConfigError lists the known ones, and
    calls what was given `--<kind>`, or `given_as`.
    """
    names = list(known)
    for name in wanted:
        if name not in names:
            hint = nearest(name, names)
            everything = "" if hint.startswith("known") else f" (known: {', '.join(sorted(names))})"
            raise ConfigError(
                f"{given_as or f'--{kind}'} {name}: unknown {kind}; {hint}{everything}"
            )
    return [name for name in names if not wanted or name in wanted]
