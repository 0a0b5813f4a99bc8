"""The `litert` runtime: ai-edge-litert's Interpreter."""

from __future__ import annotations

from importlib import metadata
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .engine import Refused, TensorFacts

PACKAGE = "ai-edge-litert"


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    import ai_edge_litert.interpreter  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def _facts(detail: Dict[str, Any]) -> TensorFacts:
    scale, zero_point = detail["quantization"]
    return {
        "name": detail["name"],
        "shape": [int(side) for side in detail["shape"]],
        "dtype": np.dtype(detail["dtype"]).name,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }


class LitertEngine:
    """One .tflite in one Interpreter."""

    def __init__(self, path: str, threads: int, kernels: str, batch: int = 0) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        resolvers = {
            "xnnpack": OpResolverType.AUTO,
            "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            "reference": OpResolverType.BUILTIN_REF,
        }
        try:
            self._interpreter = Interpreter(
                model_path=path,
                num_threads=threads,
                experimental_op_resolver_type=resolvers[kernels],
            )
            for detail in self._interpreter.get_input_details() if batch else ():
                shape = [batch, *detail["shape"][1:]]
                self._interpreter.resize_tensor_input(detail["index"], shape)
            self._interpreter.allocate_tensors()
            self._inputs = self._interpreter.get_input_details()
            self._outputs = self._interpreter.get_output_details()
        except (RuntimeError, ValueError, SystemError) as error:
            raise Refused(" ".join(str(error).split())) from None
        self.inputs: List[TensorFacts] = [_facts(d) for d in self._inputs]
        self.outputs: List[TensorFacts] = [_facts(d) for d in self._outputs]
        self.facts: Dict[str, Any] = {"threads": threads, "kernels": kernels}
        self._path = path

    def batched(self, count: int) -> Optional["LitertEngine"]:
        details = self._inputs + self._outputs
        if any(len(d["shape_signature"]) < 1 or d["shape_signature"][0] != -1 for d in details):
            return None
        return LitertEngine(self._path, self.facts["threads"], self.facts["kernels"], count)

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        if len(arrays) != len(self._inputs):
            raise Refused("%d inputs given, %d wanted" % (len(arrays), len(self._inputs)))
        for detail, array in zip(self._inputs, arrays):
            try:
                self._interpreter.set_tensor(detail["index"], array)
            except ValueError as error:
                raise Refused(" ".join(str(error).split())) from None

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        try:
            return [self._interpreter.get_tensor(d["index"]) for d in self._outputs]
        except ValueError as error:  # an empty tensor, for one
            raise Refused("an output can't be read: %s" % error) from None
