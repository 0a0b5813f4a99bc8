"""The CSV files that say how well each image was segmented."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from edgeassay.atomic import write_text
from edgeassay.datasets import Split
from edgeassay.measure.segments import Segments
from edgeassay.stats.overlap import dice


def segments_csv(segments: Segments, split: Split, classes: tuple[str, ...]) -> str:
    """One row an image: its name, and for each class the Dice and the pixels that it is taken from
    (`<class>.both`, `<class>.marked_only`, `<class>.drawn_only`).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    named = [f"{name}.{what}" for name in classes for what in ("both", "marked_only", "drawn_only")]
    writer.writerow(["image", *(f"{name}.dice" for name in classes), *named])
    scores = dice(segments.pixels)
    for i, image in enumerate(split.names):
        pixels = segments.pixels[i].reshape(-1).tolist()
        writer.writerow([image, *(f"{score:.6f}" for score in scores[i]), *pixels])
    return text.getvalue()


def write_segments(
    folder: Path, case_id: str, segments: Segments, split: Split, classes: tuple[str, ...]
) -> None:
    """Write `folder`/<case>.csv, whole or not at all."""
    write_text(folder / f"{case_id}.csv", segments_csv(segments, split, classes))
