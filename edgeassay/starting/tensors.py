"""What an artifact takes and gives, learnt in a worker: a corrupt file may crash the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from edgeassay.errors import ConfigError, MeasurementError
from edgeassay.measure.fit import IMAGE_RANK
from edgeassay.measure.random_inputs import random_rows
from edgeassay.spec import FORMATS, InputShapes, RandomInputs, RuntimeSpec
from edgeassay.workers import TensorSpec, Worker

# Starts a worker of a runtime, to serve what is named.
Start: TypeAlias = Callable[[RuntimeSpec, str], Worker]

COMMAND: Final = ("{python}",)
TIMEOUT_S: Final = 120.0  # far more than loading takes: past it the worker hangs

COLORS: Final = {1: "grey", 3: "rgb"}
LEAST_SIDE: Final = 8  # fewer pixels a side are no image


@dataclass(frozen=True, kw_only=True)
class Tensors:
    """An artifact's inputs and outputs."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def all_float(self) -> bool:
        """Whether it takes and gives floats alone."""
        return all(t.dtype.kind == "f" for t in (*self.inputs, *self.outputs))


@dataclass(frozen=True, kw_only=True)
class ImageGuess:
    """An input that looks like an image, in the words of [preprocess]."""

    color: str
    size: tuple[int, int]
    channels: str


def own_worker(runtime: RuntimeSpec, label: str) -> Worker:
    """A worker in this very Python."""
    return Worker(COMMAND, runtime.engine, label=label, timeout_s=TIMEOUT_S)


def inspect(path: Path, label: str, shapes: InputShapes, start: Start = own_worker) -> Tensors:
    """Load an artifact and run it once on random inputs, in a worker of what usually runs it;
    `shapes` is what its inputs are given whose sizes it leaves open.

    ArtifactError, WorkerError or ConfigError, each with `label`, where that can't be done; Absent
    where that runtime isn't here.
    """
    runtime = RuntimeSpec(engine=FORMATS[path.suffix])
    with start(runtime, label) as worker:
        loaded = worker.load(path, runtime, "artifact", label, shapes)
        try:
            rows = random_rows(loaded, RandomInputs(rows=1), 0)
        except MeasurementError as error:
            raise ConfigError(f"{label}: {error}") from None
        for tensor in loaded.outputs:
            if tensor.dtype.kind not in "biufc":
                raise ConfigError(
                    f"{label}: its output {tensor.name!r} is {tensor.holds}, and outputs must be"
                    " numbers; move what makes it out of the network"
                )
        worker.run(loaded, rows, repeatable=False)
    return Tensors(inputs=loaded.inputs, outputs=loaded.outputs)


def plain_integer(tensor: TensorSpec) -> bool:
    """Whether it takes whole numbers that stand for nothing else: indices, flags, raw pixels."""
    return tensor.scale == 0.0 and tensor.dtype.kind in "iub"


def guess_image(tensor: TensorSpec) -> ImageGuess | None:
    """How [preprocess] would make this input; None where it doesn't look like an image."""
    if len(tensor.shape) != IMAGE_RANK or tensor.shape[0] != 1:
        return None
    _, first, second, last = tensor.shape
    layouts = (("last", last, (first, second)), ("first", first, (second, last)))
    for channels, number, size in layouts:
        if number in COLORS and min(size) >= LEAST_SIDE:
            return ImageGuess(color=COLORS[number], size=size, channels=channels)
    return None
