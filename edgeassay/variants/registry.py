"""Which methods there are and what each needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import ConfigError
from edgeassay.spec import VariantSpec


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


def check_variant(name: str, variant: VariantSpec, where: str) -> None:
    """ConfigError where the method is unknown or its calibration isn't declared as it must be."""
    method = METHODS.get(variant.method)
    if method is None:
        raise ConfigError(
            f"{where}: variants.{name}.method = {variant.method!r} is unknown;"
            f" known: {', '.join(METHODS)}"
        )
    if method.calibrates != (variant.calibration_images > 0) or variant.calibration_images < 0:
        wants = "needs a positive number of" if method.calibrates else "uses no"
        raise ConfigError(
            f"{where}: variants.{name}.calibration_images = {variant.calibration_images}, and"
            f" method {variant.method!r} {wants} calibration images"
        )
