"""NIH ChestX-ray14 as published (Wang et al. 2017): its table, its test list, its image folders."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.image_files import REFUSING, digest_file, load_image
from edgeassay.datasets.patients import patients_of
from edgeassay.datasets.split import Members, Split, members_of
from edgeassay.datasets.table import Table, read_table
from edgeassay.errors import DataError, why
from edgeassay.plain_files import read_plain
from edgeassay.spec import CHEST_FINDINGS, Decoding, NihSource, Role

IMAGE: Final = "Image Index"
FINDINGS: Final = "Finding Labels"
PATIENT: Final = "Patient ID"
HEALTHY: Final = "No Finding"
VALIDATION_SHARE: Final = 0.1  # of the patients who aren't on the test list

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Nih:
    """The published data below `root`. The official test list is the evaluation split; of all other
    patients a tenth, chosen by a hash of the patient's id, validates; the rest trains and
    calibrates. Without `test_images`, nobody opens those of the test list, and they needn't be
    there.
    """

    settings: NihSource
    root: Path
    test_images: bool = True
    decoding: Decoding = REFUSING

    @property
    def where(self) -> str:
        return str(self.root)

    @property
    def classes(self) -> Sequence[str]:
        return self.settings.class_names

    @cached_property
    def _table(self) -> Table:
        found = sorted(self.root.glob(self.settings.csv))
        if len(found) != 1:
            names = ", ".join(path.name for path in found)
            raise DataError(
                f"{self.root} has {len(found)} files that match {self.settings.csv!r}"
                f"{f' ({names})' if names else ''}, and must have one, the table of images; name it"
                " with `csv` in [data]"
            )
        wanted = dict.fromkeys((IMAGE, FINDINGS, PATIENT), "the table of ChestX-ray14 has")
        return read_table(found[0], wanted, absent=f"{found[0]} doesn't exist any more")

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        """The table's row of each image."""
        rows: dict[str, int] = {}
        for row, name in enumerate(self._table.columns[IMAGE]):
            if name in rows:
                raise DataError(
                    f"{self._table.at(row)}: {name} is listed twice (first in line"
                    f" {self._table.lines[rows[name]]}); remove one"
                )
            rows[name] = row
        return rows

    @cached_property
    def _patients(self) -> Sequence[str]:
        """Each row's patient."""
        return patients_of(self._table, PATIENT)

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        # The walk comes last: what a table says is known in a second, and a tree may be slow.
        labels, patients, tested = self._labels(), self._patients, self._tested()
        folders = self._folders(np.zeros_like(tested) if self.test_images else tested)
        validates = {patient: _validates(patient) for patient in set(patients)}
        validating = np.array([validates[patient] for patient in patients]) & ~tested
        parts = {
            "train_val": np.flatnonzero(~tested & ~validating),
            "validation": np.flatnonzero(validating),
            "test": np.flatnonzero(tested),
        }
        splits = {
            name: self._split(name, rows, labels, folders)
            for name, rows in parts.items()
            if len(rows)
        }
        roles = {
            Role.TRAIN: "train_val",
            Role.CALIBRATION: "train_val",
            Role.VALIDATION: "validation",
            Role.EVALUATION: "test",
        }
        return {role: splits[name] for role, name in roles.items() if name in splits}

    @property
    def unused(self) -> Sequence[Split]:
        return ()

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        return members_of(self.splits)

    def _split(
        self, name: str, rows: Rows, labels: npt.NDArray[np.int8], folders: Sequence[Path]
    ) -> Split:
        names, patients = self._table.columns[IMAGE], self._patients
        chosen = [names[row] for row in rows]
        places = [folders[row] for row in rows]
        return Split(
            name=name,
            names=chosen,
            labels=labels[rows],
            patients=[patients[row] for row in rows],
            load=partial(self._load, places, chosen),
            digest=partial(self._digest, places, chosen),
        )

    def _labels(self) -> npt.NDArray[np.int8]:
        """The findings of every row, int8 (rows, classes)."""
        known: dict[str, npt.NDArray[np.int8]] = {}
        labels = np.zeros((len(self._table), len(CHEST_FINDINGS)), np.int8)
        for row, text in enumerate(self._table.columns[FINDINGS]):
            if text not in known:
                known[text] = self._findings(row, text)
            labels[row] = known[text]
        return labels

    def _findings(self, row: int, text: str) -> npt.NDArray[np.int8]:
        found = [] if text == HEALTHY else text.split("|")
        for name in found:
            if name not in CHEST_FINDINGS:
                problem = (
                    f"combines {HEALTHY!r} with a finding"
                    if name == HEALTHY
                    else f"names {name!r}, which is none of the 14 findings"
                )
                raise DataError(
                    f"{self._table.at(row)}: column {FINDINGS!r} is {text!r}, and {problem}; mend"
                    " the row"
                )
        return np.array([name in found for name in CHEST_FINDINGS], np.int8)

    def _tested(self) -> npt.NDArray[np.bool_]:
        """Which rows are on the test list."""
        path = self.root / self.settings.test_list
        try:
            listed = set(read_plain(path).decode("utf-8-sig").split())
        except FileNotFoundError:
            raise DataError(f"{path} doesn't exist; `test_list` in [data] names it") from None
        except OSError as error:
            raise DataError(f"{path} can't be read: {why(error)}; copy it again") from None
        except UnicodeDecodeError as error:
            raise DataError(f"{path} can't be read as text in UTF-8: {error}") from None
        if not listed:
            raise DataError(f"{path} is empty; it must list the test images, one name a line")
        unknown = sorted(listed - self._rows.keys())
        if unknown:
            raise DataError(
                f"{path} lists {len(unknown):,} images that {self._table.path} doesn't have, such"
                f" as {unknown[0]}; take both from one release"
            )
        tested = np.zeros(len(self._table), np.bool_)
        tested[[self._rows[name] for name in listed]] = True
        return tested

    def _folders(self, spared: npt.NDArray[np.bool_]) -> list[Path]:
        """The folder that each row's image lies in, found in one walk through the tree; the
        `spared` needn't be there.
        """
        folders: list[Path | None] = [None] * len(self._table)
        walked: set[tuple[int, int]] = set()
        for folder, below, files in os.walk(self.root, followlinks=True):
            here = Path(folder)
            state = here.stat()
            if (state.st_dev, state.st_ino) in walked:  # a link to where the walk has been
                below.clear()
                continue
            walked.add((state.st_dev, state.st_ino))
            for file in files:
                row = self._rows.get(file)
                if row is None:
                    continue
                if (other := folders[row]) is not None:
                    raise DataError(
                        f"{file} is in {other} and in {here}, and nothing says which is meant;"
                        " remove one"
                    )
                folders[row] = here
        missing = [row for row, folder in enumerate(folders) if not (folder or spared[row])]
        if missing:
            raise DataError(
                f"{len(missing):,} images that {self._table.path} lists aren't below {self.root},"
                f" such as {self._table.columns[IMAGE][missing[0]]}; unpack all the archives, or"
                " remove their rows"
            )
        return [folder or self.root for folder in folders]

    def _load(self, places: Sequence[Path], names: Sequence[str], index: int) -> Image.Image:
        return load_image(places[index] / names[index], str(self._table.path), self.decoding)

    def _digest(self, places: Sequence[Path], names: Sequence[str], index: int) -> bytes:
        return digest_file(places[index] / names[index], str(self._table.path))


def _validates(patient: str) -> bool:
    """Whether a patient's hash falls into its last tenth: the same ones in every copy."""
    first = int.from_bytes(hashlib.sha256(patient.encode("utf-8")).digest()[:8], "big")
    return first >= (1 - VALIDATION_SHARE) * 2**64
