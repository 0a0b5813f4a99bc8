"""Labels and two models' predictions from CSV files, matched by image and by column name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.config import nearest
from edgeassay.datasets.identity import check_images
from edgeassay.datasets.labels import binary, negative_texts, one_hot, one_of_two, read_label
from edgeassay.datasets.patients import (
    could_be_patients,
    names_patients,
    patient_column,
    patients_of,
)
from edgeassay.datasets.table import Table, read_header, read_table
from edgeassay.errors import DataError, some
from edgeassay.measure.compared import Compared
from edgeassay.stats import patient_codes
from edgeassay.stats.arrays import Floats, Labels

IMAGE: Final = "image"
LABEL: Final = "label"
RAW: Final = ".raw"  # `pytest --predictions` writes the integers of an int8 output too


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the files hold: the scores side by side, the labels' column that says whose image each
    is (None where none does), and those that aren't used; and the texts that count as negative,
    where the label is a text.
    """

    compared: Compared
    patient: str | None
    unused: Sequence[str]
    negatives: Mapping[str, int] | None = None


def _shown(name: str) -> str:
    """A name, in quotes where blanks around it would go unseen."""
    return name if name == name.strip() else repr(name)


def _read(path: Path, columns: Mapping[str, str]) -> Table:
    return read_table(path, columns, absent=f"{path} doesn't exist; give the file's path")


def _images(table: Table) -> dict[str, int]:
    """Each image's row; DataError names images that are empty or listed twice."""
    rows: dict[str, int] = {}
    twice = []
    for row, name in enumerate(table.columns[IMAGE]):
        if not name.strip():
            raise DataError(f"{table.at(row)}: column {IMAGE!r} is empty; fill it in")
        if name in rows:
            twice.append(f"{_shown(name)} (lines {table.lines[rows[name]]} and {table.lines[row]})")
        rows.setdefault(name, row)
    if twice:
        raise DataError(f"{table.path} lists images twice: {some(twice)}; leave one row of each")
    check_images(table, IMAGE)
    return rows


def _scores(path: Path, classes: Sequence[str], wanted: Mapping[str, int], labels: Path) -> Floats:
    """The predictions of a file in the order of `wanted`, (images, classes)."""
    columns = dict.fromkeys((IMAGE, *classes), "must be there")
    table = _read(path, columns)
    rows = _images(table)
    for here, there, words in (
        (wanted, rows, f"{path} lacks images that {labels} lists"),
        (rows, wanted, f"{path} has images that {labels} doesn't list"),
    ):
        missing = [_shown(name) for name in here if name not in there]
        if missing:
            raise DataError(
                f"{words}: {some(missing)}; predictions and labels must be of the same images"
            )
    order = [rows[name] for name in wanted]
    scores = np.empty((len(order), len(classes)))
    for k, name in enumerate(classes):
        column = _numbers(table, name)
        scores[:, k] = column[order]
    return scores


def _numbers(table: Table, name: str) -> Floats:
    """A column of finite numbers; DataError names the first rows that aren't."""
    texts = table.columns[name]
    found = np.empty(len(texts))
    wrong = []
    for row, text in enumerate(texts):
        try:
            found[row] = float(text) if "_" not in text else math.nan  # Python reads 1_0 as 10
        except ValueError:
            found[row] = math.nan
        if not math.isfinite(found[row]):
            wrong.append(f"{text!r} in line {table.lines[row]}")
    if wrong:
        raise DataError(
            f"{table.path}: column {name!r} must hold finite numbers, and has {some(wrong)}; mend"
            " the rows, or find out why the model gives none"
        )
    return found


def _classes(labels: Path, predictions: Path) -> list[str]:
    """The columns of a file of predictions, which are the classes, in order; DataError where there
    are none, or one of them occurs twice.
    """
    header = read_header(predictions, absent=f"{predictions} doesn't exist; give the file's path")
    if IMAGE not in header:
        commas = " (they must be separated by commas)" if len(header) == 1 else ""
        raise DataError(
            f"{predictions} has no column {IMAGE!r}, by which predictions and labels are matched;"
            f" its columns are {some(header)}{commas}"
        )
    if not all(name.strip() for name in header):
        raise DataError(
            f"{predictions} has a column without a name, such as a table's row numbers; remove it"
        )
    raw = {f"{name}{RAW}" for name in header}
    classes = [name for name in header if name not in {IMAGE, *raw} and not names_patients(name)]
    if not classes:
        raise DataError(
            f"{predictions} has no column of scores; it needs one for each class, named as the"
            f" column of labels in {labels}"
        )
    return classes


