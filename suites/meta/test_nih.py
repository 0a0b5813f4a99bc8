"""NIH ChestX-ray14 as published: its splits, findings and patients, and copies that are wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeassay.datasets import check_separation, draw_calibration, open_dataset
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.spec import CHEST_FINDINGS, Decoding, NihSource, Role

SOURCE = NihSource(source="nih-chestxray14", folder="nih")
# As published in 2017: an empty column at the end, and commas in the names of others.
HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
TEXTS = ("No Finding", "Mass", "Hernia|Atelectasis", "Pleural_Thickening|Mass|Edema")


@pytest.fixture
def nih(tmp_path: Path) -> Path:
    """Sixty images of thirty patients, ten of them on the test list."""
    root = tmp_path / "nih"
    rows, tested = [HEADER], []
    for number in range(60):
        patient = number // 2 + 1
        name = f"{patient:08d}_{number % 2:03d}.png"
        folder = root / f"images_{1 + number % 2:03d}" / "images"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(folder / name)
        text = TEXTS[number % len(TEXTS)]
        rows.append(f"{name},{text},0,{patient},058Y,M,PA,2682,2749,0.143,0.143,")
        if patient % 3 == 0:
            tested.append(name)
    (root / "Data_Entry_2017.csv").write_text("\n".join(rows) + "\n")
    (root / "test_list.txt").write_text("\n".join(tested) + "\n")
    return root


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_published_layout_is_read(nih: Path) -> None:
    dataset = open_dataset(SOURCE, nih.parent)
    assert dataset.classes == CHEST_FINDINGS
    splits = dataset.splits
    assert set(splits) == set(Role)
    assert splits[Role.TRAIN] is splits[Role.CALIBRATION]
    assert [splits[role].name for role in Role] == ["train_val", "train_val", "validation", "test"]
    assert sum(len(split) for split in {id(s): s for s in splits.values()}.values()) == 60
    split = splits[Role.EVALUATION]
    assert len(split) == 20
    assert split.names[0] == "00000003_000.png"
    assert split.patients is not None
    assert len(set(split.patients)) == 10
    assert check_separation(dataset) is True
    assert len(draw_calibration(dataset, 10, seed=1)) == 10


def test_its_files_are_decoded_as_declared(nih: Path) -> None:
    layers = Image.new("LA", (8, 8), (90, 0))
    layers.save(nih / "images_001/images/00000003_000.png")
    for alpha, grey in (("white", 255), ("drop", 90)):
        decoding = Decoding(alpha=alpha)  # type: ignore[arg-type]
        split = open_dataset(SOURCE, nih.parent, decoding=decoding).splits[Role.EVALUATION]
        assert np.asarray(split.load(0).convert("L")).max() == grey
    with pytest.raises(DataError, match=r"`alpha` in \[preprocess\]"):
        open_dataset(SOURCE, nih.parent).splits[Role.EVALUATION].load(0)


def test_findings_images_and_digests_are_each_rows_own(nih: Path) -> None:
    for split in open_dataset(SOURCE, nih.parent).splits.values():
        assert split.labels.dtype == np.int8
        for index, name in enumerate(split.names):
            number = 2 * (int(name[:8]) - 1) + int(name[9:12])
            assert np.asarray(split.load(index)).max() == number
            found = {CHEST_FINDINGS[i] for i in np.flatnonzero(split.labels[index])}
            assert found == set(TEXTS[number % 4].split("|")) - {"No Finding"}
            path = nih / f"images_{1 + number % 2:03d}/images/{name}"
            assert split.digest(index) == hashlib.sha256(path.read_bytes()).digest()


def test_validation_is_a_tenth_of_the_patients_and_the_same_in_every_copy(nih: Path) -> None:
    rows = [HEADER, "t.png,Mass,0,0,,,,,,,,"]
    rows += [f"{i:05d}.png,Mass,0,{i // 3},,,,,,,," for i in range(3, 1803)]
    (nih / "Data_Entry_2017.csv").write_text("\n".join(rows))
    (nih / "test_list.txt").write_text("t.png")
    for name in ("t.png", *(f"{i:05d}.png" for i in range(3, 1803))):
        (nih / name).touch()
    splits = open_dataset(SOURCE, nih.parent).splits
    validation, training = splits[Role.VALIDATION], splits[Role.TRAIN]
    assert validation.patients is not None
    assert training.patients is not None
    assert not set(validation.patients) & set(training.patients)
    assert 45 < len(set(validation.patients)) < 75  # of 600
    (nih / "Data_Entry_2017.csv").write_text("\n".join([*rows[:2], *reversed(rows[2:])]))
    again = open_dataset(SOURCE, nih.parent).splits[Role.VALIDATION]
    assert set(again.names) == set(validation.names)


MISTAKES = [
    ("Data_Entry_2017.csv", "Mass", "Mess", r"line 3: .* names 'Mess', which is none of the 14"),
    ("Data_Entry_2017.csv", "Mass", "", "line 3: column 'Finding Labels' is '', and names ''"),
    ("Data_Entry_2017.csv", "Mass", "Mass|No Finding", "line 3: .* combines 'No Finding' with"),
    ("Data_Entry_2017.csv", "Patient ID", "Patient", "no column 'Patient ID', which the table of"),
    ("Data_Entry_2017.csv", ",0,1,", ",0,,", "line 2: column 'Patient ID' is empty"),
    ("Data_Entry_2017.csv", "1_001", "1_000", r"line 3: 00000001_000\.png is listed twice .first"),
    ("Data_Entry_2017.csv", "1_001", "1_002", r"1 images that .* lists aren't below .*1_002\.png"),
    ("Data_Entry_2017.csv", "0.143,\n", "0.143\n", "line 2: the row hasn't as many fields"),
    ("test_list.txt", "3_000", "3_009", r"lists 1 images that .* doesn't have, such as 0*3_009"),
]


@pytest.mark.parametrize(("file", "right", "wrong", "words"), MISTAKES)
def test_a_copy_that_contradicts_itself_is_explained(
    nih: Path, file: str, right: str, wrong: str, words: str
) -> None:
    edit(nih, file, right, wrong)
    with pytest.raises(DataError, match=words) as raised:
        _ = open_dataset(SOURCE, nih.parent).splits
    assert str(nih) in str(raised.value)


def test_missing_and_doubled_files_are_explained(nih: Path) -> None:
    def refused(words: str) -> None:
        with pytest.raises(DataError, match=words):
            _ = open_dataset(SOURCE, nih.parent).splits

    image = nih / "images_001/images/00000001_000.png"
    copy = nih / "images_002/00000001_000.png"
    copy.write_bytes(image.read_bytes())
    refused(r"00000001_000\.png is in .* and in .*; remove one")
    copy.unlink()
    image.rename(image.with_suffix(".jpg"))
    (nih / "images_001/images/00000002_000.png").unlink()
    refused(r"2 images that .* lists aren't below .* such as 00000001_000\.png")
    (nih / "test_list.txt").write_text("\n")
    refused(r"test_list\.txt is empty")
    (nih / "test_list.txt").write_bytes(b"\xff")
    refused(r"test_list\.txt can't be read as text in UTF-8")
    (nih / "test_list.txt").unlink()
    refused("doesn't exist; `test_list` in .data. names it")
    (nih / "Data_Entry_2017_v2020.csv").touch()
    refused(r"has 2 files that match .* \(Data_Entry_2017.csv, Data_Entry_2017_v2020.csv\)")
    for path in nih.glob("*.csv"):
        path.unlink()
    refused(r"has 0 files that match 'Data_Entry_2017\*\.csv', and must have one")


def test_an_absent_folder_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="has no folder 'nih'"):
        open_dataset(SOURCE, tmp_path)
    with pytest.raises(Absent, match="set EDGEASSAY_DATA"):
        open_dataset(SOURCE, None)


def test_a_patient_on_both_sides_of_the_test_list_is_refused(nih: Path) -> None:
    edit(nih, "test_list.txt", "00000003_001.png\n", "")
    with pytest.raises(ConfigError, match=r"share 1 patients \(3\)"):
        check_separation(open_dataset(SOURCE, nih.parent))


def test_linked_folders_are_walked_once(nih: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (nih / "images_001").rename(elsewhere)
    (nih / "images_001").symlink_to(elsewhere)
    (nih / "images_002/round").symlink_to(nih)
    assert len(open_dataset(SOURCE, nih.parent).splits[Role.EVALUATION]) == 20
