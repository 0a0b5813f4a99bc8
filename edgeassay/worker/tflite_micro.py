"""The `tflite-micro` engine: the kernels of microcontrollers, run on this processor in the smallest
arena that the model works in, whose size is what is measured.
"""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .arena import MOST_BYTES, STEP_BYTES, said, smallest, tried
from .engine import Engine, Refused, TensorFacts
from .sizes import is_open, told

PACKAGE = "tflite-micro"
# What its recording allocator prints of an arena that was large enough.
USED = re.compile(r"Arena allocation total (\d+) bytes")


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    from tflite_micro import runtime  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def make(path: str, _options: Dict[str, Any]) -> Engine:
    """One .tflite in the smallest arena that it works in."""
    return MicroEngine(path)


def _interpreter(model: bytes, arena_bytes: int) -> Any:
    from tflite_micro import runtime

    return runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)


def _names(model: bytes) -> Tuple[List[str], List[str]]:
    """The names of inputs and outputs, which the runtime's interpreter doesn't keep."""
    from tflite_micro import runtime

    graph = runtime.schema_fb.Model.GetRootAsModel(model, 0).Subgraphs(0)
    inputs = [graph.Inputs(k) for k in range(graph.InputsLength())]
    outputs = [graph.Outputs(k) for k in range(graph.OutputsLength())]
    named = [[graph.Tensors(k).Name().decode("utf-8") for k in ks] for ks in (inputs, outputs)]
    return named[0], named[1]


def check_fixed(model: bytes) -> None:
    """Refused where a size is left open: this interpreter can't be told one, and would take 1."""
    from tflite_micro import runtime

    graph = runtime.schema_fb.Model.GetRootAsModel(model, 0).Subgraphs(0)
    for tensor in (graph.Tensors(graph.Inputs(k)) for k in range(graph.InputsLength())):
        sides = [tensor.ShapeSignature(k) for k in range(tensor.ShapeSignatureLength())]
        if is_open(sides):
            raise Refused(
                "its input %r takes %s, and a microcontroller's interpreter can't be told sizes:"
                " export it with fixed ones" % (tensor.Name().decode("utf-8"), told(sides))
            )


def run_once(model: bytes, arena_bytes: int) -> None:
    """Load and run a model on zeros, and print what it took."""
    interpreter = _interpreter(model, arena_bytes)
    for k in range(len(_names(model)[0])):
        detail = interpreter.get_input_details(k)
        interpreter.set_input(np.zeros(detail["shape"], detail["dtype"]), k)
    interpreter.invoke()
    interpreter.print_allocations()


def arena_of(model: bytes) -> int:
    """The smallest arena in bytes; Refused where the model works in none, however large."""
    from tflite_micro import runtime  # noqa: F401  # once here, and not in every child

    trial = tried(lambda: run_once(model, MOST_BYTES))
    if not trial.works:
        raise Refused(said(trial.words))
    used = USED.search(trial.words)
    start = int(used.group(1)) if used else len(model)

    def loads(size: int) -> bool:
        return tried(lambda: _interpreter(model, size)).works

    def runs(size: int) -> bool:
        return tried(lambda: run_once(model, size)).works

    found = smallest(loads, start)
    if found < MOST_BYTES and not runs(found):  # it takes more while it runs
        found = smallest(runs, found + STEP_BYTES)
    return found


def _facts(detail: Dict[str, Any], name: str) -> TensorFacts:
    """What it says of a tensor."""
    how = detail["quantization_parameters"]
    scales, zero_points = how["scales"], how["zero_points"]
    return {
        "name": name,
        "shape": [int(side) for side in detail["shape"]],
        "dtype": np.dtype(detail["dtype"]).name,
        "scale": float(scales[0]) if len(scales) else 0.0,
        "zero_point": int(zero_points[0]) if len(zero_points) else 0,
    }


class MicroEngine:
    """One .tflite in one arena."""

    inputs: List[TensorFacts]
    outputs: List[TensorFacts]

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            model = file.read()
        arena_bytes = arena_of(model)  # first: a damaged file ends a child, and not this process
        check_fixed(model)
        self._interpreter = _interpreter(model, arena_bytes)
        details = (self._interpreter.get_input_details, self._interpreter.get_output_details)
        self.inputs, self.outputs = (
            [_facts(of(k), name) for k, name in enumerate(names)]
            for of, names in zip(details, _names(model))
        )
        self.facts: Dict[str, Any] = {
            "arena_bytes": arena_bytes,
            "arena_tried": arena_bytes - STEP_BYTES,
        }

    def batched(self, count: int) -> Optional["MicroEngine"]:
        return None  # shapes are what they were when the model was made

    def reset(self) -> None:
        self._interpreter.reset()

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        if len(arrays) != len(self.inputs):
            raise Refused("%d inputs given, %d wanted" % (len(arrays), len(self.inputs)))
        for k, array in enumerate(arrays):
            try:
                self._interpreter.set_input(np.ascontiguousarray(array), k)
            except ValueError as error:
                raise Refused(" ".join(str(error).split())) from None

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        return [np.array(self._interpreter.get_output(k)) for k in range(len(self.outputs))]
