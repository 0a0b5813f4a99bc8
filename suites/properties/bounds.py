"""How far quantization may move each number of a network: from scales and zero points alone.

Three things may differ between a float network and what a runtime makes of its artifact, and each
has its own bound:

- the weights: half a step of their channel (`weights_bound`);
- the activations, which are rounded to their tensor's grid: half a step an operator, and what lies
  beyond the grid's ends saturates (`runtime_bound`);
- the ranges: on the images that calibrated them, nothing lies beyond (`excess`).

`chained` adds all of it up along the graph, from the input to every tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from suites.properties.graph import Array, Graph, GraphTensor, Operator
from suites.properties.operators import RULES, UNIT_ROUNDOFF, Bound, exactly

WEIGHTED: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
# Rounding to a grid costs half a step. What costs more, by kernels:
# - The reference kernels (and the built-in ones, bit by bit the same here) scale a sum in two
#   roundings: to the nearest of a grid at least twice as fine, then to the nearest step.
# - XNNPACK scales a tensor by 8 fractional bits: 2**-9 for each of up to 255 steps, and a rounding.
ROUNDED_TWICE: Final = 0.75
COARSELY_SCALED: Final = 0.5 + 255 * 2.0**-9
_TWICE: Final = (
    "ADD",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "HARD_SWISH",
    "LEAKY_RELU",
    "MEAN",
    "MUL",
    "QUANTIZE",
    "SUB",
)
STEPS: Final[Mapping[str, Mapping[str, float]]] = {
    "xnnpack": dict.fromkeys(("HARD_SWISH", "LEAKY_RELU", "QUANTIZE"), COARSELY_SCALED),
    "builtin": dict.fromkeys(_TWICE, ROUNDED_TWICE),
    "reference": dict.fromkeys(_TWICE, ROUNDED_TWICE),
}
# Where the format fixes the output's scale, its last step is missing: 1.0 of a probability is
# 256/256 and the largest integer is 255/256 (LiteRT 8-bit quantization specification).
FIXED_RANGE: Final = frozenset({"LOGISTIC", "SOFTMAX", "TANH"})


def constant(tensor: GraphTensor, *, erring: bool) -> Bound:
    """The weights in an artifact; with `erring`, with the radius in which the float ones lie."""
    assert tensor.data is not None
    center = tensor.real(tensor.data)
    radius = np.zeros_like(center)
    if erring and tensor.quantized:
        radius = radius + 0.5 * tensor.along(tensor.scales) * (1 + 2.0**-16)
    elif erring and tensor.dtype == np.float16:
        # Half an ulp of half precision, and of its subnormals, which are 2**-24 apart.
        radius = np.maximum(2.0**-11 * np.abs(center), 2.0**-25)
    return Bound(center=center, radius=radius)


def dynamic_step(x: Bound) -> Array:
    """The step of activations that are quantized while the network runs, one a row of the batch."""
    axes = tuple(range(1, x.center.ndim))
    made: Array = (np.abs(x.center) + x.radius).max(axes, keepdims=True) / 127.0
    return made


def applied(
    graph: Graph,
    operator: Operator,
    known: Mapping[int, Bound],
    *,
    erring: bool = False,
    running: bool = False,
) -> Bound:
    """What an operator makes of known inputs in real arithmetic.

    With `erring`, the artifact's weights stand for float ones within half a step. With `running`,
    activations that meet 8-bit weights as floats are rounded on the way, as a dynamic-range model's
    are: by up to a step, since the zero point is rounded too.
    """
    # -1 stands for an input that isn't given; a RESHAPE's second is the shape, which is known.
    takes = [k for k in operator.takes if k >= 0][: 1 if operator.name == "RESHAPE" else None]
    tensors = [graph.tensors[k] for k in takes]
    given = [
        constant(tensor, erring=erring) if tensor.data is not None else known[index]
        for index, tensor in zip(takes, tensors, strict=True)
    ]
    if operator.name in WEIGHTED:
        x, w = tensors[0], tensors[1]
        if running and not x.quantized and w.quantized:
            moved = given[0].radius + dynamic_step(given[0])
            given[0] = Bound(center=given[0].center, radius=moved)
        if len(tensors) == 3 and tensors[2].quantized:
            # What the kernel makes of a bias, whatever scale is written beside it.
            step = x.step * w.scales
            assert tensors[2].data is not None
            center = tensors[2].data.astype(np.float64) * step
            half = np.broadcast_to(0.5 * step, center.shape) if erring else np.zeros_like(center)
            given[2] = Bound(center=center, radius=half)
    made = RULES[operator.name](operator, given)
    if operator.name == "DEQUANTIZE":  # some kernels scale the zero point apart, and subtract
        far = float(np.abs(tensors[0].ends).max())
        made = Bound(center=made.center, radius=made.radius + 4 * UNIT_ROUNDOFF * far)
    shape = (-1, *graph.tensors[operator.makes].shape[1:])
    made = Bound(center=made.center.reshape(shape), radius=made.radius.reshape(shape))
    return clamped(operator, made)


def clamped(operator: Operator, made: Bound) -> Bound:
    """The activation that is part of an operator: none, relu, or relu6."""
    fused = getattr(operator.options, "fusedActivationFunction", 0)
    if fused == 0:
        return made
    top = {1: np.inf, 3: 6.0}[fused]
    low, center, high = (
        np.clip(values, 0.0, top)
        for values in (made.center - made.radius, made.center, made.center + made.radius)
    )
    return Bound(center=center, radius=np.maximum(high - center, center - low))


def rounded(tensor: GraphTensor, made: Bound, steps: float, lost: Array | float) -> Bound:
    """What a runtime holds of it: rounded to the tensor's grid, saturated by no more than `lost`.

    The integers' multipliers have single precision, which is what the last term is for.
    """
    if not tensor.quantized:
        return made
    slack = 8 * UNIT_ROUNDOFF * (np.abs(made.center) + made.radius)
    beyond = np.minimum(excess(tensor, made.center), lost)
    radius = np.maximum(made.radius, beyond) + steps * tensor.step * (1 + 2.0**-16) + slack
    return Bound(center=made.center, radius=radius)


def excess(tensor: GraphTensor, values: Array) -> Array:
    """How far numbers lie beyond what the tensor's integers reach."""
    low, high = tensor.ends
    return np.maximum(np.maximum(low - values, values - high), 0.0)


