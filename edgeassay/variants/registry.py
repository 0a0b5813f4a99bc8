"""Which methods there are and what each needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.spec import FORMATS, VariantSpec
from edgeassay.variants.precisions import FLOAT, precisions
from edgeassay.variants.pruned import check_pruning
from edgeassay.variants.trained import check_training


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to make an artifact: the module that does it, whether it looks at images (None: where
    its precisions need them), whether inputs and outputs are integers, which further keys of a
    variant it takes.

    What has a `precision` is a recipe of that one alone. What `trains` converts weights that were
    trained further, and needs the `modules` for it. `packages` and our own modules `code` decide
    its bytes too, beside what converts every network and the module itself.
    """

    module: str
    calibrates: bool | None = False
    integer: bool = False
    options: tuple[str, ...] = ()
    precision: str | None = None
    trains: bool = False
    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    code: tuple[str, ...] = ()


# Keys of a variant that only some methods take.
TRAINED: Final = ("weights", "training", "exclude")
OPTIONS: Final = ("per_tensor_dense", "per_tensor", "others", "layers", *TRAINED)
# Those that mean something to TensorFlow's converter alone.
TENSORFLOW_OPTIONS: Final = ("per_tensor_dense", "per_tensor")
RECIPE: Final = "edgeassay.variants.recipe"


ONE_PIECE: Final = "edgeassay.variants.one_piece"
CODE: Final = (
    ONE_PIECE,
    "edgeassay.variants.precisions",
    "edgeassay.variants.signature",
    "edgeassay.variants.support",
    "edgeassay.tflite_file",
)


def _recipe(options: tuple[str, ...] = ("layers",), **traits: Any) -> Method:
    """A method that gives layers their precisions, by ai-edge-quantizer. Whether it looks at images
    is for the precisions to say.
    """
    packages = ("ai-edge-quantizer", "ai-edge-litert")
    return Method(
        module=RECIPE,
        calibrates=None,
        packages=packages,
        code=("edgeassay.variants.fp32", *CODE),
        options=options,
        **traits,
    )


METHODS: Final[Mapping[str, Method]] = {
    "fp32": Method(module="edgeassay.variants.fp32"),
    "drq": Method(
        module="edgeassay.variants.drq", options=("per_tensor_dense",), code=(RECIPE, *CODE)
    ),
    "fp16": Method(module="edgeassay.variants.fp16", code=(ONE_PIECE,)),
    "int8": Method(
        module="edgeassay.variants.int8",
        calibrates=True,
        integer=True,
        options=("per_tensor",),
        code=(RECIPE, *CODE),
    ),
    "int8-qat": Method(
        module="edgeassay.variants.int8_qat",
        integer=True,
        options=("per_tensor", *TRAINED),
        trains=True,
        modules=("tf_keras", "tensorflow_model_optimization"),
        packages=("tf-keras", "tensorflow-model-optimization"),
        code=(
            "edgeassay.variants.fake_quantized",
            "edgeassay.variants.rebuilding",
            "edgeassay.variants.trained",
        ),
    ),
    "int16x8": _recipe(integer=True, precision="int16x8"),
    "w8": _recipe(precision="w8"),
    "w4": _recipe(precision="w4"),
    "w4a8": _recipe(integer=True, precision="w4a8"),
    "mixed": _recipe(("others", "layers")),
}


def method_of(variant: VariantSpec) -> Method | None:
    """The method that makes a variant; None for an artifact from elsewhere."""
    return None if variant.method is None else METHODS[variant.method]


def given_options(variant: VariantSpec) -> dict[str, Any]:
    """What a variant's declaration asks of its method beside the usual."""
    given = {name: getattr(variant, name) for name in OPTIONS}
    return {name: value for name, value in given.items() if value}


