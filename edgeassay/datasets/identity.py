"""When two names are one thing: what people and programs change in a name changes nobody."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edgeassay.datasets.table import Table
from edgeassay.errors import DataError, some

SHOWN: Final = 3
UNSEEN: Final = "Cf"  # Unicode's marks of format, such as a space without width
ZERO_DECIMALS: Final = re.compile(r"\.0*$")
THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Zeros in front of a number, wherever that stands in a name; not those behind a decimal point.
LEADING_ZEROS: Final = re.compile(r"(?<![\d.])0+(?=\d)")
# Signs that are typed or written for one another.
SIGNS: Final = str.maketrans(dict.fromkeys("_\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


def same_text(text: str) -> str:
    """A text without case, blanks and what can't be seen: what people take for one text."""
    signs = unicodedata.normalize("NFKC", text)
    seen = (sign for sign in signs if unicodedata.category(sign) != UNSEEN)
    return "".join("".join(seen).split()).casefold()


def same_name(name: str) -> str:
    """A name without what programs change: case, blanks, an apostrophe or a plus sign in front,
    leading zeros, a trailing `.0`, commas between thousands, and which sign stands for `-`.
    """
    form = same_text(name).translate(SIGNS).lstrip("'+")
    form = THOUSANDS.sub("", ZERO_DECIMALS.sub("", form))
    return _without_zeros(LEADING_ZEROS.sub("", form))


def same_path(path: str) -> str:
    """A path of a file, each part of it like a name, whatever way leads there: `a/../b/1.png`."""
    whole = posixpath.normpath(same_text(path).replace("\\", "/"))
    return "/".join(_without_zeros(part) for part in whole.split("/"))


def _without_zeros(text: str) -> str:
    return text.lstrip("0") or text[-1:]


def check_one_way(
    table: Table,
    column: str,
    names: Sequence[str],
    *,
    form: Callable[[str], str],
    what: str,
    differ: str,
) -> None:
    """DataError where the `names` in a column, one a row, have two for one thing, by their `form`;
    `what` they name, and in what they `differ`.
    """
    lines: dict[str, int] = {}
    for row, name in enumerate(names):
        lines.setdefault(name, table.lines[row])
    first: dict[str, str] = {}
    alike = [
        (before, name) for name in lines if (before := first.setdefault(form(name), name)) != name
    ]
    if alike:
        pairs = [f"{a!r} (line {lines[a]}) and {b!r} (line {lines[b]})" for a, b in alike]
        raise DataError(
            f"{table.path}: column {column!r} has {what}s that differ only in {differ}:"
            f" {some(pairs, SHOWN)}; write each {what} in one way"
        )


NAME: Final = "case, blanks, '-' and '_', leading zeros or '.0'"
PATH: Final = "case, blanks, leading zeros or the way to the file"


def check_images(table: Table, column: str, root: Path | None = None) -> None:
    """DataError where two names of a column are those of one image; they lie below `root`, if
    anywhere.
    """

    def form(name: str) -> str:
        return same_path(name if root is None else os.path.normpath(root / name))

    names = table.columns[column]
    check_one_way(table, column, names, form=form, what="image", differ=PATH)


def check_values(table: Table, column: str) -> None:
    """DataError where two values of a column that groups images differ in case or blanks alone."""
    values = table.columns[column]
    check_one_way(table, column, values, form=same_text, what="value", differ="case or blanks")


def check_splits(table: Table, column: str) -> None:
    """DataError where two names of a column are those of one split."""
    names = table.columns[column]
    check_one_way(table, column, names, form=same_name, what="split", differ=NAME)


def check_patients(table: Table, column: str, names: Sequence[str]) -> None:
    """DataError where two `names` in a column are those of one patient."""
    check_one_way(table, column, names, form=same_name, what="patient", differ=NAME)
