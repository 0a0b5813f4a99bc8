"""From a decoded image to a network's input: one code for training, calibration and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.spec import Preprocess

Images = npt.NDArray[np.float32]

FILTERS: Final = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
MODES: Final = {"grey": ("L", 1), "rgb": ("RGB", 3)}
WHITE_8_BIT: Final = 255
WHITE_16_BIT: Final = 65_535


def input_shape(settings: Preprocess) -> tuple[int, int, int]:
    """The shape of one preprocessed image, without the batch axis."""
    return _shapes(settings)[settings.channels]


def _shapes(settings: Preprocess) -> dict[str, tuple[int, int, int]]:
    """The shapes that one image may have, by where its channels are."""
    height, width = settings.size
    channels = MODES[settings.color][1]
    return {"last": (height, width, channels), "first": (channels, height, width)}


def image_shapes(settings: Preprocess) -> list[tuple[int, int, int, int]]:
    """The shapes of an input of one such image, batch axis included: as declared first."""
    declared = input_shape(settings)
    others = (one for one in _shapes(settings).values() if one != declared)
    return [(1, *one) for one in (declared, *others)]


def fits(settings: Preprocess, shape: Sequence[int]) -> bool:
    """Whether a network that takes `shape` takes such images, wherever it has the channels."""
    return tuple(shape) in {(1, *one) for one in _shapes(settings).values()}


def laid_out(images: Images, settings: Preprocess, shape: Sequence[int]) -> Images:
    """Preprocessed images as a network takes them whose input is of `shape`, batch axis included.

    The shape shows where it has the channels: forms of one network that come by other ways may
    differ in it. Where it fits both ways, they stay as declared.
    """
    if tuple(shape[1:]) in (images.shape[1:], input_shape(settings)):
        return images
    order = (0, 3, 1, 2) if settings.channels == "last" else (0, 2, 3, 1)
    return np.ascontiguousarray(images.transpose(order))


def is_deep(image: Image.Image) -> bool:
    """Whether an image has 16 bits a channel, and not 8."""
    return image.mode.startswith("I")


def brightest(image: Image.Image) -> int:
    """The largest number that a pixel has in any channel."""
    plain = image if is_deep(image) or image.mode in ("L", "RGB") else image.convert("RGB")
    return int(np.asarray(plain).max())


def preprocess(image: Image.Image, settings: Preprocess) -> npt.NDArray[np.float32]:
    """One image, of 8 bits a channel or 16-bit grey and any size, as float32 of
    `input_shape(settings)`.

    Resizing is Pillow's: the filter's support grows with the reduction (antialiased). An 8-bit
    image is rounded to 8 bits before scaling, as an image file would hold it; a 16-bit one isn't
    rounded, nor is what a filter overshoots cut off.
    """
    if is_deep(image):
        pixels, white = _resized_16_bit(image, settings), WHITE_16_BIT
    else:
        pixels, white = _resized_8_bit(image, settings), WHITE_8_BIT
    white = white if settings.white is None else settings.white
    low, high = settings.scale
    # Divided, not multiplied by a reciprocal: what anyone would write again on a device.
    scaled = pixels / np.float32(white) * np.float32(high - low) + np.float32(low)
    mean, std = (np.asarray(v, dtype=np.float32) for v in (settings.mean, settings.std))
    normal: npt.NDArray[np.float32] = (scaled - mean) / std
    return (
        normal if settings.channels == "last" else np.ascontiguousarray(normal.transpose(2, 0, 1))
    )


def _resized_8_bit(image: Image.Image, settings: Preprocess) -> npt.NDArray[np.float32]:
    mode, channels = MODES[settings.color]
    height, width = settings.size
    image = image if image.mode == mode else image.convert(mode)
    if image.size != (width, height):
        image = image.resize((width, height), FILTERS[settings.resize])
    return np.asarray(image, dtype=np.float32).reshape(height, width, channels)


def _resized_16_bit(image: Image.Image, settings: Preprocess) -> npt.NDArray[np.float32]:
    height, width = settings.size
    # By way of an array: Pillow's own conversions from 16 bits clip, and some modes have none.
    image = Image.fromarray(np.asarray(image).astype(np.float32))
    if image.size != (width, height):
        image = image.resize((width, height), FILTERS[settings.resize])
    grey = np.asarray(image, dtype=np.float32).reshape(height, width, 1)
    return np.repeat(grey, MODES[settings.color][1], axis=2)
