"""fp32: the network as trained, the reference of all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.plain_files import read_plain


def convert(converter: Any, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a float .tflite."""
    return bytes(converter.convert())


def requantize(source: Path, calibration: npt.NDArray[np.float32] | None) -> bytes:
    """The bytes of a float .tflite: its own."""
    return read_plain(source)
