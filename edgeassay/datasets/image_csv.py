"""A folder of images and a CSV that names image, label or masks, patient (or group) and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.identity import check_images, check_splits, check_values
from edgeassay.datasets.image_files import REFUSING, digest_file, load_image, look_at
from edgeassay.datasets.labels import (
    Rows,
    binary,
    check_texts,
    negative_texts,
    one_hot,
    read_label,
)
from edgeassay.datasets.masks import load_mask
from edgeassay.datasets.patients import patients_of
from edgeassay.datasets.split import Members, Split, members_of
from edgeassay.datasets.table import Table, read_table
from edgeassay.errors import DataError, why
from edgeassay.spec import Decoding, ImageCsvSource, Role

USUAL_SPLITS: Final[Mapping[Role, str]] = {
    Role.TRAIN: "train",
    Role.CALIBRATION: "calibration",
    Role.VALIDATION: "validation",
    Role.EVALUATION: "test",
}


@dataclass(frozen=True)
class ImageCsv:
    """Images below `root`, listed by a CSV there. Nothing is read before it is asked for. Without
    `test_images`, nobody opens those of the evaluation split, and they needn't be there.
    """

    settings: ImageCsvSource
    root: Path
    test_images: bool = True
    decoding: Decoding = REFUSING

    @property
    def where(self) -> str:
        return str(self.root / self.settings.csv)

    @property
    def classes(self) -> Sequence[str]:
        return self.settings.class_names

    @cached_property
    def _table(self) -> Table:
        s = self.settings
        named = [
            *(("image", s.image), ("split", s.split), ("patient", s.patient), ("group", s.group)),
            ("label", s.label),
            *(("labels", column) for column in s.labels),
            *((f"masks.{name}", column) for name, column in s.masks.items()),
            *(("subgroups", column) for column in s.subgroups),
        ]
        return read_table(
            self.root / s.csv,
            {column: f"`{key}` in [data] names" for key, column in named if column is not None},
            absent=f"{self.where} doesn't exist; `csv` in [data] names it",
        )

    @cached_property
    def _rows(self) -> Mapping[str, Rows]:
        """The table's rows by split; DataError if a row names none, as where a file is cut off."""
        check_splits(self._table, self.settings.split)
        check_images(self._table, self.settings.image, self.root.absolute())
        for column in self.settings.subgroups:
            check_values(self._table, column)
        by_split: dict[str, list[int]] = {}
        for row, split in enumerate(self._table.columns[self.settings.split]):
            if not split.strip():
                raise DataError(
                    f"{self._table.at(row)}: column {self.settings.split!r} is empty; fill it in"
                )
            by_split.setdefault(split, []).append(row)
        return by_split

    @property
    def _evaluation(self) -> str:
        return {**USUAL_SPLITS, **self.settings.splits}[Role.EVALUATION]

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        declared = {**USUAL_SPLITS, **self.settings.splits}
        for role, name in declared.items():
            needed = role is Role.EVALUATION or role in self.settings.splits
            if needed and name not in self._rows:
                raise DataError(
                    f"{self.where}: no row has {self.settings.split} = {name!r}, the"
                    f" {role.value} split; the column holds {', '.join(sorted(self._rows))};"
                    f' name the one that is meant: `splits = {{ {role.value} = "…" }}` in [data]'
                )
        return {
            role: self._split(name, self._rows[name])
            for role, name in declared.items()
            if name in self._rows
        }

    @property
    def _unused_rows(self) -> Mapping[str, Rows]:
        used = {split.name for split in self.splits.values()}
        return {name: rows for name, rows in self._rows.items() if name not in used}

    @cached_property
    def unused(self) -> Sequence[Split]:
        return [self._split(name, rows) for name, rows in self._unused_rows.items()]

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        unused = [
            Members(
                label=f"split {name!r}",
                names=self._column(self.settings.image, rows),
                patients=self._patients(rows),
            )
            for name, rows in self._unused_rows.items()
        ]
        return [*members_of(self.splits), *unused]

    def _column(self, name: str, rows: Rows) -> list[str]:
        column = self._table.columns[name]
        return [column[row] for row in rows]

    @cached_property
    def _everyones(self) -> Sequence[str] | None:
        """Each row's patient (or group), in whatever split it is."""
        who = self.settings.patient or self.settings.group
        return None if who is None else patients_of(self._table, who)

    def _patients(self, rows: Rows) -> list[str] | None:
        everyones = self._everyones
        return None if everyones is None else [everyones[row] for row in rows]

    def _split(self, name: str, rows: Rows) -> Split:
        names = self._column(self.settings.image, rows)
        self._check_images(name, rows, names)
        masks = {c: self._column(column, rows) for c, column in self.settings.masks.items()}
        for column, files in masks.items():
            self._check_masks(name, rows, column, files)
        return Split(
            name=name,
            names=names,
            labels=self._labels(name, rows),
            patients=self._patients(rows),
            load=partial(self._load, names),
            digest=partial(self._digest, names),
            subgroups={column: self._column(column, rows) for column in self.settings.subgroups},
            masks=partial(self._masks, names, list(masks.values())) if masks else None,
            negatives=self._negatives(rows),
        )

    def _check_images(self, split: str, rows: Rows, names: Sequence[str]) -> None:
        seen: dict[str, int] = {}
        for row, image in zip(rows, names, strict=True):
            if image in seen:
                raise DataError(
                    f"{self._table.at(row)}: {image} is listed twice in split {split!r}"
                    f" (first in line {self._table.lines[seen[image]]}); remove one"
                )
            seen[image] = row
            opened = self.test_images or split != self._evaluation
            problem = _not_a_file(self.root / image) if opened else None
            if problem is not None:
                raise DataError(
                    f"{self.root / image} {problem}, and line {self._table.lines[row]} of"
                    f" {self.where} lists it; put the image there, or remove the row"
                )

    def _check_masks(self, split: str, rows: Rows, name: str, files: Sequence[str]) -> None:
        """DataError where an image has no mask of a class."""
        opened = self.test_images or split != self._evaluation
        for row, file in zip(rows, files, strict=True):
            if not file.strip():
                raise DataError(
                    f"{self._table.at(row)}: the image has no mask of {name!r}; name its file, or"
                    " remove the row (an image without any has a mask that is 0 all over)"
                )
            problem = _not_a_file(self.root / file) if opened else None
            if problem is not None:
                raise DataError(
                    f"{self.root / file} {problem}, and {self._table.at(row)} names it as the"
                    f" mask of {name!r}; put it there, or remove the row"
                )

    def _masks(
        self, names: Sequence[str], files: Sequence[Sequence[str]], index: int
    ) -> npt.NDArray[np.uint8]:
        seen = look_at(self.root / names[index], self.where, self.decoding)
        masks = [
            load_mask(self.root / column[index], seen, self.where, self.decoding)
            for column in files
        ]
        return np.stack(masks, axis=-1)

    def _labels(self, name: str, rows: Rows) -> npt.NDArray[np.int8]:
        """The labels of a split, int8 (rows, classes)."""
        s = self.settings
        if s.masks:
            return np.zeros((len(rows), 0), np.int8)
        if s.label is not None and s.classes:
            return one_hot(
                self._table,
                s.label,
                self.classes,
                rows,
                known="`classes` in [data] knows",
                remedy="mend the row, or add the class",
            )
        if s.label is not None and s.positive is not None:
            return self._positive(s.label, s.positive, name, rows)
        remedy = (
            "for text labels, name the positive one with `positive` in [data], or all of them with"
            " `classes`"
        )
        columns = [binary(self._table, c, rows, remedy) for c in s.labels or (s.label or "",)]
        return np.stack(columns, axis=1)

    def _negatives(self, rows: Rows) -> Mapping[str, int] | None:
        s = self.settings
        if s.label is None or s.positive is None or read_label(s.positive) is not None:
            return None
        return negative_texts(self._column(s.label, rows), s.positive)

    def _positive(self, column: str, positive: str, split: str, rows: Rows) -> npt.NDArray[np.int8]:
        if (meant := read_label(positive)) is not None:  # `1`, as programs write it
            remedy = f"`positive` in [data] is {positive!r}, so write 0 or 1"
            found = binary(self._table, column, rows, remedy)
            return np.asarray(found[:, np.newaxis] == meant, np.int8)
        check_texts(self._table, column, declared=(positive,))
        texts = self._column(column, rows)
        values = sorted(set(texts))
        if positive not in values and len(values) > 1:
            raise DataError(
                f"{self.where}: no row of split {split!r} has {column} = {positive!r}, which"
                f" `positive` in [data] names; the column holds {', '.join(values)}"
            )
        return np.array([[text == positive] for text in texts], np.int8)

    def _load(self, names: Sequence[str], index: int) -> Image.Image:
        return load_image(self.root / names[index], self.where, self.decoding)

    def _digest(self, names: Sequence[str], index: int) -> bytes:
        return digest_file(self.root / names[index], self.where)


def _not_a_file(path: Path) -> str | None:
    """What is wrong with a path that must be a file, in words that follow it; None if it is one."""
    try:
        if path.is_file():
            return None
        return "is no file" if path.exists() else "doesn't exist"
    except OSError as error:  # no file can have that name, or it may not be looked at
        return f"can't be looked at ({why(error)})"
