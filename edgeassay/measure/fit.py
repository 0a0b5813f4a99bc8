"""Whether a loaded artifact is the one meant, and fits what it is to be given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from edgeassay.artifacts import Artifact
from edgeassay.errors import ArtifactError, MeasurementError
from edgeassay.preprocess import fits, input_shape
from edgeassay.spec import Preprocess, RuntimeSpec, Task
from edgeassay.worker.sizes import told
from edgeassay.workers import Loaded, TensorSpec, Worker

Shapes: TypeAlias = list[tuple[int, ...]]

IMAGE_RANK: Final = 4  # batch, and height, width and channels in either order
KINDS: Final = {
    Task.CLASSIFICATION: "an image classifier",
    Task.SEGMENTATION: "a network that segments",
}
GIVES: Final = {Task.CLASSIFICATION: "a score for", Task.SEGMENTATION: "a plane of pixels for"}


def load_artifact(
    worker: Worker, artifact: Artifact, runtime: RuntimeSpec, handle: str = "candidate"
) -> Loaded:
    """Load an artifact in a worker as it is to be judged: its signature, and the shapes of inputs
    that it leaves open. ArtifactError if the runtime refuses it, or ran other bytes.
    """
    loaded = worker.load(
        artifact.path,
        runtime,
        handle,
        artifact.label,
        artifact.shapes,
        signature=artifact.signature,
    )
    check_ran(artifact, loaded)
    return loaded


def check_ran(artifact: Artifact, loaded: Loaded) -> None:
    """ArtifactError where the worker ran other bytes than the artifact's."""
    if loaded.sha256 != artifact.sha256:
        raise ArtifactError(
            f"{artifact.label}: the worker loaded bytes with SHA-256 {loaded.sha256[:12]}…, and the"
            f" artifact has {artifact.sha256[:12]}…; it was changed while the run went on"
        )


def check_fits(
    loaded: Loaded,
    settings: Preprocess,
    classes: int,
    model_file: str,
    task: Task = Task.CLASSIFICATION,
) -> None:
    """MeasurementError where the artifact's tensors don't fit the declared images and classes."""
    if len(loaded.inputs) != 1 or len(loaded.outputs) != 1:
        raise MeasurementError(
            f"{loaded.label} has {len(loaded.inputs)} inputs and {len(loaded.outputs)} outputs;"
            f" {KINDS[task]} has one of each"
        )
    _check_input(loaded, settings, model_file)
    _check_output(loaded, settings, classes, model_file, task)


def _check_input(loaded: Loaded, settings: Preprocess, model_file: str) -> None:
    wanted, given = loaded.inputs[0].shape, (1, *input_shape(settings))
    if not fits(settings, wanted):
        raise MeasurementError(
            f"{loaded.label} takes an input of shape {told(wanted)}, and [preprocess] in"
            f" {model_file} makes {told(given)}; make size, color and channels agree"
        )
    taken = loaded.inputs[0]
    if taken.dtype.kind in "iu" and taken.scale == 0.0 and np.ptp(settings.scale) <= 1.0:
        raise MeasurementError(
            f"{loaded.label} takes {taken.dtype} numbers without a scale, so plain pixels, and"
            f" [preprocess] in {model_file} maps them to {list(settings.scale)}; set scale to"
            " [0.0, 255.0], or whatever its maker says"
        )


def _check_output(
    loaded: Loaded, settings: Preprocess, classes: int, model_file: str, task: Task
) -> None:
    if not loaded.outputs[0].is_fixed:
        raise MeasurementError(
            f"{loaded.label} gives outputs of another size each time, and {KINDS[task]}"
            f" {GIVES[task]} each of its {classes} classes; leave [data] out of {model_file}"
        )
    if task is Task.SEGMENTATION:
        if mask_axes(loaded.outputs[0].shape, classes, settings.size) is None:
            raise MeasurementError(
                f"{loaded.label} gives outputs of shape {told(loaded.outputs[0].shape)}, and"
                f" `masks` of [data] in {model_file} names {classes} class(es): a network that"
                " segments has one output a pixel and class, 1xHEIGHTxWIDTHxCLASSES or"
                " 1xCLASSESxHEIGHTxWIDTH; make them agree"
            )
        return
    scores = int(np.prod(loaded.outputs[0].shape))
    if scores != classes:
        raise MeasurementError(
            f"{loaded.label} gives {scores} scores an image, and [data] in {model_file} has"
            f" {classes} classes; make them agree"
        )


