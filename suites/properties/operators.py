"""What each operator makes of numbers that are known within a radius, in real arithmetic.

A bound is a center and a radius, both arrays: the number meant lies within the radius around the
center. Operators that add up products propagate radii by
|(x + d)(w + e) - xw| <= |d||w| + (|x| + |d|)|e|; the others by the ends of the interval, since each
rises, or falls and then rises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from suites.properties.graph import Array, Operator

# Half an ulp of single precision, relative: what one rounding of a sum or product may cost.
UNIT_ROUNDOFF: Final = 2.0**-24
# Below this a runtime may round more coarsely, or to zero.
SMALLEST_NORMAL: Final = 2.0**-126


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Numbers, and how far what is meant may lie from each."""

    center: Array
    radius: Array


def exactly(values: Array) -> Bound:
    """Numbers that are known."""
    return Bound(center=values, radius=np.zeros_like(values))


def products(
    take: Callable[[Array, Array], Array], x: Bound, w: Bound, bias: Bound | None, terms: int
) -> Bound:
    """A sum of `terms` products an output, by a function that is linear in both arguments.

    The radius includes what `terms` roundings in single precision may cost in any order (Higham,
    Accuracy and Stability of Numerical Algorithms, 2002, section 4.2).
    """
    center, size = take(x.center, w.center), take(np.abs(x.center), np.abs(w.center))
    radius = take(x.radius, np.abs(w.center)) + take(np.abs(x.center) + x.radius, w.radius)
    if bias is not None:
        center = center + bias.center
        size, radius = size + np.abs(bias.center), radius + bias.radius
    return Bound(center=center, radius=radius + roundings(terms + 2, size + radius))


def roundings(count: int, size: Array) -> Array:
    """What so many roundings in single precision may cost together, by the size of the terms."""
    return count * (UNIT_ROUNDOFF * size + SMALLEST_NORMAL)


