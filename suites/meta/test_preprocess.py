"""Preprocessing against an independent computation: filters as explicit sums, in doubles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.preprocess import input_shape, preprocess
from edgeassay.spec import Preprocess

Weights = Callable[[float], float]


def triangle(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def cubic(x: float, a: float = -0.5) -> float:
    """Keys 1981."""
    x = abs(x)
    if x < 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0


def box(x: float) -> float:
    return 1.0 if -0.5 < x <= 0.5 else 0.0


def matrix(given: int, wanted: int, weight: Weights) -> npt.NDArray[np.float64]:
    """The linear map along one axis: the filter stretched by the reduction, normalized."""
    stretch = max(1.0, given / wanted)
    centre = (np.arange(wanted) + 0.5) * given / wanted
    rows = [[weight((i + 0.5 - c) / stretch) for i in range(given)] for c in centre]
    result: npt.NDArray[np.float64] = np.array(rows)
    result /= result.sum(axis=1, keepdims=True)
    return result


@pytest.mark.parametrize(
    ("name", "weight"), [("bilinear", triangle), ("bicubic", cubic), ("box", box)]
)
@pytest.mark.parametrize("size", [(20, 28), (64, 40), (33, 47)])
def test_resizing_is_the_filter_it_is_named_after(
    name: str, weight: Weights, size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (50, 60)).astype(np.uint8)
    settings = Preprocess(color="grey", size=size, resize=name, scale=(0.0, 255.0))  # type: ignore[arg-type]
    made = preprocess(Image.fromarray(pixels), settings)[..., 0]
    across = np.rint(np.clip(pixels @ matrix(60, size[1], weight).T, 0, 255))
    wanted = np.clip(matrix(50, size[0], weight) @ across, 0, 255)
    # Pillow rounds each pass to 8 bits, with fixed-point weights: one step at most.
    assert np.abs(made - wanted).max() <= 1.51


def test_scale_mean_and_deviation_are_applied_per_channel() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (6, 5, 3)).astype(np.uint8)
    settings = Preprocess(
        color="rgb", size=(6, 5), scale=(-1.0, 1.0), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7)
    )
    made = preprocess(Image.fromarray(pixels), settings)
    assert made.dtype == np.float32
    assert made.shape == input_shape(settings) == (6, 5, 3)
    for channel in range(3):
        wanted = (pixels[..., channel] / 127.5 - 1 - settings.mean[channel]) / settings.std[channel]
        assert made[..., channel] == pytest.approx(wanted, abs=1e-6)


def test_channels_first_is_the_transpose() -> None:
    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (6, 5, 3)).astype(np.uint8))
    last = preprocess(image, Preprocess(color="rgb", size=(4, 4)))
    first = preprocess(image, Preprocess(color="rgb", size=(4, 4), channels="first"))
    assert first.shape == (3, 4, 4)
    assert np.array_equal(first, last.transpose(2, 0, 1))


def test_colour_becomes_grey_by_luma_and_grey_becomes_three_equal_channels() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    grey = preprocess(Image.fromarray(pixels), Preprocess(color="grey", size=(4, 4)))
    luma = pixels @ np.array([0.299, 0.587, 0.114]) / 255  # ITU-R BT.601
    assert grey[..., 0] == pytest.approx(luma, abs=1 / 255)
    rgb = preprocess(Image.fromarray(pixels[..., 0]), Preprocess(color="rgb", size=(4, 4)))
    assert np.array_equal(rgb[..., 0], rgb[..., 1])
    assert np.array_equal(rgb[..., 0], rgb[..., 2])
