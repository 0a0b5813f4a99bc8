"""Which variants are tried: those that the model declares, and the standard methods beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgeassay.advising.candidates import LeftOut, Reason
from edgeassay.advising.subject import Subject
from edgeassay.converter import source_kind
from edgeassay.datasets import OpenData
from edgeassay.errors import Absent
from edgeassay.spec import Role, RuntimeSpec, VariantSpec
from edgeassay.variants import METHODS, calibrates

# What can be made of any float network, the usual ones first.
STANDARD: Final = ("drq", "fp16", "int8", "w8", "w4", "w4a8", "int16x8")
# What needs more than the network.
TRAINED: Final = ("int8-qat",)
SEARCHED: Final = "mixed"


@dataclass(frozen=True, kw_only=True)
class Offers:
    """The variants to try by name, the reference among them, and what is left out."""

    variants: Mapping[str, VariantSpec]
    left_out: tuple[LeftOut, ...]


def offers(
    subject: Subject,
    runtime: RuntimeSpec,
    runtime_id: str,
    *,
    open_data: OpenData,
    most_images: int,
) -> Offers:
    """What is tried of a model on a runtime."""
    model = subject.model
    tried: dict[str, VariantSpec] = {}
    left: list[LeftOut] = []
    for name, variant in model.variants.items():
        if variant.suffix != runtime.traits.suffix:
            other = f"it is a {variant.suffix} file, which {runtime_id} doesn't take"
            left.append(LeftOut(name=name, reason=Reason.NOT_TRIED, words=other))
        else:
            tried[name] = variant
    images, lacking = _calibration(subject, open_data, most_images)
    for name in STANDARD:
        if any(variant.method == name for variant in model.variants.values()):
            continue
        calibrating = calibrates(VariantSpec(method=name))
        words = _unable(subject, name) or (lacking if calibrating else None)
        if words is not None:
            left.append(LeftOut(name=name, reason=Reason.NOT_TRIED, words=words))
        else:
            tried[name] = VariantSpec(method=name, calibration_images=images if calibrating else 0)
    return Offers(variants=tried, left_out=(*left, *_further(subject)))


def _unable(subject: Subject, name: str) -> str | None:
    """Why a standard method can't be used at all."""
    model = subject.model
    if name in model.variants:
        return "the model has another variant of this name"
    if model.weights is None:
        return (
            f"{model.file} names no float network to make it of; give it as `weights`, or a float"
            " .tflite as the reference"
        )
    return None


def _calibration(subject: Subject, open_data: OpenData, most: int) -> tuple[int, str | None]:
    """How many images calibrate, and why none can."""
    model = subject.model
    if model.data is None:
        remedy = "--data-of ID takes a declared model's" if subject.file else "declare it"
        return 0, f"calibrated on images, and there is no [data]; {remedy}"
    try:
        dataset = open_data(model.data, decoding=model.decoding)
        split = dataset.splits.get(Role.CALIBRATION)
    except Absent as error:
        return 0, f"calibrated on images: {error}"
    if split is None:
        return 0, f"calibrated on images, and {dataset.where} has no calibration split"
    declared = [v.calibration_images for v in model.variants.values() if v.calibration_images]
    return min(declared[0] if declared else most, len(split)), None


def _further(subject: Subject) -> list[LeftOut]:
    """What is made by more than a conversion, and how to come by it."""
    model = subject.model
    made = {variant.method for variant in model.variants.values()}
    found = []
    for name in (n for n in TRAINED if n not in made):
        words = "trained, and no trained weights are declared; docs/models.md says how"
        if model.weights is None or source_kind(model.weights) == "tflite":
            words = "trained, for which it takes the network as .keras and its training images"
        found.append(LeftOut(name=name, reason=Reason.NOT_TRIED, words=words))
    if SEARCHED not in made and SEARCHED in METHODS:
        words = "searched layer by layer, and none is declared"
        found.append(LeftOut(name=SEARCHED, reason=Reason.NOT_TRIED, words=words))
    return found
