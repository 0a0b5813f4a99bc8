"""Two names of one thing are an error that names them, and never two things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeassay.datasets.identity import (
    check_images,
    check_patients,
    check_splits,
    same_name,
    same_path,
)
from edgeassay.datasets.table import Table
from edgeassay.errors import DataError
from suites.meta.project import Project


def table(*names: str) -> Table:
    lines = list(range(2, 2 + len(names)))
    return Table(path=Path("t.csv"), lines=lines, columns={"who": list(names)})


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (same_name, ("p7", "P7", " p7", "p7 ", "p 7", "00p7")),
        (same_name, ("p7", "p\u200b7", "p7\ufeff", "\u2060p7")),
        (same_name, ("12", "012", "12.0", "12.00", "\u00a012")),
        (same_name, ("0", "00", "0.0")),
        (same_name, ("7", "+7", "+07", "\uff17")),
        (same_name, ("P-7", "P_7", "p_7", "P\u22127", "P-007")),
        (same_name, ("1010", "1,010", "'1010", "1010.")),
        (same_path, ("a/7.png", "A/7.PNG", "./a/7.png", "a//7.png", "b/../a/7.png", "a\\7.png")),
        (same_path, ("a/7.png", "a/007.png", "00a/7.png", " a/7.png")),
    ],
)
def test_what_programs_change_in_a_name_makes_no_other(
    form: Callable[[str], str], names: tuple[str, ...]
) -> None:
    assert len({form(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (same_name, ("12", "120", "1.2", "1.02", "12.5", "-12", "", "0", "1,2", "P10")),
        (same_path, ("a/7.png", "a/7.jpg", "b/7.png", "7.png", "a/70.png", "../a/7.png")),
    ],
)
def test_what_is_another_name_stays_one(form: Callable[[str], str], names: tuple[str, ...]) -> None:
    assert len({form(name) for name in names}) == len(names)


def check_column(table: Table, column: str) -> None:
    check_patients(table, column, table.columns[column])


@pytest.mark.parametrize("check", [check_images, check_column, check_splits])
def test_the_first_few_are_named_with_their_lines(check: Callable[[Table, str], None]) -> None:
    names = [f"{k}" for k in range(1, 7)] + [f"0{k}" for k in range(1, 7)]
    words = (
        r"t\.csv: column 'who' has \w+ that differ only in .*: '1' \(line 2\) and '01' \(line 8\),"
        r" '2' .*, '3' \(line 4\) and '03' \(line 10\) and 3 more; write each \w+ in one way"
    )
    with pytest.raises(DataError, match=words):
        check(table(*names), "who")
    check(table(*names[:6], *names[:6]), "who")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",test\n", ",Test\n", "column 'split' has splits that differ only in"),
        (",test\n", ",test \n", "column 'split' has splits that differ only in"),
        ("images/006.png", "images/../images/007.png", "column 'image' has images that differ"),
    ],
)
def test_rows_do_not_drop_out_and_images_do_not_count_twice(
    project: Project, old: str, new: str, words: str
) -> None:
    project.write()
    path = project.data / "spots/labels.csv"
    text = path.read_text(encoding="utf-8")
    half = len(text) // 2
    assert old in text
    head, tail = text[:half], text[half:]
    changed = head.replace(old, new) + tail if old in head else head + tail.replace(old, new, 1)
    path.write_text(changed, encoding="utf-8")
    outcome = project.run("suites/accuracy")
    assert outcome.code != 0
    assert words in outcome.text.replace("\n", " ")
