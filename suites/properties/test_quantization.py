"""Laws of quantization: of real numbers and integers, of weights by channel, of half precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeassay.measure.quantization import dequantize, quantize
from edgeassay.workers import TensorSpec

scales = st.floats(2.0**-13, 8.0, width=32)
zero_points = st.integers(-128, 127)
# (channels, weights): a channel may be a million times smaller than another.
channels = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 12)),
    elements=st.floats(-1.0, 1.0, width=32).filter(lambda x: x == 0.0 or abs(x) > 1e-6),
)

Weights = npt.NDArray[np.float32]


def tensor(scale: float, zero_point: int) -> TensorSpec:
    return TensorSpec(
        name="t", shape=(1,), dtype=np.dtype(np.int8), scale=scale, zero_point=zero_point
    )


def round_trip(weights: Weights, step: float) -> Weights:
    """Symmetric 8-bit weights and back; a step of 0 is that of weights that are all zero."""
    spec = tensor(step or 1.0, 0)
    return dequantize(quantize(weights, spec), spec)


def step_of(weights: Weights) -> float:
    """The symmetric step: the largest weight is 127 of them."""
    return float(np.abs(weights).max()) / 127.0


@given(scales, zero_points, st.integers(-128, 127))
def test_an_integer_survives_the_round_trip(scale: float, zero: int, value: int) -> None:
    spec, integer = tensor(scale, zero), np.array([value], np.int8)
    assert np.array_equal(quantize(dequantize(integer, spec), spec), integer)


@given(scales, zero_points, st.floats(0.0, 1.0))
def test_a_number_in_range_comes_back_within_half_a_step(
    scale: float, zero: int, share: float
) -> None:
    spec = tensor(scale, zero)
    low, high = (scale * (end - zero) for end in (-128, 127))
    value = np.array([low + share * (high - low)], np.float32)
    error = abs(float(dequantize(quantize(value, spec), spec)[0]) - float(value[0]))
    assert error <= 0.5 * scale * (1 + 1e-4)


@given(scales, zero_points)
def test_zero_is_exact(scale: float, zero: int) -> None:
    spec = tensor(scale, zero)
    assert dequantize(quantize(np.zeros(1, np.float32), spec), spec)[0] == 0.0


@given(scales, zero_points, st.floats(-1e6, 1e6, width=32))
def test_what_is_out_of_range_saturates(scale: float, zero: int, value: float) -> None:
    spec = tensor(scale, zero)
    made = int(quantize(np.array([value], np.float32), spec)[0])
    exact = value / scale + zero
    if exact > 128:
        assert made == 127
    elif exact < -129:
        assert made == -128


@given(scales, zero_points, st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32))
def test_quantization_keeps_order(scale: float, zero: int, one: float, other: float) -> None:
    spec = tensor(scale, zero)
    low, high = quantize(np.sort(np.array([one, other], np.float32)), spec)
    assert low <= high


@given(channels)
def test_a_channel_of_its_own_bounds_every_error_no_worse_than_a_tensor_for_all(
    weights: Weights,
) -> None:
    whole = step_of(weights)
    for channel in weights:
        own = step_of(channel)
        assert own <= whole
        error = np.abs(round_trip(channel, own) - channel).max()
        assert error <= 0.5 * own * (1 + 1e-4)


@given(channels)
def test_the_bound_of_the_mean_square_error_is_no_worse_by_channel(weights: Weights) -> None:
    # Half a step an error, so a quarter of a squared step: the mean over channels against one.
    owns = np.array([step_of(channel) for channel in weights])
    made = np.stack([round_trip(c, s) for c, s in zip(weights, owns, strict=True)])
    bound = float((owns**2).mean()) / 4
    assert bound <= step_of(weights) ** 2 / 4 * (1 + 1e-9)
    assert float(((made - weights).astype(np.float64) ** 2).mean()) <= bound * (1 + 1e-3)


def test_a_single_weight_may_fare_worse_in_a_channel_of_its_own() -> None:
    # Why the two laws above are about bounds: 1.0 is a step of the tensor, and none of its channel.
    weights = np.array([[127.0, 0.0], [1.5, 1.0]], np.float32)
    assert round_trip(weights, step_of(weights))[1, 1] == 1.0
    assert round_trip(weights[1], step_of(weights[1]))[1] != 1.0


@given(st.floats(-65504.0, 65504.0, width=32))
def test_half_precision_keeps_a_number_to_half_an_ulp(value: float) -> None:
    # 11 significant bits; below 2**-14 the numbers are 2**-24 apart.
    error = abs(float(np.float16(value)) - value)
    assert error <= max(2.0**-11 * abs(value), 2.0**-25)


@pytest.mark.parametrize("value", [65520.0, 1e6])
def test_half_precision_has_nothing_for_what_lies_beyond_its_range(value: float) -> None:
    with np.errstate(over="ignore"):
        assert np.isinf(np.float16(value))
    assert np.float16(np.nextafter(np.float32(65520.0), np.float32(0.0))) == 65504.0


@pytest.mark.parametrize("value", [2.0**-25, 1e-8])
def test_half_precision_loses_the_smallest_numbers(value: float) -> None:
    assert np.float16(value) == 0.0
