"""Data sets: images with labels, splits and patients, read one image at a time."""

from edgeassay.datasets.opening import (
    check_evaluation,
    check_separation,
    draw_calibration,
    open_dataset,
)
from edgeassay.datasets.split import Dataset, Split

__all__ = [
    "Dataset",
    "Split",
    "check_evaluation",
    "check_separation",
    "draw_calibration",
    "open_dataset",
]
