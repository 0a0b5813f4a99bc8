"""The `onnxruntime` engine: one .onnx in one session on the CPU."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type, Union

import numpy as np

from .engine import Engine, Refused, TensorFacts
from .sizes import OPEN, Wanted, sized

PACKAGE = "onnxruntime"
PROVIDER = "CPUExecutionProvider"

Dimension = Union[int, str, None]

# ONNX's names of element types and NumPy's; text is none of numbers, and stands for itself.
TEXT = "str"
DTYPES = {
    "bool": "bool",
    "complex128": "complex128",
    "complex64": "complex64",
    "double": "float64",
    "float": "float32",
    "float16": "float16",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "int8": "int8",
    "string": TEXT,
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "uint8": "uint8",
}


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    import onnxruntime  # noqa: F401

    return {
        "runtime": PACKAGE,
        "runtime_version": metadata.version(PACKAGE),
        "delegate": PROVIDER,
    }


def make(path: str, options: Dict[str, Any]) -> Engine:
    """One .onnx in one session on the CPU, its operators one after another."""
    import onnxruntime

    if options["accelerator"] != "cpu":
        raise Refused("this adapter runs on the CPU alone")
    wanted = onnxruntime.SessionOptions()
    wanted.intra_op_num_threads = options["threads"]
    wanted.inter_op_num_threads = 1
    wanted.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    wanted.use_deterministic_compute = True
    wanted.log_severity_level = 3
    # Two sessions take turns in one process: one's idle threads must not spin through the other's
    # turn.
    wanted.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        session = onnxruntime.InferenceSession(path, wanted, providers=[PROVIDER])
    except _errors() as error:
        raise Refused(_words(error)) from None
    return OnnxEngine(session, options["shapes"])


def _errors() -> Tuple[Type[Exception], ...]:
    """What the runtime raises: its exceptions have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [e for e in vars(state).values() if isinstance(e, type) and issubclass(e, Exception)]
    return (*own, RuntimeError, ValueError)


def _words(error: BaseException) -> str:
    """What the runtime says, without its own numbers and places in its source."""
    text = " ".join(str(error).split())
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", text)
    text = re.sub(r"^Load model from \S+ failed: ?", "", text)
    return re.sub(r"\S+/\S+\.(cc|h):\d+ .*?\) (?=[A-Z])", "", text).rstrip(". ")


class OnnxEngine:
    """A session and what is bound to it; `batch` stands where the network leaves that open."""

    def __init__(self, session: Any, wanted: Wanted, batch: int = 1) -> None:
        self._session, self._wanted = session, wanted
        self._errors = _errors()
        self._binding = session.io_binding()
        self._given: List["np.ndarray[Any, Any]"] = []
        self.inputs: List[TensorFacts] = []
        named: Dict[Dimension, int] = {}
        for arg in session.get_inputs():
            sides = [side if isinstance(side, int) else OPEN for side in arg.shape]
            facts = _facts(arg)
            dtype = "int32" if facts["dtype"] == TEXT else facts["dtype"]
            given = sized(arg.name, sides, wanted, batch, dtype)
            for side, size in zip(arg.shape, given):
                if isinstance(side, str):
                    named.setdefault(side, size)
            self.inputs.append(dict(facts, shape=given))
        self.outputs: List[TensorFacts] = [_facts(arg) for arg in session.get_outputs()]
        shapes = [_closed(arg.shape, named) for arg in session.get_outputs()]
        opens = any(_opens(arg.shape) for arg in session.get_inputs())
        if opens and any(shape[:1] == [None] for shape in shapes):
            # Exporters don't always call the batch the same where it comes out again.
            self.set_inputs([np.zeros(t["shape"], t["dtype"]) for t in self.inputs])
            self.invoke()
            for shape, output in zip(shapes, self.get_outputs()):
                if shape[:1] == [None] and output.shape[0] == batch:
                    shape[0] = batch
        for facts, shape in zip(self.outputs, shapes):
            # No sides are those of a number, or of what says nothing of its sides.
            facts["shape"] = [OPEN if side is None else side for side in shape] or [OPEN]
        self.facts: Dict[str, Any] = {"providers": session.get_providers()}

    def batched(self, count: int) -> Optional["OnnxEngine"]:
        args = self._session.get_inputs() + self._session.get_outputs()
        if not all(_opens(arg.shape) for arg in args):
            return None
        return OnnxEngine(self._session, self._wanted, count)

    def reset(self) -> None:
        pass  # a graph of ONNX keeps nothing

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        if len(arrays) != len(self.inputs):
            raise Refused("%d inputs given, %d wanted" % (len(arrays), len(self.inputs)))
        for facts, array in zip(self.inputs, arrays):
            if facts["dtype"] == TEXT:
                raise Refused("its input %r takes text, and only numbers are given" % facts["name"])
            if array.dtype.name != facts["dtype"] or list(array.shape) != facts["shape"]:
                raise Refused(
                    "its input %r takes %s of shape %s, and %s of shape %s was given"
                    % (
                        facts["name"],
                        facts["dtype"],
                        facts["shape"],
                        array.dtype.name,
                        list(array.shape),
                    )
                )
        # Bound, not copied at each inference; so they must live as long as they are.
        self._given = [np.ascontiguousarray(array) for array in arrays]
        self._binding.clear_binding_inputs()
        self._binding.clear_binding_outputs()
        for facts, array in zip(self.inputs, self._given):
            self._binding.bind_cpu_input(facts["name"], array.reshape(facts["shape"]))
        for facts in self.outputs:
            self._binding.bind_output(facts["name"])

    def invoke(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except self._errors as error:
            raise Refused(_words(error)) from None

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        try:
            outputs = self._binding.copy_outputs_to_cpu()
        except self._errors as error:
            raise Refused("an output can't be read: %s" % _words(error)) from None
        for facts in self.outputs:
            if facts["dtype"] == TEXT:
                raise Refused("its output %r is text, and outputs must be numbers" % facts["name"])
        return [np.array(output) for output in outputs]


def _opens(shape: Sequence[Dimension]) -> bool:
    """Whether a tensor leaves its first dimension open, which then is that of the batch."""
    return len(shape) > 0 and not isinstance(shape[0], int)


def _closed(shape: Sequence[Dimension], named: Dict[Dimension, int]) -> List[Optional[int]]:
    """A shape with the batch filled in where its name says so, and None where it is left open."""
    return [
        side if isinstance(side, int) else None if side is None else named.get(side)
        for side in shape
    ]


def _facts(arg: Any) -> TensorFacts:
    """Name and type of an input or output; Refused where it is none of NumPy's."""
    kind = re.fullmatch(r"tensor\((.*)\)", arg.type)
    if kind is None:
        raise Refused(
            "%r is a %s and no tensor: export it without what makes that (a classifier's ZipMap,"
            " for one)" % (arg.name, arg.type)
        )
    if kind[1] not in DTYPES:
        raise Refused("%r holds %s, a type that NumPy hasn't: cast it" % (arg.name, kind[1]))
    return {"name": arg.name, "shape": [], "dtype": DTYPES[kind[1]], "scale": 0.0, "zero_point": 0}
