"""`edgeassay judge` on files as others write them: the same content is the same verdict."""

from __future__ import annotations

import numpy as np
import pytest

from edgeassay.errors import DataError
from suites.meta.judge_files import FEW, SHARES, Files, judge, same, write_table


def test_the_order_of_rows_and_columns_says_nothing(files: Files) -> None:
    plain = files.judge()
    order = np.random.default_rng(0).permutation(600)
    for columns in (files.reference, files.candidate):
        turned = {name: [cells[i] for i in order] for name, cells in reversed(columns.items())}
        columns.clear()
        columns.update(turned)
    assert list(files.judge().json["classes"]) == ["Edema", "Mass"]
    files.reference = {name: files.reference[name] for name in files.labels}
    assert same(files.judge(), plain)


def test_raw_columns_beside_scores_are_left_alone(files: Files) -> None:
    plain = files.judge()
    files.candidate = {**files.candidate, "Mass.raw": range(600), "Edema.raw": ["x"] * 600}
    assert same(files.judge(), plain)


def test_a_class_may_end_in_raw(files: Files) -> None:
    plain = files.judge()
    for columns in (files.labels, files.reference, files.candidate):
        columns["Mass.raw"] = columns.pop("Mass")
    assert files.judge().json["classes"]["Mass.raw"] == plain.json["classes"]["Mass"]


def test_a_class_may_be_called_label(files: Files) -> None:
    plain = files.judge()
    for columns in (files.labels, files.reference, files.candidate):
        columns["label"] = columns.pop("Mass")
    assert files.judge().json["classes"]["label"] == plain.json["classes"]["Mass"]


def test_predictions_that_alone_name_patients_are_refused(files: Files) -> None:
    files.candidate["patient"] = [f"p{k // 6}" for k in range(600)]
    with pytest.raises(DataError, match=r"candidate.csv has a column 'patient', and .* has none"):
        files.judge()


def test_line_ends_marks_and_quotes_of_other_systems_are_read(files: Files) -> None:
    plain, paths = files.judge(), []
    for name, columns in (("labels", files.labels), ("reference", files.reference)):
        quoted = {f'"{key}"': [f'"{cell}"' for cell in cells] for key, cells in columns.items()}
        write_table(files.folder / f"{name}.csv", quoted, newline="\r\n", start="\ufeff")
        paths.append(f"--{name}={files.folder / name}.csv")
    end = judge(files.folder, *paths, f"--candidate={files.folder / 'candidate.csv'}", FEW)
    assert same(end, plain)


def test_names_with_zeros_in_front_are_no_numbers(files: Files) -> None:
    for columns in (files.labels, files.reference):
        columns["image"] = [f"{k:04d}" for k in range(600)]
    files.candidate["image"] = list(range(600))
    with pytest.raises(DataError, match=r"lacks images that .* lists: 0000, 0001, 0002 and 597"):
        files.judge()


def test_blanks_around_a_name_are_shown(files: Files) -> None:
    files.candidate["image"] = [f"{name} " for name in files.candidate["image"]]
    with pytest.raises(DataError, match=r"lists: 00000.png, .*") as caught:
        files.judge()
    assert "'00000" not in str(caught.value)
    files.labels["image"], files.candidate["image"] = (
        files.candidate["image"],
        files.labels["image"],
    )
    with pytest.raises(DataError, match=r"lists: '00000.png '"):
        files.judge()


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_scores_may_be_as_small_or_large_as_numbers_are(files: Files, scale: float) -> None:
    plain = files.judge()
    for name in SHARES:
        files.candidate[name] = [score * scale for score in files.candidate[name]]
    assert same(files.judge(), plain)