def allowed_excess(operator: Operator, tensor: GraphTensor) -> float:
    """How far a number that calibrated the range may lie beyond it.

    The range is moved by up to half a step for zero to be exact; see FIXED_RANGE for a whole one.
    """
    return tensor.step * (1.0 if operator.name in FIXED_RANGE else 0.5) * (1 + 2.0**-12)


def feeds_maxima_only(graph: Graph, index: int) -> bool:
    """Whether only MAX_POOL_2D takes a tensor: it has the range of the maxima then, and whatever is
    smaller may saturate, as it never comes out.
    """
    takers = [operator.name for operator in graph.operators if index in operator.takes]
    return bool(takers) and set(takers) == {"MAX_POOL_2D"} and index not in graph.outputs


def weights_bound(graph: Graph, operator: Operator, floats: Mapping[int, Array]) -> Bound:
    """Where the float network's own output lies, by its inputs and the artifact's weights."""
    return applied(graph, operator, _known(floats), erring=True)


def runtime_bound(
    graph: Graph, operator: Operator, held: Mapping[int, Array], steps: float
) -> Bound:
    """Where a runtime's output lies, by what it held itself before this operator."""
    made = applied(graph, operator, _known(held), running=True)
    tensor = graph.tensors[operator.makes]
    if not tensor.quantized:
        return made
    reached = Bound(center=np.clip(made.center, *tensor.ends), radius=made.radius)
    return rounded(tensor, reached, steps, 0.0)


def _known(values: Mapping[int, Array]) -> dict[int, Bound]:
    return {index: exactly(numbers) for index, numbers in values.items()}


def chained(
    graph: Graph, images: Array, steps: Mapping[str, float], *, calibrated: bool
) -> tuple[dict[int, Bound], dict[int, Bound]]:
    """Where every tensor of the float network lies, and of the runtime: both around what the
    artifact's own weights make of the images in real arithmetic.

    With `calibrated`, the images are those that the ranges come from: no more may saturate than the
    weights' errors explain.
    """
    (entry,) = graph.inputs
    tensor = graph.tensors[entry]
    floats, runs = {entry: exactly(images)}, {}
    runs[entry] = rounded(tensor, exactly(images), 0.5, np.inf)
    for operator in graph.operators:
        tensor = graph.tensors[operator.makes]
        if operator.makes not in graph.computed:
            continue
        ideal = applied(graph, operator, floats, erring=True)
        lost: Array | float = np.inf
        if calibrated and tensor.quantized and not feeds_maxima_only(graph, operator.makes):
            lost = ideal.radius + allowed_excess(operator, tensor)
        made = applied(graph, operator, runs, running=True)
        floats[operator.makes] = ideal
        runs[operator.makes] = rounded(tensor, made, steps.get(operator.name, 0.5), lost)
    return floats, runs


def ratios(bound: Bound, found: Array) -> Array:
    """How much of its bound each number's error takes: above 1 the law is broken."""
    error = np.abs(found - bound.center)
    with np.errstate(divide="ignore", invalid="ignore"):
        made: Array = np.where(error == 0.0, 0.0, error / bound.radius)
    return made
