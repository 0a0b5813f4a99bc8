"""What no single key of a TOML file shows: keys that must go together, and values that can't be."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from edgeassay.config.catalogue import catalogue
from edgeassay.config.cpu_checks import check_cpu
from edgeassay.config.device_checks import (
    MOST_IMAGES,
    MOST_ROUNDS,
    USABLE,
    check_between,
    check_runtimes,
)
from edgeassay.config.pruning_checks import check_prunings
from edgeassay.config.shapes import (
    NAME,
    ModelFile,
    co_primaries,
    nearest,
)
from edgeassay.config.widths import check_widths
from edgeassay.errors import ConfigError
from edgeassay.foreign_files import FOREIGN
from edgeassay.preprocess import MODES
from edgeassay.spec import (
    ARCHITECTURES,
    FORMATS,
    TRAITS,
    ClaimName,
    DataSource,
    Deviation,
    ImageCsvSource,
    LimitRule,
    NpzSource,
    OperatingPoint,
    PhantomSource,
    Preprocess,
    Role,
    Saliency,
    Statistics,
)
from edgeassay.variants import (
    TENSORFLOW_OPTIONS,
    calibrates,
    check_variant,
    given_options,
    trains,
)

# Beyond these a number is a slip of the keyboard, or asks for more than any machine has.
LONGEST_SIDE: Final = 32_768
# With less than these a bound excludes nothing: one image can decide.
CONFIDENCE: Final = (0.8, 0.9999)
LEAST_PATIENTS: Final = 5
PATCHES: Final = (0.02, 0.5)  # of the image's shorter side: up to 2,500 places, and no fewer than 4


def class_names(data: DataSource | None) -> tuple[str, ...]:
    """The classes in the order of the network's scores; none without data."""
    return () if data is None else data.class_names


def check_model(model: ModelFile, where: str) -> None:
    """ConfigError, naming file and key, where a model.toml contradicts itself."""
    _check_weights(model, where)
    for name, variant in model.variants.items():
        check_variant(variant, where, name)
    _check_trained(model, where)
    check_prunings(model, where)
    check_widths(model.variants, where)
    _check_reference(model, where)
    _check_names(model, where)
    _check_formats(model, where)
    _check_data(model.data, where)
    if model.data is not None and model.preprocess is None:
        raise ConfigError(
            f"{where}: [data] needs [preprocess], which says how an image becomes the network's"
            " input; add color and size"
        )
    if model.preprocess is not None:
        _check_preprocess(model.preprocess, where)
    _check_shape(model, where)
    _check_signature(model, where)
    _check_statistics(model.statistics, where)
    _check_saliency(model.saliency, where)
    _check_operating_point(model.operating_point, class_names(model.data), where)
    inputs = model.random_inputs
    check_between(inputs.rows, 1, MOST_IMAGES, "random_inputs.rows", where)
    for key, (low, high) in {"range": inputs.range, **inputs.ranges}.items():
        if not -math.inf < low < high < math.inf:
            raise ConfigError(
                f"{where}: random_inputs.{key} must be two numbers, the smaller first"
            )


def _check_shape(model: ModelFile, where: str) -> None:
    if model.shape is None:
        return
    if model.preprocess is not None:
        raise ConfigError(
            f"{where}: [preprocess] makes the network's input, and `shape` says it again; remove"
            " `shape`"
        )
    named = model.shape if isinstance(model.shape, dict) else {"": model.shape}
    for name, shape in named.items():
        key = f"shape.{name}" if name else "shape"
        if not shape or not all(1 <= side <= LONGEST_SIDE for side in shape):
            raise ConfigError(
                f"{where}: {key} must be the sizes of an input, batch first, each from 1 to"
                f" {LONGEST_SIDE:,}, such as [1, 224, 224, 3]"
            )