def mask_axes(
    shape: tuple[int, ...], classes: int, size: tuple[int, int]
) -> tuple[int, int, int | None] | None:
    """Which axes of an output (batch first) are an image's height, width and classes, of which one
    class may have no axis; None where they are no planes of pixels.

    Where both orders fit, it is the one whose sides are those of the input, or channels come last.
    """
    if len(shape) == IMAGE_RANK - 1 and classes == 1:
        orders: list[tuple[int, int, int | None]] = [(1, 2, None)]
    elif len(shape) == IMAGE_RANK:
        orders = [order for order in ((1, 2, 3), (2, 3, 1)) if shape[order[2]] == classes]
    else:
        return None
    flat = [o for o in orders if shape[0] == 1 and min(shape[o[0]], shape[o[1]]) > 1]
    same = [o for o in flat if (shape[o[0]], shape[o[1]]) == size]
    return next(iter([*same, *flat]), None)


class Shaped(Protocol):
    """What takes and gives tensors."""

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """The tensors that it takes."""

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        """The tensors that it gives."""


def other_shapes(first: Shaped, second: Shaped) -> Iterator[tuple[str, Shapes, Shapes]]:
    """The sides, "inputs" and "outputs", on which two have other shapes, with both's shapes; that
    one has its channels elsewhere makes no difference.
    """
    sides = (
        ("inputs", first.inputs, second.inputs),
        ("outputs", first.outputs, second.outputs),
    )
    for side, *both in sides:
        one, two = (sorted(tensor.shape for tensor in tensors) for tensors in both)
        if sorted(map(_anyhow, one)) != sorted(map(_anyhow, two)):
            yield side, one, two


def _anyhow(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The same for NHWC and NCHW, in which forms of one network may differ."""
    if len(shape) != IMAGE_RANK:
        return shape
    batch, a, b, c = shape
    return (batch, *min((a, b, c), (b, c, a), (c, a, b)))


def other_signatures(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """That two files' judged graphs have other names, in words, by the facts of both, where one
    file has several signatures; None where they don't.
    """
    names = [facts.get("signatures", {}).get("judged") for facts in (first, second)]
    if None in names or names[0] == names[1]:
        return None
    return (
        f"the main graph of the one is its signature {names[0]!r}, and that of the other"
        f" {names[1]!r}; name one with `signature` in model.toml, or with --signature"
    )


def check_alike(candidate: Loaded, reference: Loaded) -> None:
    """MeasurementError where two artifacts take or give other shapes: a ratio of their times would
    compare two networks.
    """
    for side, one, two in other_shapes(candidate, reference):
        raise MeasurementError(
            f"{candidate.label} and {reference.label} are no forms of one network: their {side}"
            f" have the shapes {', '.join(map(told, one))} and {', '.join(map(told, two))};"
            " declare files of the same network"
        )


def check_same_graph(candidate: Loaded, reference: Loaded) -> None:
    """MeasurementError where the judged graphs of two artifacts have other names."""
    if (words := other_signatures(candidate.facts, reference.facts)) is not None:
        raise MeasurementError(f"{candidate.label} and {reference.label}: {words}")


def check_integer(loaded: Loaded) -> None:
    """MeasurementError where an artifact of an integer method takes or gives other numbers."""
    for tensor in (*loaded.inputs, *loaded.outputs):
        if tensor.dtype.kind not in "iu" or tensor.scale == 0.0:
            raise MeasurementError(
                f"{loaded.label} is declared as an integer artifact, and its tensor"
                f" {tensor.name!r} is {tensor.dtype} with scale {tensor.scale:g}; build it again"
            )
