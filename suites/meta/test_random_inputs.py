"""Seeded inputs of any shape and type, and the share of outputs that are finite."""

from __future__ import annotations

import numpy as np
import pytest

from edgeassay.errors import MeasurementError
from edgeassay.measure.random_inputs import finite_share, random_inputs, random_rows
from edgeassay.spec import RandomInputs
from edgeassay.workers import Loaded, TensorSpec


def tensor(dtype: str, scale: float = 0.0, zero_point: int = 0, name: str = "x") -> TensorSpec:
    return TensorSpec(
        name=name, shape=(1, 500), dtype=np.dtype(dtype), scale=scale, zero_point=zero_point
    )


def loaded(*inputs: TensorSpec) -> Loaded:
    return Loaded(handle="a", label="a", sha256="", inputs=inputs, outputs=())


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        (tensor("float32"), -1, 1),
        (tensor("float16"), -1, 1),
        (tensor("int8", scale=1 / 100), -100, 100),
        (tensor("uint8", scale=1 / 100, zero_point=128), 28, 228),
        (tensor("int64"), 0, 1),
        (tensor("bool"), 0, 1),
        (tensor("int32", name="ids"), 3, 7),
        (tensor("float32", name="wide"), -50, -40),
    ],
)
def test_inputs_fill_their_range_and_stay_in_it(given: TensorSpec, low: float, high: float) -> None:
    settings = RandomInputs(ranges={"ids": (3, 7), "wide": (-50, -40)})
    (made,) = random_inputs(loaded(given), settings, seed=1)
    assert (made.shape, made.dtype) == (given.shape, given.dtype)
    values = made.astype(np.float64)
    assert low <= values.min() < low + 0.1 * (high - low)
    assert high - 0.1 * (high - low) < values.max() <= high


def test_artifacts_of_the_same_inputs_get_the_same_numbers() -> None:
    floats, integers = loaded(tensor("float32")), loaded(tensor("int8", scale=1 / 100))
    settings = RandomInputs(rows=3)
    (real,), (steps,) = (random_rows(item, settings, seed=4) for item in (floats, integers))
    assert real.shape == (3, 1, 500)
    assert np.abs(real - steps / 100).max() <= 0.0051
    assert not np.array_equal(real[0], real[1])
    assert not np.array_equal(real, random_rows(floats, settings, seed=9)[0])


@pytest.mark.parametrize("dtype", ["S4", "complex64"])
def test_what_takes_no_real_numbers_is_refused(dtype: str) -> None:
    with pytest.raises(MeasurementError, match=r"'x' takes (text|complex64), and random inputs"):
        random_inputs(loaded(tensor(dtype)), RandomInputs(), seed=1)


def test_every_kind_of_number_counts_as_finite_or_not() -> None:
    assert finite_share([np.array([1.0, np.nan]), np.array([np.inf, 2.0])]) == 0.5
    assert finite_share([np.array([1 + 1j, complex(0, np.nan)], np.complex64)]) == 0.5
    assert finite_share([np.array([1, 2], np.int8), np.array([True])]) == 1.0
