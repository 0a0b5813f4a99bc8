"""From a decoded image to a network's input: one code for training, calibration and evaluation."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import PIL
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


def input_shape(settings: Preprocess) -> tuple[int, int, int]:
    """The shape of one preprocessed image, without the batch axis."""
    height, width = settings.size
    channels = MODES[settings.color][1]
    return (height, width, channels) if settings.channels == "last" else (channels, height, width)


@cache
def preprocess_version() -> str:
    """What decides the bytes of a preprocessed image beside image and settings: this code, and the
    versions of what it calls.
    """
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    return f"{code} pillow {PIL.__version__} numpy {np.__version__}"


def preprocess(image: Image.Image, settings: Preprocess) -> npt.NDArray[np.float32]:
    """One 8-bit image, any size, as float32 of `input_shape(settings)`.

    Resizing is Pillow's: the filter's support grows with the reduction (antialiased), and the
    result is rounded to 8 bits before scaling, as an image file would hold it.
    """
    mode, channels = MODES[settings.color]
    height, width = settings.size
    image = image if image.mode == mode else image.convert(mode)
    if image.size != (width, height):
        image = image.resize((width, height), FILTERS[settings.resize])
    low, high = settings.scale
    pixels = np.asarray(image, dtype=np.float32).reshape(height, width, channels)
    # Divided, not multiplied by a reciprocal: what anyone would write again on a device.
    scaled = pixels / np.float32(255.0) * np.float32(high - low) + np.float32(low)
    mean, std = (np.asarray(v, dtype=np.float32) for v in (settings.mean, settings.std))
    normal: npt.NDArray[np.float32] = (scaled - mean) / std
    return (
        normal if settings.channels == "last" else np.ascontiguousarray(normal.transpose(2, 0, 1))
    )
