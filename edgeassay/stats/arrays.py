"""The arrays that statistics are taken of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.integer[Any]]
Labels = npt.NDArray[np.integer[Any]]
Scores = npt.NDArray[np.floating[Any]]