def options_of(variant: VariantSpec) -> dict[str, Any]:
    """What a variant's method is told beside the usual."""
    method = method_of(variant)
    told = {name: value for name, value in given_options(variant).items() if name != "training"}
    if method is None or method.module != RECIPE:
        return told
    return {"others": method.precision or FLOAT, "integer": method.integer} | told


def trains(variant: VariantSpec) -> bool:
    """Whether a variant's method trains the network further; an unknown one doesn't."""
    method = METHODS.get(variant.method or "")
    return method is not None and method.trains


def calibrates(variant: VariantSpec) -> bool:
    """Whether a variant's method looks at images; an unknown one doesn't."""
    method = METHODS.get(variant.method or "")
    if method is None or method.calibrates is not None:
        return bool(method and method.calibrates)
    named = {*variant.layers.values(), variant.others or method.precision or FLOAT}
    known = precisions()
    return any(name in known and known[name].calibrates for name in named)


def check_variant(variant: VariantSpec, where: str, name: str | None = None) -> None:
    """ConfigError where it isn't declared how to come by the variant, or not as it must be. `name`
    is its name in [variants]; None where it has the file for itself.
    """
    own = name is None
    key = f"{where}: " if own else f"{where}: variants.{name}."
    if (variant.method is None) == (variant.artifact is None):
        raise ConfigError(
            f"{where if own else key[:-1]} must have either `method` (how it is made from the"
            " weights) or `artifact` (the .tflite or .onnx that it is)"
        )
    _check_files(variant, key)
    if variant.method is not None and variant.method not in METHODS:
        raise ConfigError(
            f"{key}method = {variant.method!r} is unknown; known: {', '.join(METHODS)}"
        )
    _check_options(variant, key)
    if trains(variant):
        check_training(variant, key)
    if variant.method is None:
        return
    looks = calibrates(variant)
    if looks != (variant.calibration_images > 0) or variant.calibration_images < 0:
        wants = "needs a positive number of" if looks else "uses no"
        raise ConfigError(
            f"{key}calibration_images = {variant.calibration_images}, and method"
            f" {variant.method!r} {wants} calibration images"
        )


def _check_files(variant: VariantSpec, key: str) -> None:
    """ConfigError where a file that a variant names can't be one of its kind."""
    if variant.artifact is not None:
        if variant.suffix not in FORMATS:
            raise ConfigError(
                f"{key}artifact = {variant.artifact!r} must be a {' or a '.join(FORMATS)}"
            )
        for option in ("calibration_images", "network", "pruning"):
            if getattr(variant, option):
                raise ConfigError(f"{key}{option} goes with `method`: remove it")
    path = PurePosixPath(variant.network or "network")
    if path.is_absolute() or ".." in path.parts:
        raise ConfigError(
            f"{key}network = {variant.network!r} must be a trained network in the model's folder"
        )
    check_pruning(variant, key)
    if variant.sha256 is not None and (
        variant.artifact is None or not re.fullmatch("[0-9a-f]{64}", variant.sha256)
    ):
        raise ConfigError(
            f"{key}sha256 = {variant.sha256!r} must be the SHA-256 of `artifact`: 64 digits of 0-9"
            " and a-f"
        )


def _check_options(variant: VariantSpec, key: str) -> None:
    """ConfigError where a variant has a key that means nothing to its method."""
    for name in given_options(variant):
        takers = [method for method, known in METHODS.items() if name in known.options]
        if variant.method not in takers:
            raise ConfigError(
                f"{key}{name} goes with method {' or '.join(map(repr, takers))} alone: remove it"
            )
    if variant.method == "mixed" and not given_options(variant):
        raise ConfigError(
            f"{key}method = 'mixed' names no precision; say by `layers` or `others` what becomes of"
            " which layers"
        )
    used = {"others": variant.others, **{f"layers.{k}": v for k, v in variant.layers.items()}}
    for name, precision in used.items():
        if precision is not None and precision not in precisions():
            raise ConfigError(
                f"{key}{name} = {precision!r} is no precision; known: {', '.join(precisions())}"
            )
