"""Data sets: what they hold, and what is said when they don't."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeassay.datasets import check_evaluation, check_separation, draw_calibration, open_dataset
from edgeassay.datasets.phantom import FINDINGS, Phantom
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.spec import ImageCsvSource, PhantomSource, Role
from suites.meta.project import write_spots

SPOTS = ImageCsvSource(
    source="image-csv", folder="spots", label="finding", positive="bright", patient="patient"
)
PHANTOM = PhantomSource(
    source="phantom",
    seed=3,
    size=64,
    images={Role.TRAIN: 30, Role.CALIBRATION: 40, Role.EVALUATION: 400},
)


@pytest.fixture
def spots(tmp_path: Path) -> Path:
    write_spots(tmp_path / "spots")
    return tmp_path


def edit(root: Path, old: str, new: str, count: int = 1) -> None:
    path = root / "spots" / "labels.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_splits_labels_patients_and_images_are_read(spots: Path) -> None:
    dataset = open_dataset(SPOTS, spots)
    split = dataset.splits[Role.EVALUATION]
    assert len(split) == 48
    assert split.labels.shape == (48, 1)
    assert set(np.unique(split.labels)) == {0, 1}
    assert split.patients is not None
    assert len(set(split.patients)) == 24
    assert split.load(0).size == (8, 8)
    assert check_separation(dataset) is True


def test_without_a_patient_column_separation_can_not_be_verified(spots: Path) -> None:
    source = ImageCsvSource(source="image-csv", folder="spots", label="finding", positive="bright")
    assert check_separation(open_dataset(source, spots)) is False


def test_absent_data_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="set EDGEASSAY_DATA"):
        open_dataset(SPOTS, None)
    with pytest.raises(Absent, match="has no folder 'spots'"):
        open_dataset(SPOTS, tmp_path)


MISTAKES = [
    ("image,finding", "file,finding", "has no column 'image', which `image` in \\[data\\] names"),
    ("finding", "label", "has no column 'finding'"),
    (",split", ",part", "has no column 'split'"),
    ("patient,", "person,", "has no column 'patient'"),
    ("images/006.png,", "images/006.png,,", "line 8: the row hasn't as many fields"),
    ("images/006.png", "images/007.png", "line 9: images/007.png is listed twice in split 'test'"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), MISTAKES)
def test_a_wrong_csv_is_explained(spots: Path, right: str, wrong: str, words: str) -> None:
    edit(spots, right, wrong)
    with pytest.raises(DataError, match=words):
        _ = open_dataset(SPOTS, spots).splits


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no rows"),
        (b"image,finding,patient,split\n", "has no rows"),
        (b"\xff\xfe\x00\x00", "can't be read as a CSV file"),
        (None, "doesn't exist"),
    ],
)
def test_no_table_is_explained(spots: Path, content: bytes | None, words: str) -> None:
    path = spots / "spots" / "labels.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        _ = open_dataset(SPOTS, spots).splits


def test_labels_that_do_not_fit_are_explained(spots: Path) -> None:
    binary = ImageCsvSource(source="image-csv", folder="spots", label="finding")
    with pytest.raises(DataError, match="is 'bright', and must be 0 or 1"):
        _ = open_dataset(binary, spots).splits
    other = ImageCsvSource(source="image-csv", folder="spots", label="finding", positive="x")
    with pytest.raises(DataError, match="the column holds bright, dark"):
        _ = open_dataset(other, spots).splits


def test_a_missing_evaluation_split_names_those_there_are(spots: Path) -> None:
    edit(spots, ",test", ",exam", count=-1)
    with pytest.raises(DataError, match="the column holds calibration, exam, train, validation"):
        _ = open_dataset(SPOTS, spots).splits


def test_a_one_class_split_is_refused(spots: Path) -> None:
    edit(spots, ",dark,", ",bright,", count=-1)
    dataset = open_dataset(SPOTS, spots)
    with pytest.raises(DataError, match="all 48 images of split 'test' are positive"):
        check_evaluation(dataset)


def test_an_image_in_two_splits_is_refused(spots: Path) -> None:
    edit(spots, "images/006.png", "images/000.png")
    with pytest.raises(ConfigError, match="share 1 images"):
        check_separation(open_dataset(SPOTS, spots))


@pytest.mark.parametrize("split", ["train", "training"])
def test_a_patient_in_two_splits_is_refused_whatever_the_other_is_called(
    spots: Path, split: str
) -> None:
    edit(spots, ",train", f",{split}", count=-1)
    edit(spots, "p003", "p000")
    with pytest.raises(ConfigError, match=r"share 1 patients \(p000\)"):
        check_separation(open_dataset(SPOTS, spots))


def test_a_declared_split_that_is_not_there_is_refused(spots: Path) -> None:
    source = replace(SPOTS, splits={Role.TRAIN: "tran"})
    with pytest.raises(DataError, match="no row has split = 'tran', the train split"):
        _ = open_dataset(source, spots).splits


def test_labels_written_in_two_ways_and_empty_patients_are_refused(spots: Path) -> None:
    edit(spots, ",bright,", ",Bright,")
    with pytest.raises(DataError, match="differ only in case or blanks"):
        _ = open_dataset(SPOTS, spots).splits
    edit(spots, ",Bright,", ",bright,")
    edit(spots, ",p005,", ",,")
    with pytest.raises(DataError, match="column 'patient' is empty"):
        _ = open_dataset(SPOTS, spots).splits


def test_an_image_of_more_than_8_bits_is_refused(spots: Path) -> None:
    pixels = np.full((8, 8), 40000, np.uint16)
    Image.fromarray(pixels).save(spots / "spots/images/006.png")
    split = open_dataset(SPOTS, spots).splits[Role.EVALUATION]
    with pytest.raises(DataError, match=r"006\.png has more than 8 bits a pixel"):
        split.load(0)


def test_calibration_on_the_evaluation_split_is_refused(spots: Path) -> None:
    splits = {Role.CALIBRATION: "test", Role.EVALUATION: "test"}
    source = ImageCsvSource(
        source="image-csv", folder="spots", label="finding", positive="bright", splits=splits
    )
    with pytest.raises(ConfigError, match=r"calibration .* and evaluation .* share 48 images"):
        check_separation(open_dataset(source, spots))


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", None])
def test_an_unreadable_image_is_named(spots: Path, content: bytes | None) -> None:
    path = spots / "spots/images/006.png"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=r"006\.png (can't be read as an image|doesn't exist)"):
        open_dataset(SPOTS, spots).splits[Role.EVALUATION].load(0)


def test_calibration_is_seeded_stratified_and_shuffled() -> None:
    dataset = Phantom(PHANTOM)
    split = dataset.splits[Role.CALIBRATION]
    picks = draw_calibration(dataset, 20, seed=1)
    assert picks == draw_calibration(dataset, 20, seed=1)
    assert picks != draw_calibration(dataset, 20, seed=2)
    assert picks != sorted(picks)
    assert len(set(picks)) == 20
    assert max(picks) < len(split)
    with pytest.raises(DataError, match="41 calibration images are asked for"):
        draw_calibration(dataset, 41, seed=1)


def test_a_sorted_csv_calibrates_on_both_classes(spots: Path) -> None:
    dataset = open_dataset(SPOTS, spots)
    split = dataset.splits[Role.CALIBRATION]
    object.__setattr__(split, "labels", np.sort(split.labels, axis=0))
    share = float(split.labels.mean())
    for seed in range(20):
        picks = draw_calibration(dataset, 8, seed)
        assert abs(float(split.labels[picks].mean()) - share) <= 1 / 8


def test_the_phantom_is_the_same_every_time_and_every_seed_another() -> None:
    first, again = Phantom(PHANTOM), Phantom(PHANTOM)
    other = Phantom(PhantomSource(source="phantom", seed=4, size=64, images=PHANTOM.images))
    splits = [d.splits[Role.EVALUATION] for d in (first, again, other)]
    assert np.array_equal(splits[0].labels, splits[1].labels)
    assert not np.array_equal(splits[0].labels, splits[2].labels)
    images = [np.asarray(split.load(7)) for split in splits]
    assert np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


def test_the_phantom_has_patients_no_two_splits_share_and_every_finding() -> None:
    dataset = Phantom(PHANTOM)
    assert check_separation(dataset) is True
    split = check_evaluation(dataset)
    assert dataset.classes == tuple(FINDINGS)
    assert len(FINDINGS) == 14
    assert split.patients is not None
    assert len(set(split.patients)) < len(split)
    assert len(set(split.names)) == len(split)
