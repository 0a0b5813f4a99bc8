"""One cell says the same thing in every source of labels, or is refused in the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeassay.datasets import open_dataset
from edgeassay.datasets.labels import positives_told, read_label
from edgeassay.errors import DataError
from edgeassay.judging.predictions import read_compared
from edgeassay.spec import ImageCsvSource, NpzSource, Role

PLAIN = ("0", "1", "0", "1")

# Reads four cells as the labels of four images.
Read = Callable[[Path, list[Any]], list[int]]


def in_judge(folder: Path, cells: list[Any]) -> list[int]:
    names = [f"{k}.png" for k in range(len(cells))]
    rows = [f"{name},{cell}" for name, cell in zip(names, cells, strict=True)]
    scores = "\n".join(["image,finding", *(f"{n},{k}.5" for k, n in enumerate(names))])
    (folder / "labels.csv").write_text("\n".join(["image,finding", *rows]) + "\n", "utf-8")
    (folder / "scores.csv").write_text(scores + "\n", "utf-8")
    given = read_compared(folder / "labels.csv", folder / "scores.csv", folder / "scores.csv")
    return [int(one) for one in given.compared.labels[:, 0]]


def in_a_table(folder: Path, cells: list[Any]) -> list[int]:
    rows = ["image,finding,split"]
    for k, cell in enumerate(cells):
        pixels = np.random.default_rng(k).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(folder / f"{k}.png")
        rows.append(f"{k}.png,{cell},test")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", "utf-8")
    source = ImageCsvSource(source="image-csv", folder=folder.name, label="finding", positive=None)
    split = open_dataset(source, folder.parent).splits[Role.EVALUATION]
    return [int(one) for one in split.labels[:, 0]]


def in_an_array(folder: Path, cells: list[Any]) -> list[int]:
    images = np.random.default_rng(0).integers(0, 256, (len(cells), 8, 8), np.uint8)
    np.savez(folder / "a.npz", test_images=images, test_labels=np.array(cells))
    source = NpzSource(source="npz", file="a.npz", classes=("finding",))
    split = open_dataset(source, folder).splits[Role.EVALUATION]
    return [int(one) for one in split.labels[:, 0]]


def in_judges_label(folder: Path, cells: list[Any]) -> list[int]:
    """A column `label` of 0 and 1 beside one column of scores, which has the class's name."""
    names = [f"{k}.png" for k in range(len(cells))]
    rows = [f"{name},{cell}" for name, cell in zip(names, cells, strict=True)]
    scores = "\n".join(["image,finding", *(f"{n},{k}.5" for k, n in enumerate(names))])
    (folder / "labels.csv").write_text("\n".join(["image,label", *rows]) + "\n", "utf-8")
    (folder / "scores.csv").write_text(scores + "\n", "utf-8")
    given = read_compared(folder / "labels.csv", folder / "scores.csv", folder / "scores.csv")
    return [int(one) for one in given.compared.labels[:, 0]]


def in_a_table_of_a_positive(folder: Path, cells: list[Any]) -> list[int]:
    """A column of texts of which `positive` is the one that counts, and is written as 1."""
    in_a_table(folder, [0, 1, 0, 1])
    rows = [f"{k}.png,{cell},test" for k, cell in enumerate(cells)]
    (folder / "labels.csv").write_text("\n".join(["image,finding,split", *rows]) + "\n", "utf-8")
    source = ImageCsvSource(source="image-csv", folder=folder.name, label="finding", positive="1")
    split = open_dataset(source, folder.parent).splits[Role.EVALUATION]
    assert split.negatives is None
    return [int(one) for one in split.labels[:, 0]]


TEXTS = [in_judge, in_judges_label, in_a_table, in_a_table_of_a_positive]
SOURCES = [*TEXTS, in_an_array]


@pytest.mark.parametrize("read", SOURCES)
@pytest.mark.parametrize("cells", [[0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0], [False, True, False, True]])
def test_numbers_and_truths_are_labels_everywhere(
    tmp_path: Path, read: Read, cells: list[Any]
) -> None:
    assert read(tmp_path, cells) == [0, 1, 0, 1]


@pytest.mark.parametrize("read", TEXTS)
@pytest.mark.parametrize(
    ("no", "yes"),
    [("0.", "1."), (" 0", "1 "), ("FALSE", "true"), ("0.000", "1.00"), ("00", "01"), ("+0", "+1")],
)
def test_as_programs_write_them(tmp_path: Path, read: Read, no: str, yes: str) -> None:
    assert read(tmp_path, [no, yes, no, yes]) == [0, 1, 0, 1]