def windows(x: Array, kernel: tuple[int, int], operator: Operator, fill: float) -> Array:
    """(rows, height, width, channels) to (rows, out height, out width, channels, *kernel)."""
    strides = (operator.options.strideH, operator.options.strideW)
    if operator.options.padding == 0:  # SAME: TensorFlow puts the odd one at the end
        pads = [(0, 0)]
        for side, k, stride in zip(x.shape[1:3], kernel, strides, strict=True):
            missing = max((-(-side // stride) - 1) * stride + k - side, 0)
            pads.append((missing // 2, missing - missing // 2))
        x = np.pad(x, [*pads, (0, 0)], constant_values=fill)
    ends = [side - k + 1 for side, k in zip(x.shape[1:3], kernel, strict=True)]
    shifted = [
        x[:, i : i + ends[0] : strides[0], j : j + ends[1] : strides[1]]
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]
    made: Array = np.stack(shifted, -1)
    return made.reshape((*made.shape[:-1], *kernel))


def convolve(operator: Operator, given: Sequence[Bound]) -> Bound:
    """CONV_2D: weights are (out, height, width, in)."""
    x, w, *bias = given
    kernel = (w.center.shape[1], w.center.shape[2])

    def take(pixels: Array, weights: Array) -> Array:
        patches = windows(pixels, kernel, operator, 0.0)
        made: Array = np.einsum("nhwckl,oklc->nhwo", patches, weights, optimize=True)
        return made

    return products(take, x, w, bias[0] if bias else None, w.center[0].size)


def convolve_depthwise(operator: Operator, given: Sequence[Bound]) -> Bound:
    """DEPTHWISE_CONV_2D: weights are (1, height, width, channels * multiplier)."""
    x, w, *bias = given
    kernel = (w.center.shape[1], w.center.shape[2])
    channels = x.center.shape[3]

    def take(pixels: Array, weights: Array) -> Array:
        patches = windows(pixels, kernel, operator, 0.0)
        split = weights.reshape(*kernel, channels, -1)
        made: Array = np.einsum("nhwckl,klcm->nhwcm", patches, split, optimize=True)
        return made.reshape(*made.shape[:3], -1)

    return products(take, x, w, bias[0] if bias else None, kernel[0] * kernel[1])


def connect(operator: Operator, given: Sequence[Bound]) -> Bound:
    """FULLY_CONNECTED: weights are (out, in)."""
    x, w, *bias = given
    flat = Bound(
        center=x.center.reshape(-1, w.center.shape[1]),
        radius=x.radius.reshape(-1, w.center.shape[1]),
    )
    take = lambda pixels, weights: pixels @ weights.T  # noqa: E731
    return products(take, flat, w, bias[0] if bias else None, w.center.shape[1])


def multiply(operator: Operator, given: Sequence[Bound]) -> Bound:
    """MUL."""
    return products(np.multiply, given[0], given[1], None, 1)


def add(operator: Operator, given: Sequence[Bound], sign: float = 1.0) -> Bound:
    """ADD, and with sign -1 SUB."""
    first, second = given
    center = first.center + sign * second.center
    size = np.abs(first.center) + np.abs(second.center)
    return Bound(center=center, radius=first.radius + second.radius + roundings(2, size))


def pool(operator: Operator, given: Sequence[Bound], largest: bool = False) -> Bound:
    """AVERAGE_POOL_2D (of the pixels inside only), and with `largest` MAX_POOL_2D."""
    (x,) = given
    kernel = (operator.options.filterHeight, operator.options.filterWidth)
    if largest:
        low, high = (
            windows(end, kernel, operator, -np.inf).max((-1, -2))
            for end in (x.center - x.radius, x.center + x.radius)
        )
        center = windows(x.center, kernel, operator, -np.inf).max((-1, -2))
        return Bound(center=center, radius=np.maximum(high - center, center - low))
    inside = windows(np.ones_like(x.center), kernel, operator, 0.0).sum((-1, -2))
    size, center, radius = (
        windows(values, kernel, operator, 0.0).sum((-1, -2)) / inside
        for values in (np.abs(x.center), x.center, x.radius)
    )
    terms = kernel[0] * kernel[1] + 2
    return Bound(center=center, radius=radius + roundings(terms, size + radius))


def average(operator: Operator, given: Sequence[Bound]) -> Bound:
    """MEAN; the axes are its second input."""
    x, axes = given
    over = tuple(int(axis) for axis in axes.center.ravel())
    kept = bool(operator.options.keepDims)
    size, center, radius = (
        values.mean(over, keepdims=kept) for values in (np.abs(x.center), x.center, x.radius)
    )
    terms = x.center.size // max(1, center.size) + 2
    return Bound(center=center, radius=radius + roundings(terms, size + radius))


def softmax(operator: Operator, given: Sequence[Bound]) -> Bound:
    """SOFTMAX: a share is largest where its own input is largest and all others are smallest."""
    (x,) = given
    shift = x.center.max(-1, keepdims=True)
    center = np.exp(x.center - shift)
    center = center / center.sum(-1, keepdims=True)
    ends = []
    for sign in (-1.0, 1.0):
        # exp(own) / (exp(own) + exp(others)), by the differences, which can't overflow to inf/inf.
        own = x.center + sign * x.radius
        other = x.center - sign * x.radius
        apart = other[..., np.newaxis, :] - own[..., :, np.newaxis]
        size = x.center.shape[-1]
        apart[..., range(size), range(size)] = 0.0
        ends.append(1.0 / np.exp(np.minimum(apart, 700.0)).sum(-1))
    low, high = ends
    # The difference that is exponentiated is rounded, which counts by its size.
    slack = float_slack(center) * (1.0 + np.abs(x.center - shift))
    return Bound(center=center, radius=np.maximum(high - center, center - low) + slack)


def float_slack(values: Array) -> Array:
    """What a runtime's own exponential may be wrong by: 16 ulp, and no number below 2**-100."""
    return 32 * UNIT_ROUNDOFF * np.abs(values) + 2.0**-100


def curve(
    function: Callable[[Array], Array],
    lowest: float | None,
    operator: Operator,
    given: Sequence[Bound],
) -> Bound:
    """An activation that rises everywhere, or falls down to `lowest` and rises from there."""
    (x,) = given
    center = function(x.center)
    ends = [function(x.center - x.radius), function(x.center + x.radius)]
    if lowest is not None:
        inside = np.abs(x.center - lowest) <= x.radius
        ends.append(np.where(inside, function(np.array(lowest)), center))
    radius = np.max([np.abs(end - center) for end in ends], axis=0)
    return Bound(center=center, radius=radius + float_slack(center) + float_slack(x.center))


def leaky(operator: Operator, given: Sequence[Bound]) -> Bound:
    """LEAKY_RELU."""
    slope = float(operator.options.alpha)
    return curve(lambda x: np.where(x < 0, slope * x, x), None, operator, given)


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    made: Array = np.where(x < 0, small, 1.0) / (1.0 + small)
    return made


def gelu(operator: Operator, given: Sequence[Bound]) -> Bound:
    """GELU, by the error function or by its approximation with tanh (Hendrycks and Gimpel 2016)."""
    erf = np.vectorize(math.erf, otypes=[np.float64])

    def exact(x: Array) -> Array:
        made: Array = 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))
        return made

    def approximate(x: Array) -> Array:
        made: Array = 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
        return made

    if operator.options.approximate:
        return curve(approximate, -0.7524614, operator, given)
    return curve(exact, -0.7517915, operator, given)


def join(operator: Operator, given: Sequence[Bound]) -> Bound:
    """CONCATENATION."""
    axis = operator.options.axis
    return Bound(
        center=np.concatenate([x.center for x in given], axis),
        radius=np.concatenate([x.radius for x in given], axis),
    )


def same(operator: Operator, given: Sequence[Bound]) -> Bound:
    """QUANTIZE and DEQUANTIZE, other ways to hold the same numbers, and RESHAPE."""
    (x,) = given
    return Bound(center=x.center, radius=x.radius + UNIT_ROUNDOFF * np.abs(x.center))


RULES: Final[Mapping[str, Callable[[Operator, Sequence[Bound]], Bound]]] = {
    "ADD": add,
    "AVERAGE_POOL_2D": pool,
    "CONCATENATION": join,
    "CONV_2D": convolve,
    "DEPTHWISE_CONV_2D": convolve_depthwise,
    "DEQUANTIZE": same,
    "FULLY_CONNECTED": connect,
    "GELU": gelu,
    "HARD_SWISH": partial(curve, lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0, -1.5),
    "LEAKY_RELU": leaky,
    "LOGISTIC": partial(curve, logistic, None),
    "MAX_POOL_2D": partial(pool, largest=True),
    "MEAN": average,
    "MUL": multiply,
    "QUANTIZE": same,
    "RELU": partial(curve, lambda x: np.maximum(x, 0.0), None),
    "RELU6": partial(curve, lambda x: np.clip(x, 0.0, 6.0), None),
    "RESHAPE": same,
    "SOFTMAX": softmax,
    "SUB": partial(add, sign=-1.0),
    "TANH": partial(curve, np.tanh, None),
}
