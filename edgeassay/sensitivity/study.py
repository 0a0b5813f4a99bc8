"""What a study of a network's layers has found, and what it says in words."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass

from edgeassay.sensitivity.measuring import LayerSensitivity, order
from edgeassay.spec import Kind, Limit, Measurement


@dataclass(frozen=True, kw_only=True)
class Study:
    """Every layer in every precision, and what they were held against.

    `images` were run of the `split_images` that the validation split has; `calibration_images` gave
    the ranges of activations. `auc` is the float network's, None where no class has one; `limit`
    what the model allows the mean AUC to drop by. `reused` counts the variants whose outputs an
    earlier run had kept.
    """

    model: str
    runtime: str
    device: str
    kind: Kind
    images: int
    split_images: int
    calibration_images: int
    float_bytes: int
    float_sha256: str
    auc: Measurement | None
    limit: Limit | None
    found: tuple[LayerSensitivity, ...]
    reused: int

    @property
    def precisions(self) -> tuple[str, ...]:
        """Those that were asked for, in that order."""
        return tuple(dict.fromkeys(one.precision for one in self.found))

    def of(self, precision: str) -> list[LayerSensitivity]:
        """All layers in a precision, in the network's order."""
        return [one for one in self.found if one.precision == precision]

    def worst_first(self, precision: str) -> list[LayerSensitivity]:
        """The measured layers of a precision, from the most sensitive on."""
        return list(reversed(order(self.found, precision)))

    def is_beyond(self, one: LayerSensitivity) -> bool:
        """Whether this layer alone costs more of the mean AUC than the model allows."""
        if self.limit is None or one.auc_drop is None:
            return False
        return one.auc_drop.value > self.limit.value


def heading(study: Study, precision: str) -> str:
    """How many layers were measured, and how they lie."""
    every, measured = study.of(precision), study.worst_first(precision)
    if not measured:
        return f"{precision}: none of {len(every)} layers could be measured"
    median = statistics.median(one.snr_db for one in measured if one.snr_db is not None)
    worst = measured[0]
    return (
        f"{precision}: {len(measured)} of {len(every)} layers; median {decibels(median)} dB, least"
        f" {decibels(worst.snr_db)} dB ({worst.layer})"
    )


def left_out(study: Study, precision: str) -> list[str]:
    """Why layers of a precision have no numbers, those alike together."""
    reasons = Counter(
        re.sub(rf"\b{re.escape(one.variant)}\b", precision, one.reason)
        for one in study.of(precision)
        if one.reason is not None
    )
    return [f"{count} not measured: {reason}" for reason, count in reasons.items()]


def notes(study: Study) -> list[str]:
    """What the numbers are, and what they aren't."""
    of_all = "" if study.images == study.split_images else f" of {study.split_images:,}"
    lines = [
        f"{study.images:,}{of_all} validation images on {study.runtime} ({study.device},"
        f" {study.kind}); each layer alone in its precision, all else float",
        "SNR: power of the float network's scores by that of the differences; weights: the same of"
        " the layer's own weights; bounds one-sided, of many looks at the same images",
    ]
    if study.limit is not None and any(map(study.is_beyond, study.found)):
        lines.append(
            f"* drops by more than {study.limit.value:g}, which {study.limit.source} allows"
        )
    lines.append("effects of layers together don't add up: judge a recipe as a whole")
    if study.reused:
        measured = sum(one.snr_db is not None for one in study.found)
        lines.append(f"outputs of {study.reused} of {measured} were kept by an earlier run")
    return lines


def cut(name: str, most: int) -> str:
    """A name with its middle left out where it is longer: both ends tell layers apart."""
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}…{name[len(name) - (most - most // 2 - 1) :]}"


def decibels(value: float | None) -> str:
    """A ratio in dB, to a tenth."""
    if value is None:
        return "-"
    return f"{value:.1f}" if abs(value) < float("inf") else "inf" if value > 0 else "-inf"
