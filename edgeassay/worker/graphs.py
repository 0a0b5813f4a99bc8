"""The graph of a file that an Interpreter runs: its main graph, or one that a signature names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Sequence

import numpy as np

from .engine import Refused

# What the host says of the graph that is meant: its place among the subgraphs, the places of its
# inputs and outputs among the tensors, the kinds of its operators, its signature, and that one's
# place among all. The main graph's place is 0.
Wanted = Optional[Dict[str, Any]]


def is_main(wanted: Wanted) -> bool:
    """Whether the main graph is meant."""
    return wanted is None or wanted["subgraph"] == 0


def graph_of(interpreter: Any, wanted: Wanted) -> Any:
    """The wanted graph of an Interpreter."""
    return MainGraph(interpreter) if is_main(wanted) else OtherGraph(interpreter, wanted or {})


class MainGraph:
    """What every Interpreter offers of its main graph."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self.invoke = interpreter.invoke

    def inputs(self) -> List[Dict[str, Any]]:
        """The details of its inputs, in order."""
        details: List[Dict[str, Any]] = self._interpreter.get_input_details()
        return details

    def outputs(self) -> List[Dict[str, Any]]:
        """The details of its outputs, in order."""
        details: List[Dict[str, Any]] = self._interpreter.get_output_details()
        return details

    def resize(self, tensor: int, shape: Sequence[int]) -> None:
        """Give an input another shape."""
        self._interpreter.resize_tensor_input(tensor, shape)

    def allocate(self) -> None:
        """Make it ready to run."""
        self._interpreter.allocate_tensors()

    def put(self, tensor: int, array: "np.ndarray[Any, Any]") -> None:
        """Copy an array into an input."""
        self._interpreter.set_tensor(tensor, array)

    def get(self, tensor: int) -> "np.ndarray[Any, Any]":
        """A copy of an output."""
        array: "np.ndarray[Any, Any]" = self._interpreter.get_tensor(tensor)
        return array

    def operators(self) -> List[str]:
        """The kinds of its operators; empty where the runtime doesn't tell."""
        try:
            return [str(node["op_name"]) for node in self._interpreter._get_ops_details()]
        except (AttributeError, RuntimeError, ValueError):
            return []


class OtherGraph:
    """Another graph than the main one. An Interpreter's own way to run it, its SignatureRunner,
    sets, runs and reads in one call, so that its parts are used here. No reference to what is
    inside of an Interpreter may be kept: it checks that there is none.
    """

    def __init__(self, interpreter: Any, wanted: Dict[str, Any]) -> None:
        self._interpreter, self._wanted = interpreter, wanted
        self._place = int(wanted["subgraph"])

    def inputs(self) -> List[Dict[str, Any]]:
        """The details of its inputs, in order."""
        return self._details("inputs")

    def outputs(self) -> List[Dict[str, Any]]:
        """The details of its outputs, in order."""
        return self._details("outputs")

    def _details(self, side: str) -> List[Dict[str, Any]]:
        with self._able():
            return [
                self._interpreter._get_tensor_details(tensor, self._place)
                for tensor in self._wanted[side]
            ]

    def resize(self, tensor: int, shape: Sequence[int]) -> None:
        """Give an input another shape."""
        sides = np.array(shape, np.int32)
        with self._able():
            self._interpreter._interpreter.ResizeInputTensor(tensor, sides, False, self._place)

    def allocate(self) -> None:
        """Make it ready to run."""
        with self._able():
            self._interpreter._interpreter.AllocateTensors(self._place)

    def put(self, tensor: int, array: "np.ndarray[Any, Any]") -> None:
        """Copy an array into an input."""
        self._interpreter._interpreter.SetTensor(tensor, array, self._place)

    def invoke(self) -> None:
        """Run it once."""
        self._interpreter._interpreter.Invoke(self._place)

    def get(self, tensor: int) -> "np.ndarray[Any, Any]":
        """A copy of an output."""
        array: "np.ndarray[Any, Any]"
        array = self._interpreter._interpreter.GetTensor(tensor, self._place)
        return array

    def operators(self) -> List[str]:
        """The kinds of its operators, as the host read them."""
        return [str(kind) for kind in self._wanted["operators"]]

    @contextmanager
    def _able(self) -> Iterator[None]:
        """Refused where this version of the runtime hasn't these parts."""
        try:
            yield
        except (AttributeError, TypeError):
            raise Refused(
                "this version of the runtime can't run the signature %r, which isn't the file's"
                " main graph; use a later one, or export that graph as a file of its own"
                % self._wanted["signature"]
            ) from None
