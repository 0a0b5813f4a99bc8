"""What a case says of a split's images, and the CSV files that hold such scores."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.atomic import write_text
from edgeassay.datasets import Split
from edgeassay.datasets.table import read_table
from edgeassay.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Scores of a case, float32 (images, classes), with the integers they came from, if any.

    `step` is how far two neighbouring scores lie apart where they come from integers, else 0.
    `worker` is what the workers say of themselves; `reused` counts the images whose outputs an
    earlier run had kept.
    """

    scores: npt.NDArray[np.float32]
    raw: npt.NDArray[Any] | None
    step: float
    worker: dict[str, Any]
    reused: int

    @property
    def finite_share(self) -> float:
        """The share of scores that are finite numbers."""
        return float(np.isfinite(self.scores).mean())

    def __len__(self) -> int:
        return len(self.scores)


def predictions_csv(predictions: Predictions, split: Split, classes: tuple[str, ...]) -> str:
    """One row an image: its name, a score a class, and `<class>.raw` integers where there are any.

    Scores are written so that reading them as float32 gives the same number again.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    raw = [] if predictions.raw is None else [f"{name}.raw" for name in classes]
    writer.writerow(["image", *classes, *raw])
    for i, name in enumerate(split.names):
        integers = [] if predictions.raw is None else predictions.raw[i].tolist()
        writer.writerow([name, *(str(score) for score in predictions.scores[i]), *integers])
    return text.getvalue()


def read_predictions(path: Path, split: Split, classes: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """The scores that a file in the shape of `predictions_csv` has for a split, float32 (images,
    classes); rows may be in any order and of other images too. DataError says what isn't so.
    """
    wanted = f"must be there: `image`, and scores for each class ({', '.join(classes)})"
    table = read_table(
        path,
        dict.fromkeys(("image", *classes), wanted),
        absent=f"{path} doesn't exist; `predictions` under [reference] names it",
    )
    found: dict[str, list[float]] = {}
    for row, image in enumerate(table.columns["image"]):
        try:
            scores = [float(table.columns[name][row]) for name in classes]
        except ValueError as error:
            raise DataError(f"{table.at(row)}: {error}; write a number") from None
        if not np.isfinite(scores).all():
            raise DataError(f"{table.at(row)}: a score is no finite number; mend the row")
        if image in found:
            raise DataError(f"{table.at(row)}: {image} is listed twice; remove one")
        found[image] = scores
    absent = [name for name in split.names if name not in found]
    if absent:
        raise DataError(
            f"{path} has no row for {len(absent):,} of {len(split):,} evaluation images, such as"
            f" {absent[0]}; predict them all"
        )
    return np.array([found[name] for name in split.names], np.float32)


def write_predictions(
    folder: Path,
    case_id: str,
    predictions: Predictions,
    split: Split,
    classes: tuple[str, ...],
) -> None:
    """Write `folder`/<case>.csv, whole or not at all."""
    write_text(folder / f"{case_id}.csv", predictions_csv(predictions, split, classes))
