"""Which methods there are and what each needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import ConfigError
from edgeassay.spec import FORMATS, VariantSpec


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to make an artifact: the module that does it, whether it looks at images, and whether
    inputs and outputs are integers.
    """

    module: str
    calibrates: bool = False
    integer: bool = False


METHODS: Final[Mapping[str, Method]] = {
    "fp32": Method(module="edgeassay.variants.fp32"),
    "drq": Method(module="edgeassay.variants.drq"),
    "fp16": Method(module="edgeassay.variants.fp16"),
    "int8": Method(module="edgeassay.variants.int8", calibrates=True, integer=True),
}


def method_of(variant: VariantSpec) -> Method | None:
    """The method that makes a variant; None for an artifact from elsewhere."""
    return None if variant.method is None else METHODS[variant.method]


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
