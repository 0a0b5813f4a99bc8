"""A folder of images and a CSV that names image, label, patient (or group) and split."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from edgeassay.datasets.split import Members, Split, members_of
from edgeassay.errors import DataError
from edgeassay.spec import ImageCsvSource, Role

USUAL_SPLITS: Final[Mapping[Role, str]] = {
    Role.TRAIN: "train",
    Role.CALIBRATION: "calibration",
    Role.VALIDATION: "validation",
    Role.EVALUATION: "test",
}

# Row of the CSV: its line number and its fields by column.
Row = tuple[int, Mapping[str, str]]


def read_rows(path: Path) -> tuple[list[str], list[Row]]:
    """The header and the rows of a CSV file; DataError if it is no table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = list(reader.fieldnames or ())
            rows: list[Row] = []
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(
                        f"{path}, line {reader.line_num}: the row hasn't as many fields as the"
                        f" header ({len(header)}); mend the row"
                    )
                rows.append((reader.line_num, row))
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist; `csv` in [data] names it") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} can't be read as a CSV file in UTF-8: {error}") from None
    if not rows:
        raise DataError(f"{path} has no rows below its header; it must list the images")
    return header, rows


@dataclass(frozen=True)
class ImageCsv:
    """Images below `root`, listed by a CSV there. Nothing is read before it is asked for."""

    settings: ImageCsvSource
    root: Path

    @property
    def where(self) -> str:
        return str(self.root / self.settings.csv)

    @property
    def classes(self) -> Sequence[str]:
        return self.settings.class_names

    @cached_property
    def _rows(self) -> Mapping[str, Sequence[Row]]:
        """The CSV's rows by split."""
        header, rows = read_rows(self.root / self.settings.csv)
        self._check_columns(header)
        by_split: dict[str, list[Row]] = {}
        for row in rows:
            by_split.setdefault(row[1][self.settings.split], []).append(row)
        return by_split

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        declared = {**USUAL_SPLITS, **self.settings.splits}
        for role, name in declared.items():
            needed = role is Role.EVALUATION or role in self.settings.splits
            if needed and name not in self._rows:
                raise DataError(
                    f"{self.where}: no row has {self.settings.split} = {name!r}, the"
                    f" {role.value} split; the column holds {', '.join(sorted(self._rows))}"
                )
        return {
            role: self._split(name, self._rows[name])
            for role, name in declared.items()
            if name in self._rows
        }

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        used = {split.name for split in self.splits.values()}
        unused = [
            Members(
                label=f"split {name!r}",
                names=[row[self.settings.image] for _, row in rows],
                patients=self._patients(rows),
            )
            for name, rows in self._rows.items()
            if name not in used
        ]
        return [*members_of(self.splits), *unused]

    def _check_columns(self, header: Sequence[str]) -> None:
        s = self.settings
        named = [
            *(("image", s.image), ("split", s.split), ("patient", s.patient), ("group", s.group)),
            ("label", s.label),
            *(("labels", column) for column in s.labels),
        ]
        for key, column in named:
            if column is not None and column not in header:
                raise DataError(
                    f"{self.where} has no column {column!r}, which `{key}` in [data] names;"
                    f" its columns are {', '.join(header)}"
                    f"{' (they must be separated by commas)' if len(header) == 1 else ''}"
                )

    def _patients(self, rows: Sequence[Row]) -> list[str] | None:
        who = self.settings.patient or self.settings.group
        if who is None:
            return None
        for line, row in rows:
            if not row[who].strip():
                raise DataError(f"{self.where}, line {line}: column {who!r} is empty; fill it in")
        return [row[who] for _, row in rows]

    def _split(self, name: str, rows: Sequence[Row]) -> Split:
        s = self.settings
        names = [row[s.image] for _, row in rows]
        seen: dict[str, int] = {}
        for (line, _), image in zip(rows, names, strict=True):
            if image in seen:
                raise DataError(
                    f"{self.where}, line {line}: {image} is listed twice in split {name!r}"
                    f" (first in line {seen[image]}); remove one"
                )
            if not (self.root / image).is_file():
                raise DataError(
                    f"{self.root / image} doesn't exist, and line {line} of {self.where} lists it"
                )
            seen[image] = line
        return Split(
            name=name,
            names=names,
            labels=np.array(list(self._labels(name, rows)), np.int8).reshape(len(rows), -1),
            patients=self._patients(rows),
            load=partial(self._load, names),
            digest=partial(self._digest, names),
        )

    def _labels(self, name: str, rows: Sequence[Row]) -> Iterator[Sequence[int]]:
        s = self.settings
        if s.positive is not None and s.label is not None:
            column = [row[s.label] for _, row in rows]
            values = sorted(set(column))
            plain = {value.strip().lower() for value in values}
            if "" in plain or len(plain) < len(values):
                raise DataError(
                    f"{self.where}: column {s.label!r} holds {values}: an empty value, or values"
                    " that differ only in case or blanks; write each label in one way"
                )
            if s.positive not in values and len(values) > 1:
                raise DataError(
                    f"{self.where}: no row of split {name!r} has {s.label} = {s.positive!r},"
                    f" which `positive` in [data] names; the column holds {', '.join(values)}"
                )
            yield from ([int(value == s.positive)] for value in column)
            return
        columns = s.labels or (s.label or "",)
        for line, row in rows:
            for column_name in columns:
                if row[column_name] not in ("0", "1"):
                    raise DataError(
                        f"{self.where}, line {line}: column {column_name!r} is"
                        f" {row[column_name]!r}, and must be 0 or 1 (for text labels, name the"
                        " positive one with `positive` in [data])"
                    )
            yield [int(row[column_name]) for column_name in columns]

    def _digest(self, names: Sequence[str], index: int) -> bytes:
        try:
            return hashlib.sha256((self.root / names[index]).read_bytes()).digest()
        except OSError as error:
            raise DataError(f"{self.root / names[index]} can't be read: {error}") from None

    def _load(self, names: Sequence[str], index: int) -> Image.Image:
        path = self.root / names[index]
        try:
            with Image.open(path) as image:
                if image.mode.startswith(("I", "F")):
                    raise DataError(
                        f"{path} has more than 8 bits a pixel (mode {image.mode}), which isn't read"
                        " yet; convert it to 8 bits"
                    )
                image.load()
                return image.copy()
        except FileNotFoundError:
            raise DataError(f"{path} doesn't exist, and {self.where} lists it") from None
        except (
            OSError,
            UnidentifiedImageError,
            Image.DecompressionBombError,
            SyntaxError,
            ValueError,
        ) as error:
            raise DataError(
                f"{path} can't be read as an image: {error}; replace the file, or remove it"
                f" from {self.where}"
            ) from None
