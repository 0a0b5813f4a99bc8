"""What must hold of an artifact, a runtime and the float network that both come from.

Each law gives ratios: what was found, in units of its bound. Above 1 the law is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from suites.properties.bounds import (
    STEPS,
    allowed_excess,
    chained,
    constant,
    excess,
    feeds_maxima_only,
    ratios,
    runtime_bound,
    weights_bound,
)
from suites.properties.defects import excused
from suites.properties.graph import CASTS, Array, Graph, Operator
from suites.properties.networks import Network
from suites.properties.operators import Bound
from suites.properties.running import Kernels, Run


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One law at one place: an operator's name or the whole network, and the worst ratio there."""

    law: str
    place: str
    ratio: float


def worst(found: Array) -> float:
    """The largest ratio; one that is no number counts as infinite."""
    return float(np.nan_to_num(found, nan=np.inf, posinf=np.inf).max(initial=0.0))


def pairs(graph: Graph, float_graph: Graph) -> list[tuple[Operator, Operator]]:
    """An artifact's operators and those of the float one, casts aside: the same, one by one."""
    ours, theirs = (
        [operator for operator in g.essential if operator.makes in g.computed]
        for g in (graph, float_graph)
    )
    names = [[operator.name for operator in part] for part in (ours, theirs)]
    assert names[0] == names[1], f"the operators differ: {names[0]}, and in fp32 {names[1]}"
    return list(zip(ours, theirs, strict=True))


def float_values(graph: Graph, float_run: Run) -> dict[int, Array]:
    """What the float network holds where an artifact's tensors do, casts aside."""
    partner = {our.makes: their.makes for our, their in pairs(graph, float_run.graph)}
    values = {graph.inputs[0]: float_run.held[float_run.graph.inputs[0]]}
    for operator in graph.operators:
        if operator.name in CASTS:
            values[operator.makes] = values[operator.takes[0]]
        elif operator.makes in partner:
            values[operator.makes] = float_run.held[partner[operator.makes]]
    return values


def judge_stored(graph: Graph, float_graph: Graph, *, excusing: bool = True) -> Iterator[Judged]:
    """Every number stored but a bias lies within half a step of the float one: its channel's."""
    for our, their in pairs(graph, float_graph):
        if excusing and excused(graph, our):
            continue
        for index, float_index in zip(our.takes[:2], their.takes[:2], strict=True):
            held, floats = graph.tensors[index], float_graph.tensors[float_index]
            if held.data is not None and floats.data is not None and floats.dtype.kind == "f":
                found = ratios(constant(held, erring=True), floats.data.astype(np.float64))
                yield Judged(law="stored", place=our.name, ratio=worst(found))


def judge_weights(
    graph: Graph, floats: dict[int, Array], *, excusing: bool = True
) -> Iterator[Judged]:
    """The float network's output of each operator lies where the artifact's weights let it lie."""
    for operator in graph.operators:
        if excusing and excused(graph, operator):
            continue
        if operator.makes in graph.computed:
            bound = weights_bound(graph, operator, floats)
            found = worst(ratios(bound, floats[operator.makes]))
            yield Judged(law="weights", place=operator.name, ratio=found)


def judge_ranges(graph: Graph, floats: dict[int, Array]) -> Iterator[Judged]:
    """What calibrated an artifact lies within its ranges."""
    for operator in graph.operators:
        tensor = graph.tensors[operator.makes]
        if operator.makes not in graph.computed or feeds_maxima_only(graph, operator.makes):
            continue
        if tensor.quantized:
            beyond = excess(tensor, floats[operator.makes]) / allowed_excess(operator, tensor)
            yield Judged(law="range", place=operator.name, ratio=worst(beyond))


def judge_runtime(run: Run, kernels: Kernels) -> Iterator[Judged]:
    """The runtime's output of each operator is what its inputs make, rounded."""
    graph = run.graph
    for operator in graph.operators:
        if operator.makes in graph.computed and not excused(graph, operator):
            steps = STEPS[kernels].get(operator.name, 0.5)
            bound = runtime_bound(graph, operator, run.held, steps)
            found = worst(ratios(bound, run.held[operator.makes]))
            yield Judged(law="runtime", place=operator.name, ratio=found)


def judge_outputs(
    run: Run, float_run: Run, images: npt.NDArray[np.float32], kernels: Kernels, *, calibrated: bool
) -> Iterator[Judged]:
    """The network's output lies within the sum of all bounds from the float network's."""
    graph = run.graph
    if any(excused(graph, operator) for operator in graph.operators):
        return
    floats, runs = chained(graph, images.astype(np.float64), STEPS[kernels], calibrated=calibrated)
    (end,) = graph.outputs
    (float_end,) = float_run.graph.outputs
    total = Bound(center=float_run.held[float_end], radius=floats[end].radius + runs[end].radius)
    yield Judged(law="output", place="network", ratio=worst(ratios(total, run.held[end])))


def judge_conversion(
    keras_outputs: npt.NDArray[np.float32], float_run: Run, images: npt.NDArray[np.float32]
) -> Judged:
    """The float artifact makes what Keras makes, but for the order of sums.

    Both stay within the chained bound of single precision around the real network; where
    BatchNormalization is folded into weights, these carry a rounding or two more: hence four.
    """
    (end,) = float_run.graph.outputs
    _, runs = chained(float_run.graph, images.astype(np.float64), {}, calibrated=False)
    bound = Bound(center=float_run.held[end], radius=4 * runs[end].radius)
    found = ratios(bound, keras_outputs.astype(np.float64).reshape(bound.center.shape))
    return Judged(law="conversion", place="network", ratio=worst(found))


def judge(
    way: str,
    network: Network,
    run: Run,
    float_run: Run,
    kernels: Kernels = "xnnpack",
) -> list[Judged]:
    """All laws for an artifact that was made in the given way, on the images that calibrated it."""
    images, graph = network.images(), run.graph
    floats = float_values(graph, float_run)
    found = [
        *judge_stored(graph, float_run.graph),
        *judge_weights(graph, floats),
        *judge_runtime(run, kernels),
    ]
    calibrated = way in ("int8", "tflite-int8")
    if calibrated:
        found += judge_ranges(graph, floats)
    return [*found, *judge_outputs(run, float_run, images, kernels, calibrated=calibrated)]