def _check_signature(model: ModelFile, where: str) -> None:
    """ConfigError where a signature is named and a variant's file can't have any."""
    for name, variant in model.variants.items() if model.signature is not None else ():
        if variant.suffix != ".tflite":
            raise ConfigError(
                f"{where}: signature = {model.signature!r}: an {variant.suffix} has no signatures,"
                f" and variants.{name} is one; remove `signature`, or export that graph as a file"
                " of its own"
            )


def _check_statistics(statistics: Statistics, where: str) -> None:
    check_between(statistics.confidence, *CONFIDENCE, "statistics.confidence", where)
    check_between(statistics.power, 0.51, 0.9999, "statistics.power", where)
    for key in ("min_positives", "min_negatives"):
        check_between(
            getattr(statistics, key), LEAST_PATIENTS, MOST_IMAGES, f"statistics.{key}", where
        )
    check_between(statistics.resamples, 200, MOST_ROUNDS, "statistics.resamples", where)


def _check_saliency(saliency: Saliency, where: str) -> None:
    check_between(saliency.images, 2, MOST_IMAGES, "saliency.images", where)
    check_between(saliency.min_patients, 2, saliency.images, "saliency.min_patients", where)
    check_between(saliency.patch, *PATCHES, "saliency.patch", where)
    # With a stride beyond the patch, parts of the image would never be covered.
    check_between(saliency.stride, PATCHES[0], saliency.patch, "saliency.stride", where)
    check_between(saliency.top, 0.01, 0.5, "saliency.top", where)
    if not 0.0 <= saliency.least_range < math.inf:
        raise ConfigError(
            f"{where}: saliency.least_range = {saliency.least_range} must be a number from 0 on:"
            " by how much a score must move to be looked at"
        )


def _check_operating_point(point: OperatingPoint, classes: Sequence[str], where: str) -> None:
    given = [
        name
        for name in ("threshold", "thresholds", "sensitivity")
        if getattr(point, name) not in (None, {})
    ]
    if len(given) > 1:
        raise ConfigError(
            f"{where}: operating_point has {' and '.join(given)}; the threshold is known (one of"
            " `threshold` and `thresholds`) or fixed on the validation split, so leave one"
        )
    for name in point.thresholds:
        if name not in classes:
            raise ConfigError(
                f"{where}: operating_point.thresholds names the class {name!r}, which isn't known"
                f" here; {nearest(name, classes)}"
            )
    missing = [name for name in classes if point.thresholds and name not in point.thresholds]
    if missing:
        raise ConfigError(
            f"{where}: operating_point.thresholds lacks {', '.join(missing)}; give every class one"
        )
    for value in (point.threshold, *point.thresholds.values()):
        if value is not None and not math.isfinite(value):
            raise ConfigError(f"{where}: operating_point: a threshold must be a finite number")
    if point.sensitivity is not None:
        check_between(point.sensitivity, 0.01, 1.0, "operating_point.sensitivity", where)


def _check_weights(model: ModelFile, where: str) -> None:
    made = {name: v for name, v in model.variants.items() if v.artifact is None}
    ownerless = [name for name, variant in made.items() if variant.network is None]
    if model.weights is None and ownerless:
        raise ConfigError(
            f"{where}: the variant {ownerless[0]!r} is made from the trained network, and `weights`"
            " doesn't name it; add it, or give the variant a file of its own with `artifact`"
        )
    _check_network(model.weights or "", "weights", where)
    for name, variant in made.items():
        network = variant.network or model.weights or ""
        if variant.network is not None:
            _check_network(variant.network, f"variants.{name}.network", where)
        suffix = PurePosixPath(network).suffix.lower()
        for option in sorted({*given_options(variant)} & {*TENSORFLOW_OPTIONS}):
            if suffix == ".tflite":
                raise ConfigError(
                    f"{where}: variants.{name}.{option} is for TensorFlow's converter, and variants"
                    f" of {network!r} are made by ai-edge-quantizer; remove it"
                )
        if trains(variant) and suffix != ".keras":
            raise ConfigError(
                f"{where}: variants.{name} is trained further, for which {network!r} must be"
                " a .keras; save the network as one, or leave the variant out"
            )
        if calibrates(variant) and model.data is None:
            raise ConfigError(
                f"{where}: variant {name!r} needs calibration images, and the model has no [data];"
                " declare it, or leave the variant out"
            )


