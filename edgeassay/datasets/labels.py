"""Labels in tables: each cell says one thing, or is refused with its line and its value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.datasets.identity import same_text
from edgeassay.datasets.table import Table
from edgeassay.errors import DataError, some

BINARY: Final = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
# What programs write where a cell is empty, without case and blanks.
EMPTY: Final = frozenset({"", "nan", "<na>", "na", "n/a", "#n/a", "null"})
# What people write where they don't know.
UNKNOWN: Final = frozenset({"unknown", "uncertain", "unclear", "missing", "tbd"})

# Rows of a table, counted from 0.
Rows = Sequence[int]


def says_nothing(text: str) -> bool:
    """Whether a text stands for a value that isn't known: an empty one, `nan`, `?`, `unknown`."""
    form = same_text(text)
    return form in EMPTY | UNKNOWN or not any(sign.isalnum() for sign in form)


def check_texts(table: Table, column: str, *, declared: Collection[str] = ()) -> dict[str, int]:
    """The different texts of a column of labels, each with the row that it is first in.

    DataError where a cell says nothing (a text that is `declared` as a class never does), or two
    texts differ only in case or blanks.
    """
    rows: dict[str, int] = {}
    for row, text in enumerate(table.columns[column]):
        rows.setdefault(text, row)
    forms: dict[str, str] = {}
    for text, row in rows.items():
        form = same_text(text)
        if not form or (says_nothing(text) and text not in declared):
            raise DataError(
                f"{table.at(row)}: column {column!r} is {text!r}, {_as_what(form)}; write the"
                " image's label, or remove the row"
            )
        other = forms.setdefault(form, text)
        if other != text:
            raise DataError(
                f"{table.at(row)}: column {column!r} is {text!r}, and {other!r} in line"
                f" {table.lines[rows[other]]}: values that differ only in case or blanks; write"
                " each label in one way"
            )
    return rows


def _as_what(form: str) -> str:
    return "an empty value" if form in EMPTY else "which is no label"


def binary(table: Table, column: str, rows: Rows, remedy: str) -> npt.NDArray[np.int8]:
    """A column of 0 and 1, int8 (rows,); DataError, with the `remedy`, where a cell is neither."""
    texts = table.columns[column]
    wrong = [
        f"{texts[row]!r} in line {table.lines[row]}" for row in rows if texts[row] not in BINARY
    ]
    if wrong:
        raise DataError(
            f"{table.path}: column {column!r} must hold 0 and 1, and has {some(wrong)}; {remedy}"
        )
    return np.array([BINARY[texts[row]] for row in rows], np.int8)


def one_hot(
    table: Table, column: str, classes: Sequence[str], rows: Rows, *, known: str, remedy: str
) -> npt.NDArray[np.int8]:
    """A column with each image's class as int8 (rows, classes): one class against the rest.

    DataError where a cell names another class; `known` says who knows the classes.
    """
    check_texts(table, column, declared=classes)
    numbers = {name: k for k, name in enumerate(classes)}
    texts = table.columns[column]
    wrong = [
        f"{texts[row]!r} in line {table.lines[row]}" for row in rows if texts[row] not in numbers
    ]
    if wrong:
        raise DataError(
            f"{table.path}: column {column!r} has {some(wrong)}, and {known}"
            f" {some(classes, most=14)}; {remedy}"
        )
    labels = np.zeros((len(rows), len(classes)), np.int8)
    labels[np.arange(len(rows)), [numbers[texts[row]] for row in rows]] = 1
    return labels


def one_of_two(table: Table, column: str, positive: str) -> npt.NDArray[np.int8]:
    """A column of two texts, of which one is `positive`, as int8 (rows, 1).

    DataError where there are more, or the positive one isn't among them: nothing says then what the
    others are.
    """
    found = check_texts(table, column, declared=(positive,))
    if positive in found and len(found) <= 2:
        return np.array([[text == positive] for text in table.columns[column]], np.int8)
    if positive in found:
        text = next(text for text in list(found)[1:] if text != positive)
        problem = (
            f"and the column holds {len(found)} different texts ({some(list(found))}) where one"
            f" class, {positive!r}, is predicted"
        )
    else:
        text = next(iter(found))
        problem = f"and no row has {positive!r}, the class that is predicted"
    raise DataError(
        f"{table.at(found[text])}: column {column!r} has {text!r}, {problem}; write 0 and 1 in a"
        f" column {positive!r} instead"
    )
