"""The `litert-compiled` engine: ai-edge-litert's CompiledModel, on the CPU or on an accelerator.

Inputs and outputs are listed in the order of the Interpreter, so that runtimes agree on it. An
accelerator's `launch` may return before it has computed anything, and reading an output waits for
it: so there `invoke` ends with the outputs read.
"""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .captured import captured
from .compiled_log import ADAPTER, adapter, delegation
from .engine import Engine, Refused, TensorFacts, Unavailable
from .graphs import Wanted as WantedGraph
from .graphs import graph_of, is_main
from .interpreter import RESOURCES, tensor_facts
from .sizes import sized

PACKAGE = "ai-edge-litert"
FIRST = 0  # of the signatures; a file without any has one that stands for its main graph

PLACE = re.compile(r"(?:CompiledModel error: code=\d+, message=)?(?:ERROR: \[[^\]]*\])?")
SAID = re.compile(r"^(?:ERROR|WARNING): (?!\[|Logging before)(?P<words>.*)$", re.MULTILINE)
CAUSE = re.compile(r"^ERROR: \[[^\]]*\] (?P<words>.*\bnot (?:yet )?supported\b.*)$", re.MULTILINE)
NOT_REGISTERED = "GPU accelerator could not be loaded and registered"
NO_ADAPTER = "No adapters found"
NO_GPU = "Failed to initialize WebGPU environment"


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed, or is of a
    version that can't be told how many threads to use.
    """
    import ai_edge_litert.compiled_model
    import ai_edge_litert.options  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def make(path: str, options: Dict[str, Any]) -> Engine:
    """One .tflite, compiled; Unavailable where there is no accelerator."""
    return CompiledEngine(path, options)


# Inputs, outputs, and the operator of each node.
Details = Tuple[List[TensorFacts], List[TensorFacts], List[str]]


class CompiledEngine:
    """One .tflite, compiled; `batch` stands where its inputs leave that open."""

    def __init__(self, path: str, options: Dict[str, Any], batch: int = 1) -> None:
        self._again, self._batch = (path, options), batch
        self._graph: WantedGraph = options.get("graph")
        self._signature = _signature(self._graph)
        self._waits = options["accelerator"] != "cpu"
        self._begin()

    def _begin(self) -> None:
        """Compile it."""
        from ai_edge_litert.compiled_model import CompiledModel

        path, options = self._again
        log: List[str] = []
        try:
            with captured() as log:
                model = CompiledModel.from_file(path, options=_options(options))
                self._resize(model)
                self._buffers = (
                    model.create_input_buffers(self._signature),
                    model.create_output_buffers(self._signature),
                )
        except (RuntimeError, ValueError) as error:
            _check_there(options, log[0])
            raise Refused(_words(str(error), log[0])) from None
        _check_there(options, log[0])
        self._model, self._log = model, log[0]
        self._into, self._out_of = self._buffers
        self._details: Optional[Details] = None
        self._results: Optional[List["np.ndarray[Any, Any]"]] = None

    def _resize(self, model: Any) -> None:
        """Give every input that is open its size."""
        path, options = self._again
        key = model.get_signature_by_index(self._signature)["key"]
        here = list(model.get_input_tensor_details(key).values())
        if self._batch == 1 and not any(1 in (detail["shape"][1:] or [1]) for detail in here):
            return  # a side that is open is said to be 1
        inputs = _described(path, self._graph)[0]
        signatures = {d["index"]: d["shape_signature"] for d in inputs}
        for number, detail in enumerate(here):
            sides = [int(side) for side in signatures.get(detail["index"], detail["shape"])]
            name, dtype = detail["name"], detail["dtype"]
            shape = sized(name, sides, options["shapes"], self._batch, dtype)
            if shape != list(detail["shape"]):
                model.resize_input_tensor(number, shape, self._signature)

    @property
    def inputs(self) -> List[TensorFacts]:
        """Its inputs; read from the file when first asked for, after it was made ready."""
        return self._read()[0]

    @property
    def outputs(self) -> List[TensorFacts]:
        """Its outputs."""
        return self._read()[1]

    @property
    def facts(self) -> Dict[str, Any]:
        """What the runtime says of its delegate, and of the adapter behind it."""
        whole = bool(self._model.is_fully_accelerated())
        facts = delegation(
            self._again[1], len(self._read()[2]), whole, self._log, alone=_alone(self._graph)
        )
        return dict(facts, **adapter(self._log))

    def _read(self) -> Details:
        if self._details is None:
            self._details = self._arrange(*_described(self._again[0], self._graph))
        return self._details

    def _arrange(
        self, inputs: List[Dict[str, Any]], outputs: List[Dict[str, Any]], nodes: List[str]
    ) -> Details:
        """The tensors as they are now; their buffers are put in the same order."""
        key = self._model.get_signature_by_index(self._signature)["key"]
        here = self._model.get_input_tensor_details(key), self._model.get_output_tensor_details(key)
        self._into = _ordered(self._into, here[0], inputs)
        self._out_of = _ordered(self._out_of, here[1], outputs)
        sides = []
        for details, current in zip((inputs, outputs), here):
            shapes = {one["index"]: one["shape"] for one in current.values()}
            sides.append([dict(tensor_facts(d), shape=list(shapes[d["index"]])) for d in details])
        return sides[0], sides[1], nodes

    def batched(self, count: int) -> Optional["CompiledEngine"]:
        inputs, outputs, _ = _described(self._again[0], self._graph)
        for detail in inputs + outputs:
            if len(detail["shape_signature"]) < 1 or detail["shape_signature"][0] != -1:
                return None
        return CompiledEngine(*self._again, batch=count)

    def reset(self) -> None:
        if RESOURCES.intersection(self._read()[2]):  # which nothing but a new model resets
            self._begin()

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        """Upload; the buffers themselves would take any type, and less than a whole tensor."""
        if len(arrays) != len(self.inputs):
            raise Refused("%d inputs given, %d wanted" % (len(arrays), len(self.inputs)))
        for wanted, buffer, array in zip(self.inputs, self._into, arrays):
            if array.dtype.name != wanted["dtype"] or list(array.shape) != wanted["shape"]:
                raise Refused(
                    "the input %s takes %s of shape %s, and %s of shape %s was given"
                    % (
                        wanted["name"],
                        wanted["dtype"],
                        wanted["shape"],
                        array.dtype.name,
                        list(array.shape),
                    )
                )
            try:
                buffer.write(array)
            except (RuntimeError, ValueError) as error:
                raise Refused(_words(str(error), "")) from None

    def launch(self) -> None:
        """Run it; where an accelerator computes, it may still be computing afterwards."""
        self._results = None
        try:
            self._model.run_by_index(self._signature, *self._buffers)
        except RuntimeError as error:
            raise Refused(_words(str(error), "")) from None

    def invoke(self) -> None:
        self.launch()
        if self._waits:
            self._results = self._read_back()

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        results, self._results = self._results, None
        return self._read_back() if results is None else results

    def _read_back(self) -> List["np.ndarray[Any, Any]"]:
        results = []
        for facts, buffer in zip(self.outputs, self._out_of):
            try:
                flat = buffer.read(int(np.prod(facts["shape"])), np.dtype(facts["dtype"]))
            except (RuntimeError, ValueError) as error:
                raise Refused("an output can't be read: %s" % _words(str(error), "")) from None
            results.append(flat.reshape(facts["shape"]))
        return results


def _options(options: Dict[str, Any]) -> Any:
    """What the host asks for, as the runtime wants to hear it.

    Beside an accelerator the CPU is allowed, as in products: what the accelerator doesn't take
    runs there, and the facts say so.
    """
    from ai_edge_litert.compiled_model import CpuKernelMode, HardwareAccelerator
    from ai_edge_litert.options import CpuOptions, Options

    kernels = {
        "xnnpack": CpuKernelMode.DELEGATE,
        "builtin": CpuKernelMode.BUILTIN,
        "reference": CpuKernelMode.REFERENCE,
    }
    cpu = CpuOptions(num_threads=options["threads"], kernel_mode=kernels[options["kernels"]])
    accelerators = HardwareAccelerator.CPU
    if options["accelerator"] == "gpu":
        accelerators |= HardwareAccelerator.GPU
    return Options(hardware_accelerators=accelerators, cpu_options=cpu)


def _described(
    path: str, graph: WantedGraph
) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]], List[str]]:
    """Inputs and outputs of a file's graph as the Interpreter says them, and its nodes' operators.
    CompiledModel tells nothing of scales. Nothing is allocated for it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        reader = Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        found = graph_of(reader, graph)
        return found.inputs(), found.outputs(), found.operators()
    except (RuntimeError, ValueError) as error:
        raise Refused(_words(str(error), "")) from None