@pytest.mark.parametrize("read", SOURCES)
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (-1, "-1 is CheXpert's mark of an uncertain finding: write 0 or 1 instead"),
        (-1.0, "-1 is CheXpert's mark of an uncertain finding: write 0 or 1 instead"),
        (float("nan"), "such a cell doesn't say whether the finding is absent or unknown"),
        (2, ""),
        (0.5, ""),
    ],
)
def test_what_says_neither_is_refused_everywhere_in_one_way(
    tmp_path: Path, read: Read, cell: float, words: str
) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, [0, 1, 0, cell])
    text = str(refused.value)
    assert words in text
    assert ("CheXpert" in text) == ("CheXpert" in words)
    assert "must hold 0 and 1, and has " in text
    assert str(cell) in text
    assert "line 5" in text or "image 3" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("read", TEXTS)
@pytest.mark.parametrize("cell", ["", "  ", "nan", "N/A", "?"])
def test_blank_cells_are_refused_everywhere(tmp_path: Path, read: Read, cell: str) -> None:
    with pytest.raises(DataError, match=r"in line 5; such a cell doesn't say whether the finding"):
        read(tmp_path, [*PLAIN[:3], cell])


def test_zero_as_positive_counts_what_says_zero(tmp_path: Path) -> None:
    in_a_table(tmp_path, [0, "0.0", 1, "1.0"])
    source = ImageCsvSource(source="image-csv", folder=tmp_path.name, label="finding", positive="0")
    split = open_dataset(source, tmp_path.parent).splits[Role.EVALUATION]
    assert split.labels[:, 0].tolist() == [1, 1, 0, 0]


UNCERTAIN = ["finding", "-1", "finding", "-1.0"]


def test_an_uncertain_finding_is_no_text_that_counts_as_negative(tmp_path: Path) -> None:
    in_a_table(tmp_path, [0, 1, 0, 1])
    rows = [f"{k}.png,{cell},test" for k, cell in enumerate(UNCERTAIN)]
    (tmp_path / "labels.csv").write_text("\n".join(["image,said,split", *rows]) + "\n", "utf-8")
    source = ImageCsvSource(
        source="image-csv", folder=tmp_path.name, label="said", positive="finding"
    )
    with pytest.raises(DataError, match=r"line 3: column 'said' is '-1'; -1 is CheXpert's mark"):
        _ = open_dataset(source, tmp_path.parent).splits


def test_nor_is_it_in_judge(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3: column 'label' is '-1'; -1 is CheXpert's mark"):
        in_judges_label(tmp_path, UNCERTAIN)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.float16, np.float32, np.bool_])
def test_arrays_of_every_kind_of_number_are_read(tmp_path: Path, kind: Any) -> None:
    assert in_an_array(tmp_path, list(np.array([0, 1, 1, 0], kind))) == [0, 1, 1, 0]


def test_a_negative_zero_is_a_zero() -> None:
    assert [read_label(cell) for cell in ("-0.0", "-0", "-00.")] == [0, 0, 0]
    assert read_label("-1") is None


@pytest.mark.parametrize("cell", ["yes", "10", "1.1", "-0.5", "1e0", "0x1", "--1", "1,0", "²"])
def test_other_texts_are_no_labels(cell: str) -> None:
    assert read_label(cell) is None


def test_a_column_called_label_may_hold_0_and_1(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("image,label\na,0\nb,1\nc,1.0\nd,0\n", "utf-8")
    (tmp_path / "s.csv").write_text("image,pneumonia\na,0.1\nb,0.9\nc,0.7\nd,0.2\n", "utf-8")
    given = read_compared(tmp_path / "l.csv", tmp_path / "s.csv", tmp_path / "s.csv")
    assert given.compared.labels.ravel().tolist() == [0, 1, 1, 0]
    assert given.negatives is None


def test_texts_that_count_as_negative_are_counted(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("image,label\na,normal\nb,ill\nc,ill\nd,normal\n", "utf-8")
    (tmp_path / "s.csv").write_text("image,ill\na,0.1\nb,0.9\nc,0.7\nd,0.2\n", "utf-8")
    given = read_compared(tmp_path / "l.csv", tmp_path / "s.csv", tmp_path / "s.csv")
    assert given.negatives == {"normal": 2}


def test_counts_fit_into_a_line_however_many_classes_there_are() -> None:
    one = positives_told({"ill": 2}, 5, {"normal": 2, "other": 1})
    assert one == "of 5 images: ill 2 positive, 3 negative ('normal': 2, 'other': 1)"
    two = positives_told({"a": 2, "b": 5}, 5, None)
    assert two == "of 5 images: a 2 positive, 3 negative; b 5 positive, 0 negative"
    many = positives_told({f"c{k}": k + 3 for k in range(14)}, 100, None)
    assert many == "of 100 images 3 to 16 are positive for each of 14 classes, the others negative"
