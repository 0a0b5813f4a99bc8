"""Preprocessing against an independent computation: filters as explicit sums, in doubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.preprocess import WHITE_16_BIT, input_shape, preprocess
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


def lanczos(x: float) -> float:
    return float(np.sinc(x) * np.sinc(x / 3)) if abs(x) < 3 else 0.0


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


def stored(pixels: npt.NDArray[np.uint16], kind: str) -> Image.Image:
    """The pixels as they come back from an image file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    image = Image.open(BytesIO(file.getvalue()))
    image.load()
    return image


@pytest.mark.parametrize(
    ("name", "weight"),
    [("bilinear", triangle), ("bicubic", cubic), ("box", box), ("lanczos", lanczos)],
)
@pytest.mark.parametrize("size", [(20, 28), (64, 40), (33, 47), (50, 60)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_resized_and_scaled_as_real_numbers(
    name: str, weight: Weights, size: tuple[int, int], kind: str
) -> None:
    pixels = np.random.default_rng(5).integers(0, 65_536, (50, 60)).astype(np.uint16)
    settings = Preprocess(color="grey", size=size, resize=name, mean=(0.4,), std=(0.9,))  # type: ignore[arg-type]
    made = preprocess(stored(pixels, kind), settings)[..., 0]
    resized = matrix(50, size[0], weight) @ (pixels / 65_535) @ matrix(60, size[1], weight).T
    assert np.abs(made - (resized - 0.4) / 0.9).max() <= 1e-6


@pytest.mark.parametrize("mode", ["<u2", ">u2", "<i4"])
def test_16_bits_of_every_mode_give_the_same(mode: str) -> None:
    pixels = np.random.default_rng(6).integers(0, 65_536, (9, 7)).astype(np.uint16)
    settings = Preprocess(color="grey", size=(5, 6), resize="nearest")
    made = preprocess(Image.fromarray(pixels.astype(mode)), settings)[..., 0]
    rows, columns = (np.arange(5) + 0.5) * 9 // 5, (np.arange(6) + 0.5) * 7 // 6
    wanted = pixels[np.ix_(rows.astype(int), columns.astype(int))] / 65_535
    assert made == pytest.approx(wanted, abs=1e-6)


def test_16_bits_become_three_equal_channels() -> None:
    pixels = np.random.default_rng(7).integers(0, 65_536, (9, 7)).astype(np.uint16)
    grey = preprocess(Image.fromarray(pixels), Preprocess(color="grey", size=(4, 5)))
    rgb = preprocess(Image.fromarray(pixels), Preprocess(color="rgb", size=(4, 5)))
    assert rgb.shape == (4, 5, 3)
    assert rgb.flags.c_contiguous
    assert np.array_equal(rgb, np.repeat(grey, 3, axis=2))
    first = Preprocess(color="rgb", size=(4, 5), channels="first")
    assert np.array_equal(preprocess(Image.fromarray(pixels), first), rgb.transpose(2, 0, 1))


@pytest.mark.parametrize(("kind", "usual"), [(np.uint8, 255), (np.uint16, WHITE_16_BIT)])
def test_white_is_what_becomes_the_upper_end(kind: type[np.uint8], usual: int) -> None:
    pixels = np.arange(16, dtype=kind).reshape(4, 4) * 8
    image = Image.fromarray(pixels)
    settings = Preprocess(color="grey", size=(4, 4), scale=(-1.0, 1.0))
    given = preprocess(image, replace(settings, white=120))[..., 0]
    assert given == pytest.approx(pixels / 60 - 1, abs=1e-6)
    unsaid = preprocess(image, settings)
    assert np.array_equal(unsaid, preprocess(image, replace(settings, white=usual)))
    assert float(unsaid.max()) == pytest.approx(120 / usual * 2 - 1, abs=1e-6)


def test_8_bits_are_scaled_as_ever() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    made = preprocess(Image.fromarray(pixels), Preprocess(color="grey", size=(16, 16)))
    assert np.array_equal(made[..., 0], pixels.astype(np.float32) / np.float32(255.0))
