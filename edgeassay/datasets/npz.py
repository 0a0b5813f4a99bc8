"""Archives of arrays in the layout of MedMNIST (Yang et al. 2023): images and labels a split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.archive import Archive, Header, Rows
from edgeassay.datasets.identity import same_name
from edgeassay.datasets.labels import binary_array
from edgeassay.datasets.split import Members, Split, members_of
from edgeassay.errors import DataError
from edgeassay.spec import NpzSource, Role

USUAL_SPLITS: Final[Mapping[Role, str]] = {
    Role.TRAIN: "train",
    Role.CALIBRATION: "train",
    Role.VALIDATION: "val",
    Role.EVALUATION: "test",
}
LARGEST_SIDE: Final = 32_768


@dataclass(frozen=True)
class Npz:
    """Images and labels in one archive. An archive split's images are unpacked when the first of
    them is loaded; it names no patients.
    """

    settings: NpzSource
    path: Path

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def classes(self) -> Sequence[str]:
        return self.settings.class_names

    @cached_property
    def _archive(self) -> Archive:
        return Archive(path=self.path)

    @cached_property
    def _held(self) -> Sequence[str]:
        """The archive's splits: `<split>_images` says that there is one."""
        return self._having("images")

    def _having(self, what: str) -> Sequence[str]:
        """The splits that have an array of this kind."""
        parts = [name.rpartition("_") for name in self._archive.names()]
        return sorted({split for split, _, kind in parts if kind == what})

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        declared = {**USUAL_SPLITS, **self.settings.splits}
        for role, name in declared.items():
            needed = role is Role.EVALUATION or role in self.settings.splits
            if needed and name not in self._held:
                raise DataError(
                    f"{self.path} has no array {f'{name}_images'!r}, the {role.value} split; it"
                    f" holds the splits {', '.join(self._held) or 'of none'}"
                )
        for name in self._having("labels"):
            if name not in self._held:  # what evaluation mustn't share would be left out silently
                raise DataError(
                    f"{self.path} has the array {f'{name}_labels'!r}, and no {f'{name}_images'!r}"
                    " to go with it; save it again with both, or without them"
                )
        self._check_names()
        # Roles that share a split share its images, which are unpacked once.
        used = {n: self._split(n) for n in dict.fromkeys(declared.values()) if n in self._held}
        return {role: used[name] for role, name in declared.items() if name in used}

    def _check_names(self) -> None:
        """DataError where two splits may be one, or a split has arrays that nothing reads."""
        first: dict[str, str] = {}
        for name in self._held:
            if (other := first.setdefault(same_name(name), name)) != name:
                raise DataError(
                    f"{self.path} has the splits {other!r} and {name!r}, which differ only in how"
                    " they are written; save it again with one name for each"
                )
        read = {f"{name}_{what}" for name in self._held for what in ("images", "labels")}
        for array in sorted(set(self._archive.names()) - read):
            if any(array.startswith(f"{name}_") for name in self._held):
                raise DataError(
                    f"{self.path} has the array {array!r}, which nothing reads: an archive has"
                    " images and labels alone. Patients and masks go into a folder with a CSV"
                    ' (source = "image-csv"); else save it again without this array'
                )

    @cached_property
    def unused(self) -> Sequence[Split]:
        used = {split.name for split in self.splits.values()}
        return [self._split(name) for name in self._held if name not in used]

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        # An unused split needn't be asked: its images are named after it, so none is shared.
        return members_of(self.splits)

    def _split(self, name: str) -> Split:
        images = self._archive.header(f"{name}_images")
        self._check_images(images)
        labels = self._labels(name, images.shape[0])
        rows = Rows(self._archive, images)
        return Split(
            name=name,
            names=[f"{name}/{index:06d}" for index in range(images.shape[0])],
            labels=labels,
            patients=None,
            load=partial(_load, rows),
            digest=partial(_digest, rows),
        )

    def _check_images(self, images: Header) -> None:
        shape = images.shape
        grey = len(shape) == 3 or (len(shape) == 4 and shape[3] == 1)
        if images.dtype.kind != "u" or images.dtype.itemsize > 2:
            raise self._error(images.name, f"is {images.dtype.name}, and must be uint8 or uint16")
        if not grey and (len(shape) != 4 or shape[3] != 3):
            raise self._error(
                images.name,
                f"has the shape {shape}, and must have (images, height, width), with 1 or 3"
                " channels after them if any",
            )
        if not grey and images.dtype.itemsize == 2:
            raise self._error(images.name, "is uint16 in three channels; only grey is read so")
        if min(shape) < 1 or max(shape[1:3]) > LARGEST_SIDE:
            raise self._error(
                images.name,
                f"has the shape {shape}, and must have at least one image, with sides from 1 to"
                f" {LARGEST_SIDE:,}",
            )

    def _labels(self, split: str, images: int) -> npt.NDArray[np.int8]:
        """The labels of a split as 0 and 1, int8 (images, classes)."""
        header = self._archive.header(f"{split}_labels")
        if header.dtype.kind not in "iufb" or len(header.shape) not in (1, 2):
            raise self._error(
                header.name,
                f"is {header.dtype.name} of shape {header.shape}, and must be numbers, (images,)"
                " or (images, columns)",
            )
        if header.shape[0] != images:
            raise self._error(
                header.name,
                f"has {header.shape[0]:,} rows, and {f'{split}_images'!r} has {images:,} images",
            )
        classes = len(self.classes)
        columns = 1 if len(header.shape) == 1 else header.shape[1]
        if columns not in (1, classes):
            raise self._error(
                header.name,
                f"has {columns} columns, and `classes` in [data] names {classes}; there must be"
                " one column, or one a class",
            )
        values = self._archive.array(header).reshape(images, columns)
        if columns == 1 and classes > 1:
            return self._numbered(header.name, values[:, 0])
        where = f"{self.path}: the array {header.name!r}"
        return binary_array(values, where, "mend its labels, or name more `classes` in [data]")

    def _numbered(self, array: str, values: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        """The classes' numbers as 0 and 1, int8 (images, classes)."""
        known = np.arange(len(self.classes))
        wrong = np.flatnonzero(~np.isin(values, known))
        if len(wrong):
            raise self._error(
                array,
                f"holds {values[wrong[0]]} for image {wrong[0]}, and labels must be from 0 to"
                f" {known[-1]} with the `classes` in [data]",
            )
        return np.asarray(values[:, np.newaxis] == known, np.int8)

    def _error(self, array: str, problem: str) -> DataError:
        return DataError(f"{self.path}: the array {array!r} {problem}")


def _load(rows: Rows, index: int) -> Image.Image:
    pixels = rows[index]
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _digest(rows: Rows, index: int) -> bytes:
    pixels = rows[index]
    kind = f"{pixels.dtype.str} {pixels.shape}\n"
    return hashlib.sha256(kind.encode("ascii") + pixels.tobytes()).digest()
