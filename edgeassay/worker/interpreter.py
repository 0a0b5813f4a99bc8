"""The Interpreter that ai-edge-litert, tflite-runtime and TensorFlow have in common."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Set

import numpy as np

from .engine import Broken, Refused, TensorFacts
from .graphs import graph_of, is_main
from .sizes import OPEN, sized

# What the kernels of a RuntimeSpec are called there.
RESOLVERS = {
    "xnnpack": "AUTO",
    "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "reference": "BUILTIN_REF",
}

# Operators on variables that outlive an inference, and that no call resets.
RESOURCES = {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"}


def resolver(kinds: Any, kernels: str) -> Any:
    """The wanted kernels, of a runtime's own OpResolverType."""
    return getattr(kinds, RESOLVERS[kernels])


def tensor_facts(detail: Dict[str, Any]) -> TensorFacts:
    """What an Interpreter says of a tensor."""
    scale, zero_point = detail["quantization"]
    return {
        "name": detail["name"],
        "shape": [int(side) for side in detail["shape"]],
        "dtype": np.dtype(detail["dtype"]).name,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }


def delegation(interpreter: Any) -> Dict[str, Any]:
    """How many of the graph's nodes there are, how many of them delegates took over, and in how
    many pieces; empty where the runtime doesn't tell.

    A delegate's node stands after the graph's own. Those it took are found from its outputs back
    to its inputs: the Interpreter has no list of them.
    """
    try:
        details = interpreter._get_ops_details()
    except (AttributeError, RuntimeError, ValueError):
        return {}
    own = [node for node in details if node["op_name"] != "DELEGATE"]
    maker = {int(tensor): k for k, node in enumerate(own) for tensor in node["outputs"]}
    taken: Set[int] = set()
    pieces = [node for node in details if node["op_name"] == "DELEGATE"]
    for piece in pieces:
        given = {int(tensor) for tensor in piece["inputs"]}
        waiting = [int(tensor) for tensor in piece["outputs"]]
        while waiting:
            tensor = waiting.pop()
            if tensor in given or tensor not in maker or maker[tensor] in taken:
                continue
            taken.add(maker[tensor])
            waiting += [int(tensor) for tensor in own[maker[tensor]]["inputs"]]
    left = sorted({str(node["op_name"]) for k, node in enumerate(own) if k not in taken})
    return {
        "nodes": len(own),
        "delegated": len(taken),
        "pieces": len(pieces),
        "left": left,
    }


class InterpreterEngine:
    """One .tflite in one Interpreter; `batch` stands where its inputs leave that open."""

    def __init__(self, kind: Any, path: str, options: Dict[str, Any], batch: int = 1) -> None:
        """`kind` makes an Interpreter of a path: Interpreter itself, or partly filled in."""
        self._again, self._batch = (kind, path, options), batch
        self._begin()
        self.inputs: List[TensorFacts] = [tensor_facts(d) for d in self._inputs]
        self.outputs: List[TensorFacts] = [self._given(d) for d in self._outputs]
        # Of another graph than the main one the runtime doesn't tell who runs its nodes.
        told = is_main(options.get("graph"))
        self.facts: Dict[str, Any] = delegation(self._interpreter) if told else {}
        # Nothing but a new Interpreter resets resources.
        self._renews = bool(RESOURCES.intersection(self._graph.operators()))

    def _begin(self) -> None:
        """A new Interpreter."""
        kind, path, options = self._again
        try:
            self._interpreter = kind(model_path=path, num_threads=options["threads"])
            self._graph = graph_of(self._interpreter, options.get("graph"))
            for detail in self._graph.inputs():
                sides = [int(side) for side in detail["shape_signature"]]
                name, dtype = detail["name"], detail["dtype"]
                shape = sized(name, sides, options["shapes"], self._batch, dtype)
                if shape != list(detail["shape"]):
                    self._graph.resize(detail["index"], shape)
            self._graph.allocate()
            self._inputs = self._graph.inputs()
            self._outputs = self._graph.outputs()
            self._invoke = self._graph.invoke
        except SystemError as error:
            # What tflite-runtime 2.14 does with NumPy 2: no artifact is to blame.
            words = " ".join(str(error.__cause__ or error).split())
            raise Broken(
                "it fails when it is used, with NumPy %s: %s" % (np.__version__, words)
            ) from None
        except (RuntimeError, ValueError) as error:
            raise Refused(" ".join(str(error).split())) from None

    def _given(self, detail: Dict[str, Any]) -> TensorFacts:
        """What is said of an output: a side that shows only when it has run is open."""
        facts, signature = tensor_facts(detail), list(detail["shape_signature"])
        if signature and min(signature) >= 0:
            return facts
        try:
            self._graph.get(detail["index"])
        except ValueError:  # nothing is set aside for it
            facts["shape"] = [int(side) for side in signature] or [OPEN]
        return facts

    def batched(self, count: int) -> Optional["InterpreterEngine"]:
        details = self._inputs + self._outputs
        if any(len(d["shape_signature"]) < 1 or d["shape_signature"][0] != -1 for d in details):
            return None
        return InterpreterEngine(*self._again, batch=count)

    def reset(self) -> None:
        if not self._renews:
            try:
                self._interpreter.reset_all_variables()
                return
            except (RuntimeError, ValueError):  # another graph has some, and isn't made ready
                self._renews = True
        self._begin()

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        if len(arrays) != len(self._inputs):
            raise Refused("%d inputs given, %d wanted" % (len(arrays), len(self._inputs)))
        for detail, array in zip(self._inputs, arrays):
            try:
                self._graph.put(detail["index"], array)
            except ValueError as error:
                raise Refused(" ".join(str(error).split())) from None

    def invoke(self) -> None:
        self._invoke()

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        return [self._output(number) for number in range(len(self._outputs))]

    def _output(self, number: int) -> "np.ndarray[Any, Any]":
        try:
            array: "np.ndarray[Any, Any]"
            array = self._graph.get(self._outputs[number]["index"])
            return array
        except ValueError as error:
            # An empty one can't be read: a detector has found nothing.
            detail = self._graph.outputs()[number]
            if 0 not in detail["shape"]:
                raise Refused("an output can't be read: %s" % error) from None
            return np.empty(detail["shape"], detail["dtype"])
