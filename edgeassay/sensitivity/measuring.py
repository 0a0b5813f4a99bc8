"""What becomes of a network where one layer alone is quantized: measured, layer by layer.

The order that it gives is phase 1 of Pandey et al., A Practical Mixed Precision Algorithm for
Post-Training Quantization, 2023 (arXiv:2302.05397): a layer hurts by the noise that it alone brings
into the network's outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Final

from edgeassay.config import choose
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    ConfigError,
    DataError,
    MeasurementError,
    WorkerError,
)
from edgeassay.progress import Reporter
from edgeassay.spec import Measurement, Role, VariantSpec
from edgeassay.stats.snr import snr_db
from edgeassay.tflite_file import Operator
from edgeassay.tflite_weights import Weights, read_weights
from edgeassay.trials import WHOLE, Trials
from edgeassay.variants.precisions import FLOAT, precisions
from edgeassay.variants.support import supports

# Made by one converter process, and on the disk at once.
AT_ONCE: Final = 16
STORED: Final = {4: "INT4", 8: "INT8"}


@dataclass(frozen=True, kw_only=True)
class LayerSensitivity:
    """One layer in one precision, and all else float.

    `place` is its place among the network's layers, from 0. `snr_db` is the signal-to-noise ratio
    of the network's outputs, the float network's being the signal: infinite where no output
    differs. `weight_snr_db` is that of the layer's own weights. `auc_drop` is what it does to the
    mean AUC; None where no class has one. `saved_bytes` is by how much the file is smaller than the
    float network's. Without an `snr_db` nothing is known, and `reason` says why: the quantizer has
    no such form of the layer, or the runtime doesn't take it.
    """

    layer: str
    place: int
    kind: str
    weights: int
    macs: int
    precision: str
    snr_db: float | None = None
    weight_snr_db: float | None = None
    auc_drop: Measurement | None = None
    saved_bytes: int | None = None
    reason: str | None = None

    @property
    def variant(self) -> str:
        """What the network with this layer quantized is called among what is tried."""
        return f"{self.precision}-{self.place:03d}"


def order(
    found: Sequence[LayerSensitivity], precision: str | None = None
) -> tuple[LayerSensitivity, ...]:
    """What was measured, of a precision or of all, from the least sensitive layer to the most: by
    falling signal-to-noise ratio, and in the network's order where it is the same. What wasn't
    measured isn't in it.
    """
    chosen = [one for one in found if precision is None or one.precision == precision]
    measured = [(-one.snr_db, one.place, one) for one in chosen if one.snr_db is not None]
    return tuple(one for _, _, one in sorted(measured, key=lambda key: key[:2]))


def measure(
    trials: Trials, wanted: Sequence[str], report: Reporter
) -> tuple[LayerSensitivity, ...]:
    """Every layer in every wanted precision, precision by precision in the network's order.

    What an earlier run looked at costs no inference again. ConfigError where a precision is unknown
    or the network has no layers or no data, DataError where that has no validation split; Absent
    where it isn't on this machine.
    """
    names, layers = quantizing(wanted), trials.graph.layers
    if not layers:
        raise ConfigError(
            f"{trials.declared.file}: the network has no layer with weights, so there is nothing to"
            " quantize in it"
        )
    check_data(trials)
    trials.compared(WHOLE)  # what all else is held against
    floats = read_weights(trials.artifact(WHOLE).path, range(len(layers)))
    images = trials.calibration_images(names)
    asked = [_asked(layer, place, name) for name in names for place, layer in enumerate(layers)]
    found = {one.variant: replace(one, reason=_no_form(one)) for one in asked}
    possible = [one for one in found.values() if one.reason is None]
    for start in range(0, len(possible), AT_ONCE):
        batch = possible[start : start + AT_ONCE]
        trials.add({one.variant: _alone(one, images) for one in batch})
        label = f"layers quantized alone, {start + 1} to {start + len(batch)} of {len(possible)}"
        with report(label, len(batch)) as advance:
            trials.prepare([one.variant for one in batch])
            for one in batch:
                found[one.variant] = _looked_at(one, trials, floats[one.place])
                trials.discard(one.variant)
                advance(1)
    return tuple(found.values())


def quantizing(wanted: Sequence[str]) -> list[str]:
    """The wanted precisions, each once; ConfigError where one is unknown, or leaves all float."""
    known = [name for name, precision in precisions().items() if precision.weights is not None]
    choose("precision", wanted, known)
    return list(dict.fromkeys(wanted))


def check_data(trials: Trials) -> None:
    """ConfigError or DataError where there is nothing to look at the layers on."""
    declared = trials.declared
    if declared.data is None:
        raise ConfigError(
            f"{declared.file} has no [data], and which layers hurt shows on images alone: declare"
            " it, with a validation split"
        )
    dataset = trials.rig.dataset(declared)
    if Role.VALIDATION not in dataset.splits:
        raise DataError(
            f"{declared.file}: {dataset.where} has no validation split, and nothing may be chosen"
            " on the test split: declare it under [data.splits]"
        )


def _asked(layer: Operator, place: int, precision: str) -> LayerSensitivity:
    """What is to be looked at."""
    return LayerSensitivity(
        layer=layer.name,
        place=place,
        kind=layer.kind,
        weights=layer.weights,
        macs=layer.macs,
        precision=precision,
    )


def _no_form(one: LayerSensitivity) -> str | None:
    """Why a layer can't be quantized so at all; None where it can. Asked beforehand, since each
    failed conversion takes its process with it.
    """
    if find_spec("ai_edge_quantizer") is None or supports(one.kind, one.precision):
        return None  # without the quantizer, whoever builds says so
    return f"ai-edge-quantizer has no {one.precision} for {one.kind}"


def _alone(one: LayerSensitivity, images: int) -> VariantSpec:
    """The network with one layer in a precision, calibrated by so many images if need be."""
    return VariantSpec(
        method="mixed",
        others=FLOAT,
        layers={one.layer: one.precision},
        calibration_images=images if precisions()[one.precision].calibrates else 0,
    )


def _looked_at(one: LayerSensitivity, trials: Trials, whole: Weights) -> LayerSensitivity:
    """With what its variant shows, or why it shows nothing."""
    try:
        artifact = trials.artifact(one.variant)
        kept = read_weights(artifact.path, [one.place])[0]
    except (ArtifactError, BuildFailed) as error:
        return replace(one, reason=str(error))
    bits = precisions()[one.precision].weights
    if kept.type != STORED.get(bits or 0):
        does = "leaves it float" if kept.type == "FLOAT32" else f"makes its weights {kept.type}"
        words = f"ai-edge-quantizer has no {one.precision} for {one.kind}, and {does}"
        return replace(one, reason=words)
    one = replace(
        one,
        weight_snr_db=snr_db(whole.values, kept.values),
        saved_bytes=trials.artifact(WHOLE).size_bytes - artifact.size_bytes,
    )
    try:
        compared = trials.compared(one.variant)
    except (ArtifactError, MeasurementError, WorkerError) as error:
        return replace(one, reason=str(error))
    return replace(
        one,
        snr_db=snr_db(compared.reference, compared.candidate),
        auc_drop=_auc_drop(trials, one.variant),
    )


def _auc_drop(trials: Trials, variant: str) -> Measurement | None:
    limit = trials.margin()
    try:
        return trials.drop(variant, 0.0 if limit is None else limit.value)
    except Absent:  # the outputs are there: no class has both positive and negative images
        return None
