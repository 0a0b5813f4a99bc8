"""Which methods there are and what each needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.spec import FORMATS, VariantSpec


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to make an artifact: the module that does it, whether it looks at images, whether
    inputs and outputs are integers, and which further keys of a variant it takes.
    """

    module: str
    calibrates: bool = False
    integer: bool = False
    options: tuple[str, ...] = ()


# Keys of a variant that only some methods take, from a trained network.
OPTIONS: Final = ("per_tensor_dense",)


METHODS: Final[Mapping[str, Method]] = {
    "fp32": Method(module="edgeassay.variants.fp32"),
    "drq": Method(module="edgeassay.variants.drq", options=("per_tensor_dense",)),
    "fp16": Method(module="edgeassay.variants.fp16"),
    "int8": Method(module="edgeassay.variants.int8", calibrates=True, integer=True),
}


def method_of(variant: VariantSpec) -> Method | None:
    """The method that makes a variant; None for an artifact from elsewhere."""
    return None if variant.method is None else METHODS[variant.method]


def options_of(variant: VariantSpec) -> dict[str, Any]:
    """What a variant asks of its method beside the usual."""
    given = {name: getattr(variant, name) for name in OPTIONS}
    return {name: value for name, value in given.items() if value}


def check_variant(name: str, variant: VariantSpec, where: str) -> None:
    """ConfigError where it isn't declared how to come by the variant, or not as it must be."""
    key = f"{where}: variants.{name}"
    if (variant.method is None) == (variant.artifact is None):
        raise ConfigError(
            f"{key} must have either `method` (how it is made from the weights) or `artifact` (the"
            " .tflite or .onnx that it is)"
        )
    if variant.artifact is not None:
        if variant.suffix not in FORMATS:
            raise ConfigError(
                f"{key}.artifact = {variant.artifact!r} must be a {' or a '.join(FORMATS)}"
            )
        if variant.calibration_images:
            raise ConfigError(f"{key}.calibration_images goes with `method`: remove it")
    if variant.sha256 is not None and (
        variant.artifact is None or not re.fullmatch("[0-9a-f]{64}", variant.sha256)
    ):
        raise ConfigError(
            f"{key}.sha256 = {variant.sha256!r} must be the SHA-256 of `artifact`: 64 digits of 0-9"
            " and a-f"
        )
    _check_options(variant, key)
    if variant.method is None:
        return
    method = METHODS.get(variant.method)
    if method is None:
        raise ConfigError(
            f"{key}.method = {variant.method!r} is unknown; known: {', '.join(METHODS)}"
        )
    if method.calibrates != (variant.calibration_images > 0) or variant.calibration_images < 0:
        wants = "needs a positive number of" if method.calibrates else "uses no"
        raise ConfigError(
            f"{key}.calibration_images = {variant.calibration_images}, and method"
            f" {variant.method!r} {wants} calibration images"
        )


def _check_options(variant: VariantSpec, key: str) -> None:
    """ConfigError where a variant has a key that means nothing to its method."""
    for name in options_of(variant):
        takers = [method for method, known in METHODS.items() if name in known.options]
        if variant.method not in takers:
            raise ConfigError(
                f"{key}.{name} goes with method {' or '.join(map(repr, takers))} alone: remove it"
            )
