"""Tables: what a CSV must be, what is said when it isn't, and what it costs to keep."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from edgeassay.datasets.phantom import Phantom
from edgeassay.datasets.table import read_table
from edgeassay.errors import DataError
from edgeassay.measure.predictions import read_predictions
from edgeassay.spec import PhantomSource, Role

PHANTOM = PhantomSource(source="phantom", seed=1, size=16, images={Role.EVALUATION: 2})
WANTED = {"image": "`image` in [data] names", "split": "`split` in [data] names"}


def test_wanted_columns_are_read_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfsplit,note,image\ntest,"two\nlines",a.png\n\ntest,,b.png\n')
    table = read_table(path, WANTED, absent="")
    assert table.columns == {"image": ["a.png", "b.png"], "split": ["test", "test"]}
    assert list(table.lines) == [3, 5]
    assert table.at(1) == f"{path}, line 5"
    assert len(table) == 2
    assert table.columns["split"][0] is table.columns["split"][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no rows below its header"),
        (b"image,split\n", "has no rows below its header"),
        (
            b"image,split\na.png\n",
            r"line 2: the row hasn't as many fields as the header \(1, and 2",
        ),
        (b"image,split\na,b\n\nc,d,e\n", r"line 4: the row hasn't as many fields"),
        (b"image,split\n\xff,b\n", "is no text in UTF-8"),
        (b'image,split\n"a"b,c\n', "can't be read as a CSV file"),
        (
            b"image,part\na,b\n",
            "no column 'split', which `split` in .* its columns are image, part",
        ),
        (b"image;split\na;b\n", r"its columns are image;split \(they must be separated by commas"),
        (b"image,split,image\na,b,c\n", "has 2 columns 'image', which `image` in .*; leave one"),
    ],
)
def test_what_is_no_such_table_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_table(path, WANTED, absent="")


def test_the_sentence_about_an_absent_file_is_the_callers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^put it there$"):
        read_table(tmp_path / "a.csv", WANTED, absent="put it there")


def test_a_large_table_costs_little_more_than_its_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = 20_000
    path.write_text(
        "image,split,note\n" + "".join(f"{i:08d}.png,train,{i:0200d}\n" for i in range(rows))
    )
    tracemalloc.start()
    table = read_table(path, WANTED, absent="")
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table) == rows
    assert kept < rows * 120  # a name of 12 letters is 61 bytes; two pointers and a number, 24
    assert peak < rows * 300  # a row kept as a dictionary would be 500 and more


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"p\.csv doesn't exist; `predictions` under \[reference\] names it"),
        ("image,a\nx,1\n", r"has no column 'b', which must be there: .* each class \(a, b\)"),
        ("image,a,b\nx,1,high\n", "line 2: could not convert string to float: 'high'; write a"),
        ("image,a,b\nx,1,nan\n", "line 2: a score is no finite number"),
        ("image,a,b\nx,1,2\nx,1,2\n", "line 3: x is listed twice"),
        ("image,a,b\nx,1,2\n", "has no row for 1 of 2 evaluation images, such as y"),
    ],
)
def test_a_file_of_predictions_that_does_not_serve_is_explained(
    tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "p.csv"
    split = replace(Phantom(PHANTOM).splits[Role.EVALUATION], names=["x", "y"])
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_predictions(path, split, ("a", "b"))
    path.write_text("image,b,other,a\ny,4,n,3\nz,9,n,9\nx,2,n,1\n")
    assert read_predictions(path, split, ("a", "b")).tolist() == [[1, 2], [3, 4]]
