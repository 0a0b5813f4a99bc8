"""Labels: each cell of a table or of an array says one thing, or is refused with its place and its
value. `read_label` is the one reader of them all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.datasets.identity import same_text
from edgeassay.datasets.table import Table
from edgeassay.errors import DataError, some

ZERO_OR_ONE: Final = re.compile(r"(?:-(?=0+(?:\.0*)?$)|\+)?0*([01])(?:\.0*)?")
WORDS: Final = {"false": 0, "true": 1}
# CheXpert's mark of a finding that the report is unsure of (Irvin et al. 2019).
UNCERTAIN: Final = re.compile(r"-0*1(?:\.0*)?")
# What programs write where a cell is empty, without case and blanks.
EMPTY: Final = frozenset({"", "nan", "<na>", "na", "n/a", "#n/a", "null"})
# What people write where they don't know.
UNKNOWN: Final = frozenset({"unknown", "uncertain", "unclear", "missing", "tbd"})

FEW_CLASSES: Final = 3  # whose counts fit into a line

# Rows of a table, counted from 0.
Rows = Sequence[int]


def says_nothing(text: str) -> bool:
    """Whether a text stands for a value that isn't known: an empty one, `nan`, `?`, `unknown`."""
    form = same_text(text)
    return form in EMPTY | UNKNOWN or not any(sign.isalnum() for sign in form)


def read_label(cell: str) -> int | None:
    """What a cell says: 0 or 1, also as `0.0`, `1.` or `True`, whatever blanks and case; None where
    it says anything else.
    """
    form = same_text(cell)
    found = ZERO_OR_ONE.fullmatch(form)
    return WORDS.get(form) if found is None else int(found[1])


def no_label(cell: str) -> str:
    """What a cell is that says neither 0 nor 1, and what to do about it; "" where nothing is known
    but that.
    """
    if UNCERTAIN.fullmatch(same_text(cell)):
        return (
            "-1 is CheXpert's mark of an uncertain finding: write 0 or 1 instead, or leave the"
            " image out"
        )
    if says_nothing(cell):
        return (
            "such a cell doesn't say whether the finding is absent or unknown: write 0 if it is"
            " absent, else leave the image out"
        )
    return ""


def positives_told(
    positives: Mapping[str, int], images: int, negatives: Mapping[str, int] | None
) -> str:
    """How many images count as positive and how many as negative, by class; `negatives` has the
    texts that count as negative, where the label is a text.
    """
    if len(positives) > FEW_CLASSES:
        counts = sorted(positives.values())
        return (
            f"of {images:,} images {counts[0]:,} to {counts[-1]:,} are positive for each of"
            f" {len(positives)} classes, the others negative"
        )
    texts = ""
    if negatives is not None:
        texts = f" ({some([f'{text!r}: {count:,}' for text, count in negatives.items()])})"
    each = [
        f"{name} {count:,} positive, {images - count:,} negative"
        for name, count in positives.items()
    ]
    return f"of {images:,} images: {'; '.join(each)}{texts}"


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
        if UNCERTAIN.fullmatch(form) and text not in declared:
            raise DataError(f"{table.at(row)}: column {column!r} is {text!r}; {no_label(text)}")
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
    said = {text: read_label(text) for text in dict.fromkeys(texts[row] for row in rows)}
    wrong = [row for row in rows if said[texts[row]] is None]
    if wrong:
        places = [f"{texts[row]!r} in line {table.lines[row]}" for row in wrong]
        raise _refused(f"{table.path}: column {column!r}", places, texts[wrong[0]], remedy)
    return np.array([said[texts[row]] for row in rows], np.int8)


def binary_array(values: npt.NDArray[Any], where: str, remedy: str) -> npt.NDArray[np.int8]:
    """An array of numbers that are 0 and 1, or of truths, as int8 (images, columns) of its shape;
    DataError, with the `remedy`, where one is neither. Images are counted from 0.
    """
    found, places = np.unique(values, return_inverse=True)
    said = [read_label(str(value)) for value in found]
    known = np.array([value is not None for value in said])
    wrong = np.argwhere(~known[places.reshape(values.shape)])
    if len(wrong):
        shown = [f"{str(values[row, column])!r} for image {row}" for row, column in wrong]
        row, column = wrong[0]
        raise _refused(where, shown, str(values[row, column]), remedy)
    numbers = np.array([value or 0 for value in said], np.int8)
    return numbers[places.reshape(values.shape)]


def _refused(where: str, places: Sequence[str], first: str, remedy: str) -> DataError:
    return DataError(
        f"{where} must hold 0 and 1, and has {some(places)}; {no_label(first) or remedy}"
    )


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
    """A column of two texts, of which one is `positive`, or of 0 and 1, as int8 (rows, 1).

    DataError where there are more, or the positive one isn't among them: nothing says then what the
    others are.
    """
    texts = table.columns[column]
    different = dict.fromkeys(texts)
    if positive not in different and any(read_label(text) is not None for text in different):
        remedy = f"write 0 and 1 alone, or {positive!r} and one other text"
        return binary(table, column, range(len(table)), remedy)[:, np.newaxis]
    found = check_texts(table, column, declared=(positive,))
    if positive in found and len(found) <= 2:
        return np.array([[text == positive] for text in texts], np.int8)
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


def negative_texts(texts: Sequence[str], positive: str) -> dict[str, int]:
    """The texts that count as negative, each with its number of images, the most frequent first."""
    counts = Counter(text for text in texts if text != positive)
    return dict(counts.most_common())