def _check_network(network: str, key: str, where: str) -> None:
    """ConfigError where the file of a trained network is none that is read."""
    suffix = PurePosixPath(network).suffix.lower()
    if suffix in FOREIGN:
        raise ConfigError(
            f"{where}: {key} = {network!r} can't be read: it must be a .keras file, a"
            f" SavedModel's folder or a float .tflite; {FOREIGN[suffix]}"
        )


def _check_trained(model: ModelFile, where: str) -> None:
    """ConfigError where two variants would train into one file."""
    kept: dict[str, str] = {}
    for name, variant in model.variants.items():
        if (
            variant.weights is not None
            and (other := kept.setdefault(variant.weights, name)) != name
        ):
            raise ConfigError(
                f"{where}: variants.{other} and variants.{name} both keep what was trained in"
                f" {variant.weights!r}; give each a file of its own"
            )


def _check_reference(model: ModelFile, where: str) -> None:
    if model.reference.variant not in model.variants:
        raise ConfigError(
            f"{where}: [variants] has no {model.reference.variant!r}, the reference; add it, or"
            f" name another as [reference] variant ({', '.join(model.variants)})"
        )


def _check_data(data: DataSource | None, where: str) -> None:
    if isinstance(data, PhantomSource):
        images = data.images.values()
        if Role.EVALUATION not in data.images or min(images) < 1 or max(images) > MOST_IMAGES:
            raise ConfigError(
                f"{where}: data.images must give a number from 1 to {MOST_IMAGES:,} for"
                " 'evaluation' and every other role it names"
            )
        check_between(data.size, 16, LONGEST_SIDE, "data.size", where)
    elif isinstance(data, ImageCsvSource):
        _check_image_csv(data, where)
    elif isinstance(data, NpzSource):
        _check_classes(data.classes, "classes", where)
        if (data.url is None) != (data.sha256 is None):
            raise ConfigError(
                f"{where}: data.url and data.sha256 go together: what is downloaded is only used if"
                " its bytes are the ones meant"
            )
        if data.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", data.sha256):
            raise ConfigError(
                f"{where}: data.sha256 = {data.sha256!r} is no SHA-256: 64 digits of 0-9 and a-f"
            )
        if data.url is not None and not data.url.startswith(("https://", "http://")):
            raise ConfigError(f"{where}: data.url = {data.url!r} must begin with https://")


def _check_classes(classes: Sequence[str], key: str, where: str) -> None:
    if not classes or len(set(classes)) < len(classes) or "" in classes:
        raise ConfigError(
            f"{where}: data.{key} = {list(classes)} must name each class once, in the order of the"
            " network's scores"
        )


def _check_image_csv(data: ImageCsvSource, where: str) -> None:
    given = [name for name in ("label", "labels", "masks") if getattr(data, name)]
    if len(given) != 1:
        raise ConfigError(
            f"{where}: [data] must have one of `label`, `labels` (what is classified) and `masks`"
            f" (what is segmented), and has {' and '.join(given) or 'none'}"
        )
    if data.positive is not None and data.label is None:
        raise ConfigError(f"{where}: data.positive goes with `label`, not with `labels`")
    if data.classes:
        if data.label is None or data.positive is not None:
            raise ConfigError(
                f"{where}: data.classes goes with `label` alone: it lists the texts of that column"
                " in the order of the network's scores"
            )
        _check_classes(data.classes, "classes", where)
        if len(data.classes) == 1:
            raise ConfigError(
                f"{where}: data.classes has one class; for two, name the positive one with"
                " `positive`"
            )
    _check_classes(data.class_names, "labels", where)
    if data.patient and data.group:
        raise ConfigError(f"{where}: [data] must have `patient` or `group`, not both")


