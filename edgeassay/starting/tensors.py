"""What an artifact takes and gives, learnt in a worker: a corrupt file may crash the runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from edgeassay.errors import ConfigError, MeasurementError
from edgeassay.measure.fit import IMAGE_RANK
from edgeassay.measure.random_inputs import random_rows
from edgeassay.spec import FORMATS, InputShapes, RandomInputs, RuntimeSpec
from edgeassay.tflite_signatures import FileEnds, FileTensor, read_graphs
from edgeassay.worker.engine import Refused
from edgeassay.worker.sizes import sized, told
from edgeassay.workers import Loaded, TensorSpec, Worker, signature_facts

# Starts a worker of a runtime, to serve what is named.
Start: TypeAlias = Callable[[RuntimeSpec, str], Worker]

COMMAND: Final = ("{python}",)
TIMEOUT_S: Final = 120.0  # far more than loading takes: past it the worker hangs

COLORS: Final = {1: "grey", 3: "rgb"}
LEAST_SIDE: Final = 8  # fewer pixels a side are no image


@dataclass(frozen=True, kw_only=True)
class Tensors:
    """An artifact's inputs and outputs. `facts` are what is known of its graphs, `arguments` what
    its signature calls the tensors, by their names, and `others` are the ends of the signatures
    that aren't judged, by name.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, FileEnds] = field(default_factory=dict)

    @property
    def all_float(self) -> bool:
        """Whether it takes and gives floats alone."""
        return all(t.dtype.kind == "f" for t in (*self.inputs, *self.outputs))


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How artifacts are looked at: by the `runtimes` that were asked for, else by what usually
    executes such a file; `shapes` is what their inputs are given whose sizes they leave open, and
    `signature` names the graph in them that is meant.
    """

    runtimes: Mapping[str, RuntimeSpec] = field(default_factory=dict)
    shapes: InputShapes = field(default_factory=dict)
    signature: str | None = None

    def of(self, suffix: str) -> list[RuntimeSpec]:
        """The runtimes for files of a format."""
        if self.runtimes:
            return [one for one in self.runtimes.values() if one.traits.suffix == suffix]
        return [RuntimeSpec(engine=FORMATS[suffix])]


@dataclass(frozen=True, kw_only=True)
class ImageGuess:
    """An input that looks like an image, in the words of [preprocess]."""

    color: str
    size: tuple[int, int]
    channels: str


def own_worker(runtime: RuntimeSpec, label: str) -> Worker:
    """A worker in this very Python."""
    return Worker(COMMAND, runtime.engine, label=label, timeout_s=TIMEOUT_S)


def inspect(path: Path, label: str, ways: Ways, start: Start = own_worker) -> Tensors:
    """Load an artifact in a worker of each of its runtimes, and run it once on random inputs where
    that executes anything; else its tensors are those that the file declares.

    ArtifactError, WorkerError or ConfigError, each with `label`, where that can't be done; Absent
    where a runtime isn't here.
    """
    found = [_loaded(path, label, ways, runtime, start) for runtime in ways.of(path.suffix)]
    executed = next((loaded for loaded in found if loaded is not None), None)
    graphs = read_graphs(path)
    entered = None if graphs is None else graphs.enter(ways.signature)
    if graphs is None or entered is None:
        if executed is None:
            raise ConfigError(f"{label}: its inputs and outputs can't be read; copy it again")
        _check_used(ways.shapes, executed, label)
        return Tensors(inputs=executed.inputs, outputs=executed.outputs)
    declared = graphs.ends(entered)
    ends = executed or _sized(declared, label, ways.shapes)
    _check_used(ways.shapes, ends, label)
    others = {name: graphs.enter(name) for name in entered.others}
    return Tensors(
        inputs=ends.inputs,
        outputs=ends.outputs,
        facts=signature_facts(entered),
        arguments={t.name: t.argument for t in (*declared.inputs, *declared.outputs)},
        others={name: graphs.ends(one) for name, one in others.items() if one is not None},
    )


def _loaded(
    path: Path, label: str, ways: Ways, runtime: RuntimeSpec, start: Start
) -> Loaded | None:
    """What a runtime says of an artifact that it has run once; None where it only compiles."""
    with start(runtime, label) as worker:
        loaded = worker.load(
            path, runtime, "artifact", label, ways.shapes, signature=ways.signature
        )
        if not runtime.traits.executes:
            return None
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
    return loaded


def _of_shape(tensor: TensorSpec, shape: Sequence[int]) -> bool:
    """Whether a tensor has these sizes, whatever its batch."""
    same = len(tensor.shape) == len(shape)
    return same and (tuple(tensor.shape[1:]) == tuple(shape[1:]) if len(shape) > 1 else True)


def _check_used(shapes: InputShapes, ends: Tensors | Loaded, label: str) -> None:
    """ConfigError where a shape is given that no input has taken: its sizes are fixed."""
    for name, given in shapes.items():
        inputs = [t for t in ends.inputs if name in ("", t.name)]
        if not any(_of_shape(t, shape) for t in inputs for shape in given):
            said = f"{name}={told(given[0])}" if name else told(given[0])
            takes = ", ".join(f"{t.name!r} takes {told(t.shape)}" for t in ends.inputs)
            raise ConfigError(
                f"--shape {said}: no input of {label} is of that shape: {takes}; leave --shape out,"
                " or give one that fits"
            )


def _sized(ends: FileEnds, label: str, shapes: InputShapes) -> Tensors:
    """The ends as a file declares them, with the sizes of inputs that it leaves open."""
    given = {name: [list(shape) for shape in some] for name, some in shapes.items()}
    try:
        inputs = [
            replace(t, shape=tuple(sized(t.name, t.shape, given, 1, t.dtype))) for t in ends.inputs
        ]
        taken, made = (tuple(map(_spec, tensors)) for tensors in (inputs, ends.outputs))
    except (Refused, TypeError) as error:  # TypeError: a type that NumPy hasn't
        raise ConfigError(f"{label}: {error}") from None
    return Tensors(inputs=taken, outputs=made)


def _spec(tensor: FileTensor) -> TensorSpec:
    return TensorSpec(
        name=tensor.name,
        shape=tensor.shape,
        dtype=np.dtype(tensor.dtype),
        scale=tensor.scale,
        zero_point=tensor.zero_point,
    )


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