def read_compared(labels: Path, reference: Path, candidate: Path) -> Given:
    """The scores of two files beside the labels of a third; DataError says what isn't so."""
    classes = _classes(labels, reference)
    for name in _classes(labels, candidate):
        if name not in classes:
            raise DataError(
                f"{candidate} has a column {name!r}, and {reference} has none;"
                f" {nearest(name, classes)}"
            )
    header = read_header(labels, absent=f"{labels} doesn't exist; give the file's path")
    patient = patient_column(header, str(labels))
    _check_patients(patient, labels, (reference, candidate))
    several = LABEL in header and LABEL not in classes
    for name in classes:
        if several and name in header:
            raise DataError(
                f"{labels} has a column {LABEL!r} and a column {name!r}, and both say which images"
                f" are {name!r}; leave one of them"
            )
        if not several and name not in header:
            others = set(header) - {IMAGE, patient}
            raise DataError(
                f"{reference} has a column {name!r}, and {labels} has no such column of labels;"
                f" {nearest(name, others) if others else 'add it'}"
            )
    table = _read(labels, dict.fromkeys(dict.fromkeys((IMAGE, *header)), "must be there"))
    images = _images(table)
    known = {IMAGE, patient, *([LABEL] if several else classes)}
    unused = [name for name in header if name not in known]
    if not several:
        _check_unused(table, unused, reference)
    if patient is None:
        _check_grouping(table, unused)
    patients = None if patient is None else patients_of(table, patient)
    texts = negative_texts(table.columns[LABEL], classes[0]) if several else {}
    numbered = all(read_label(text) is not None for text in texts)
    return Given(
        compared=Compared(
            classes=classes,
            labels=_one_hot(table, classes) if several else _binary(table, classes),
            reference=_scores(reference, classes, images, labels),
            candidate=_scores(candidate, classes, images, labels),
            codes=patient_codes(patients, len(table)),
        ),
        patient=patient,
        unused=unused,
        negatives=None if numbered or len(classes) > 1 else texts,
    )


def _check_patients(patient: str | None, labels: Path, predictions: Sequence[Path]) -> None:
    """DataError where predictions alone name patients: each image would count as one."""
    for path in predictions:
        header = read_header(path, absent=f"{path} doesn't exist; give the file's path")
        named = [name for name in header if names_patients(name)]
        if named and patient is None:
            raise DataError(
                f"{path} has a column {named[0]!r}, and {labels} has none, where it is looked for;"
                " add it there"
            )


def _check_unused(table: Table, unused: Sequence[str], reference: Path) -> None:
    """DataError where a column of labels has no predictions: it would be left out in silence."""
    for name in unused:
        if all(read_label(text) is not None for text in dict.fromkeys(table.columns[name])):
            raise DataError(
                f"{table.path} has labels in column {name!r}, and {reference} has no column of that"
                " name; predict it too, or remove the column"
            )


def _check_grouping(table: Table, unused: Sequence[str]) -> None:
    """DataError where an unused column may say whose images these are: each would count as one."""
    for name in unused:
        if could_be_patients(name, table.columns[name]):
            raise DataError(
                f"{table.path}: images share values of column {name!r}, and it isn't clear whether"
                " it says whose image each is; call it 'patient' if it does, else remove it"
            )


def _binary(table: Table, classes: Sequence[str]) -> Labels:
    """Columns of 0 and 1, int8 (images, classes)."""
    remedy = f"write 0 and 1, or one column {LABEL!r} with each image's class"
    rows = range(len(table))
    return np.stack([binary(table, name, rows, remedy) for name in classes], axis=1)


def _one_hot(table: Table, classes: Sequence[str]) -> Labels:
    """A column with each image's class, as int8 (images, classes). With one column of scores, its
    name is the positive class, and the other text is the negative one.
    """
    if len(classes) == 1:
        return one_of_two(table, LABEL, classes[0])
    return one_hot(
        table,
        LABEL,
        classes,
        range(len(table)),
        known="the predictions' columns are",
        remedy="each class needs a column of its name",
    )
