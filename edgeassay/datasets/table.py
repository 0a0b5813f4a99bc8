"""CSV files, read into columns: a table of 100,000 images stays small."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from edgeassay.errors import DataError, why
from edgeassay.plain_files import open_plain


@dataclass(frozen=True, kw_only=True)
class Table:
    """The wanted columns of a CSV file; `lines[i]` is the line that row `i` ends in."""

    path: Path
    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.lines)

    def at(self, row: int) -> str:
        """Where a row stands, as messages begin with it."""
        return f"{self.path}, line {self.lines[row]}"


def read_table(path: Path, wanted: Mapping[str, str], *, absent: str) -> Table:
    """The `wanted` columns of a CSV file in UTF-8 with a header.

    `wanted` maps each column to who wants it, which ends the sentence about one that isn't there;
    `absent` is the sentence for a file that isn't there. DataError where it is no such table.
    """
    with _opened(path, absent) as file:
        return _read(path, file, wanted)


def read_header(path: Path, *, absent: str) -> list[str]:
    """The names of the columns; DataError where there are none, or two of one name."""
    with _opened(path, absent) as file:
        header = next(csv.reader(file, strict=True), [])
    if not header:
        raise DataError(f"{path} is empty; it must have a header and a row an image")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise DataError(f"{path} has several columns {twice[0]!r}; leave one of that name")
    return header


@contextmanager
def _opened(path: Path, absent: str) -> Iterator[TextIO]:
    """The file's text; what goes wrong while it is read, in a sentence."""
    try:
        with open_plain(path) as content:
            yield io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise DataError(absent) from None
    except OSError as error:
        raise DataError(
            f"{path} can't be read as a CSV file: {why(error)}; mend the file, or its permissions"
        ) from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text in UTF-8; save it again in UTF-8") from None
    except csv.Error as error:
        raise DataError(
            f"{path} can't be read as a CSV file: {error}; mend it, or save it again"
        ) from None


def _read(path: Path, file: TextIO, wanted: Mapping[str, str]) -> Table:
    reader = csv.reader(file, strict=True)
    header = next(reader, [])
    places = {name: _place(path, header, name, why) for name, why in wanted.items() if header}
    lines = array("q")
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    # A value that was met before is kept once, however many rows have it.
    known: dict[str, dict[str, str]] = {name: {} for name in wanted}
    kept = [(places.get(name, 0), columns[name], known[name]) for name in wanted]
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {reader.line_num}: the row hasn't as many fields as the header"
                f" ({len(row)}, and {len(header)}); mend the row"
            )
        lines.append(reader.line_num)
        for place, column, values in kept:
            column.append(values.setdefault(row[place], row[place]))
    if not lines:
        raise DataError(f"{path} has no rows below its header; it must list the images")
    return Table(path=path, lines=lines, columns=columns)


def _place(path: Path, header: Sequence[str], name: str, why: str) -> int:
    if name not in header:
        raise DataError(
            f"{path} has no column {name!r}, which {why}; its columns are {', '.join(header)}"
            f"{' (they must be separated by commas)' if len(header) == 1 else ''}"
        )
    if header.count(name) > 1:
        raise DataError(
            f"{path} has {header.count(name)} columns {name!r}, which {why}; leave one of that name"
        )
    return header.index(name)
