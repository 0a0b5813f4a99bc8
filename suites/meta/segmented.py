"""A small project whose network segments: blobs on noise, marked by a layer that looks at each
pixel alone. No TensorFlow.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from suites.meta.project import Project
from suites.meta.tinymodels import (
    INPUT_SCALE,
    INPUT_ZERO,
    OUTPUT_SCALE,
    OUTPUT_ZERO,
    Graph,
    operator,
    write_model,
)

GRID: Final = 24
# Of the images, another than the network's, and not square.
HEIGHT, WIDTH = 30, 36
STEEPNESS: Final = 20.0
TEST_PATIENTS: Final = 32

MODEL_TOML: Final = """
id = "tiny"
weights = "tiny.keras"

[data]
source = "image-csv"
folder = "blobs"
masks = { blob = "mask" }
patient = "patient"

[preprocess]
color = "grey"
size = [24, 24]

[variants]
fp32 = { method = "fp32" }
int8 = { method = "int8", calibration_images = 4 }

[runtimes]
litert = {}

[limits]
loads = true
finite_outputs = true
mean_dice_drop = 0.05
min_dice = 0.6
mean_iou_drop = 0.05
boundary_dice_drop = 0.1 # what 64 patients can show

[limits.int8]
size_ratio = 0.9
latency_ratio = 50.0
"""


def write_segmenter(
    path: Path, thresholds: Sequence[float], *, int8: bool = False, padding_bytes: int = 0
) -> None:
    """A network that marks, of each class, the pixels brighter than its threshold (0 to 1)."""
    graph, kinds, classes = Graph(), schema.TensorType, len(thresholds)
    weights = np.full((classes, 1, 1, 1), STEEPNESS, np.float32)
    bias = -STEEPNESS * np.asarray(thresholds, np.float32)
    taken, given = [1, GRID, GRID, 1], [1, GRID, GRID, classes]
    if int8:
        scale = STEEPNESS / 127.0
        step = INPUT_SCALE * scale
        image = graph.tensor("image", taken, kinds.INT8, quantized=(INPUT_SCALE, INPUT_ZERO))
        whole = np.rint(weights / scale).astype(np.int8)
        kernel = graph.tensor("weights", weights.shape, kinds.INT8, whole, (scale, 0))
        offsets = np.rint(bias / step).astype(np.int32)
        offset = graph.tensor("bias", bias.shape, kinds.INT32, offsets, (step, 0))
        logits = graph.tensor("logits", given, kinds.INT8, quantized=(32.0 / 255.0, 0))
        marks = graph.tensor("marks", given, kinds.INT8, quantized=(OUTPUT_SCALE, OUTPUT_ZERO))
    else:
        image = graph.tensor("image", taken, kinds.FLOAT32)
        kernel = graph.tensor("weights", weights.shape, kinds.FLOAT32, weights)
        offset = graph.tensor("bias", bias.shape, kinds.FLOAT32, bias)
        logits = graph.tensor("logits", given, kinds.FLOAT32)
        marks = graph.tensor("marks", given, kinds.FLOAT32)
    if padding_bytes:
        graph.tensor("padding", [padding_bytes], kinds.UINT8, np.zeros(padding_bytes, np.uint8))
    convolution = operator(0, [image, kernel, offset], [logits], dense=False)
    convolution.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    convolution.builtinOptions = schema.Conv2DOptionsT()
    convolution.builtinOptions.strideH = convolution.builtinOptions.strideW = 1
    convolution.builtinOptions.dilationHFactor = convolution.builtinOptions.dilationWFactor = 1
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [image], [marks]
    subgraph.operators = [convolution, operator(1, [logits], [marks], dense=False)]
    codes = (
        (schema.BuiltinOperator.CONV_2D, 3 if int8 else 1),
        (schema.BuiltinOperator.LOGISTIC, 2 if int8 else 1),
    )
    write_model(path, graph, subgraph, codes)


def blob(rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """An image, brighter towards the middle of a disc, and the disc."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    row, column, radius = rng.uniform(10, 20), rng.uniform(12, 24), rng.uniform(4, 9)
    inside = 1.0 - np.hypot(rows - row, columns - column) / (2.0 * radius)
    grey = 255.0 * np.clip(inside + rng.normal(0.0, 0.02, inside.shape), 0.0, 1.0)
    return grey.astype(np.uint8), inside > 0.5


def write_blobs(folder: Path, patients: int = TEST_PATIENTS, *, empty: int = 0) -> None:
    """Images of blobs with their masks, two a patient; beside `patients` for the test, four each
    for training and validation. On the first `empty` images of the test nothing is seen or drawn.
    """
    rng = np.random.default_rng(9)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    splits = ["test"] * patients + ["train"] * 4 + ["calibration"] * 4 + ["validation"] * 4
    rows: list[Sequence[str]] = [("image", "mask", "patient", "split")]
    for number in range(2 * len(splits)):
        grey, drawn = blob(rng)
        if number < empty:
            grey, drawn = np.zeros_like(grey), np.zeros_like(drawn)
        image, mask = f"images/{number:03d}.png", f"masks/{number:03d}.png"
        Image.fromarray(grey).save(folder / image)
        Image.fromarray(255 * drawn.astype(np.uint8)).save(folder / mask)
        rows.append((image, mask, f"p{number // 2:03d}", splits[number // 2]))
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def segment(project: Project, *, threshold: float = 0.5, patients: int = TEST_PATIENTS) -> None:
    """Have a project segment; the int8 artifact marks what is brighter than `threshold`."""
    project.model_toml = MODEL_TOML
    project.write_declarations()
    write_blobs(project.data / "blobs", patients)
    write_segmenter(project.artifacts / "tiny/fp32.tflite", [0.5], padding_bytes=4096)
    write_segmenter(project.artifacts / "tiny/int8.tflite", [threshold], int8=True)