def _signature(graph: WantedGraph) -> int:
    """The place of the graph's signature; Refused where it has none, and other graphs have one: the
    first one's graph would be taken for it.
    """
    if graph is None or graph["index"] is not None:
        return FIRST if graph is None else int(graph["index"])
    if graph["others"]:
        raise Refused(
            "its main graph has no signature, and this runtime runs only what has one: name one of"
            " %s as `signature`" % ", ".join(map(repr, graph["others"]))
        )
    return FIRST


def _alone(graph: WantedGraph) -> bool:
    """Whether what the runtime says of a file's nodes is about this graph."""
    return graph is None or (is_main(graph) and not graph["others"] and not graph["unreached"])


def _ordered(
    buffers: Sequence[Any], here: Dict[str, Dict[str, Any]], wanted: Sequence[Dict[str, Any]]
) -> List[Any]:
    """Buffers in the order of `wanted`; the same tensor has the same index on both sides."""
    places = {detail["index"]: buffer for detail, buffer in zip(here.values(), buffers)}
    if set(places) != {int(detail["index"]) for detail in wanted}:
        raise Refused(
            "the signature that was named, or else the file's first signature, has other inputs or"
            " outputs than its graph"
        )
    return [places[int(detail["index"])] for detail in wanted]


def _check_there(options: Dict[str, Any], log: str) -> None:
    """Unavailable where no accelerator was there to be used: with the CPU allowed beside it, the
    runtime would use that, and call it fully accelerated.
    """
    if options["accelerator"] == "cpu":
        return
    if NOT_REGISTERED in log and ADAPTER.search(log) is None:
        raise Unavailable(
            "this installation of %s has no GPU library; install a wheel that has one" % PACKAGE
        )
    if NO_ADAPTER in log or NO_GPU in log:
        raise Unavailable(
            "no GPU adapter was found; install the GPU's Vulkan driver and libvulkan1, or point"
            " VK_DRIVER_FILES at one (docs/gpu.md has a software one)"
        )


def _words(error: str, log: str) -> str:
    """The runtime's own words, without its source files; of its log what it complains of."""
    lines = [PLACE.sub("", line.strip().lstrip("└ "), count=1) for line in error.split("\n")]
    said = [line for line in lines if line]
    said += [found.group("words").strip() for found in SAID.finditer(log)]
    said += [found.group("words").strip(" .") for found in CAUSE.finditer(log)]
    return "; ".join(dict.fromkeys(said)) or "it says nothing more"
