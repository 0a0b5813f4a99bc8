"""Data sets: images with labels, splits and patients, read one image at a time."""

from edgeassay.datasets.masks import load_masks
from edgeassay.datasets.opening import (
    OpenData,
    check_classes,
    check_evaluation,
    check_separation,
    draw_calibration,
    open_dataset,
)
from edgeassay.datasets.rehearsal import open_rehearsal
from edgeassay.datasets.sample import draw_sample, one_each, rows_of
from edgeassay.datasets.split import Dataset, Split, load_images

__all__ = [
    "Dataset",
    "OpenData",
    "Split",
    "check_classes",
    "check_evaluation",
    "check_separation",
    "draw_calibration",
    "draw_sample",
    "load_images",
    "load_masks",
    "one_each",
    "open_dataset",
    "open_rehearsal",
    "rows_of",
]