def _check_names(model: ModelFile, where: str) -> None:
    for kind, names in (("variants", model.variants), ("runtimes", model.runtimes)):
        for name in names:
            if not re.fullmatch(NAME, name):
                raise ConfigError(f"{where}: {kind}.{name!r} is no usable name: {USABLE}")
    check_runtimes(model.runtimes, where)
    if model.reference.runtime not in {*catalogue(), *model.runtimes}:
        raise ConfigError(
            f"{where}: reference.runtime = {model.reference.runtime!r} is unknown;"
            f" {nearest(model.reference.runtime, [*catalogue(), *model.runtimes])}"
        )


def _check_formats(model: ModelFile, where: str) -> None:
    """ConfigError where a variant or a runtime would silently never be judged."""
    for name, variant in model.variants.items():
        if variant.suffix not in {runtime.traits.suffix for runtime in model.runtimes.values()}:
            engine = FORMATS[variant.suffix]
            raise ConfigError(
                f"{where}: no runtime of [runtimes] takes variants.{name}, a {variant.suffix}; add"
                f' {engine} = {{ engine = "{engine}" }}'
            )
    for name, runtime in model.runtimes.items():
        if runtime.traits.suffix not in {variant.suffix for variant in model.variants.values()}:
            raise ConfigError(
                f"{where}: runtimes.{name} takes {runtime.traits.suffix} files, and no variant is"
                " one; remove it, or add such a variant"
            )


def _check_preprocess(settings: Preprocess, where: str) -> None:
    channels = MODES[settings.color][1]
    for name, values in (("mean", settings.mean), ("std", settings.std)):
        if len(values) not in (1, channels):
            raise ConfigError(
                f"{where}: preprocess.{name} has {len(values)} values, and"
                f" color = {settings.color!r} has {channels} channel(s)"
            )
    for side in settings.size:
        check_between(side, 1, LONGEST_SIDE, "preprocess.size", where)
    if not all(settings.std):
        raise ConfigError(f"{where}: preprocess.std must not be zero")
    if settings.white is not None and settings.white < 1:
        raise ConfigError(f"{where}: preprocess.white = {settings.white} must be at least 1")
    if settings.frame is not None and settings.frame < 0:
        raise ConfigError(
            f"{where}: preprocess.frame = {settings.frame} must be at least 0, the first frame"
        )


def check_co_primary(names: Sequence[ClaimName], limits: Sequence[LimitRule], where: str) -> None:
    """ConfigError where a co-primary claim that the model itself names isn't claimed."""
    if tuple(names) in co_primaries():
        return
    claimed = {rule.claim for rule in limits}
    missing = [name for name in names if name not in claimed and not TRAITS[name].of_device]
    if not names or missing:
        what = f"names {missing[0]}, and no limit is set for it" if missing else "names no claim"
        raise ConfigError(
            f"{where}: statistics.co_primary {what}; set the limit, or name other claims"
        )


def check_deviations(deviations: Sequence[Deviation], model: ModelFile, where: str) -> None:
    """ConfigError where a deviation names what the model doesn't have."""
    for deviation in deviations:
        if TRAITS[deviation.claim].of_baseline:
            raise ConfigError(
                f"{deviation.source}: {deviation.claim} compares with a baseline: accept its"
                " failure in the baselines' accepted.toml, which has a table [[accepted]] for each"
            )
        for key, value, known in (
            ("variant", deviation.variant, model.variants),
            ("runtime", deviation.runtime, {**catalogue(), **model.runtimes}),
            ("class", deviation.class_name, class_names(model.data)),
            ("architecture", deviation.cpu.architecture, ARCHITECTURES),
        ):
            if value is not None and value not in known:
                raise ConfigError(
                    f"{where}: deviation names the {key} {value!r}, which isn't known here;"
                    f" {nearest(value, known)}"
                )
        check_cpu(deviation.cpu, deviation.source)
