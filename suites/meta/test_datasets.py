"""Data sets: what they hold, and what is said when they don't."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.build import calibration_images
from edgeassay.config import load_model
from edgeassay.datasets import (
    check_evaluation,
    check_separation,
    draw_calibration,
    load_images,
    open_dataset,
)
from edgeassay.datasets.phantom import FINDINGS, Phantom
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.spec import ImageCsvSource, PhantomSource, Role
from suites.meta.project import MODEL_TOML, Project, write_spots

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


def test_a_blank_behind_a_patients_name_makes_nobody_else_of_him(spots: Path) -> None:
    before = set(open_dataset(SPOTS, spots).splits[Role.EVALUATION].patients or ())
    table = spots / "spots/labels.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1::2] = [line.replace(",test", " ,test") for line in lines[1::2]]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert set(open_dataset(SPOTS, spots).splits[Role.EVALUATION].patients or ()) == before


def test_without_a_patient_column_separation_can_not_be_verified(spots: Path) -> None:
    source = ImageCsvSource(source="image-csv", folder="spots", label="finding", positive="bright")
    assert check_separation(open_dataset(source, spots)) is False


def test_absent_data_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="set EDGEASSAY_DATA"):
        open_dataset(SPOTS, None)
    with pytest.raises(Absent, match="has no folder 'spots'"):
        open_dataset(SPOTS, tmp_path)


MISTAKES = [
    (",train\n", ",\n", r"line \d+: column 'split' is empty; fill it in"),
    ("images/003.png", "images/" + 300 * "3", r"can't be looked at \(File name too long\)"),
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
        (b"\xff\xfe\x00\x00", "is no text in UTF-8"),
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
    with pytest.raises(DataError, match="must hold 0 and 1, and has 'bright' in line"):
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


def test_a_class_without_images_is_refused_and_named(spots: Path) -> None:
    several = replace(SPOTS, positive=None, classes=("dark", "bright", "grey"))
    with pytest.raises(DataError, match="no image of split 'test' is of the class 'grey'"):
        check_evaluation(open_dataset(several, spots))
    path = spots / "spots" / "labels.csv"
    header, *rows = path.read_text().splitlines()
    mixed = [r.replace(",dark,", ",grey,") if k % 3 == 0 else r for k, r in enumerate(rows)]
    path.write_text("\n".join([header, *mixed]) + "\n")
    assert check_evaluation(open_dataset(several, spots)).labels.sum(axis=0).all()


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


@pytest.mark.parametrize("text", ["", " ", "nan", "N/A", "BRIGHT", "bright ", "br ight"])
@pytest.mark.parametrize("several", [False, True])
def test_a_label_that_could_be_read_in_two_ways_is_refused_by_line_in_every_split(
    spots: Path, text: str, *, several: bool
) -> None:
    """Line 2 is of the training split, and the labels of the test split are asked for."""
    table = spots / "spots/labels.csv"
    header, first, *rows = table.read_text().splitlines()
    assert first.endswith(",train")
    label = first.split(",")[1]
    table.write_text("\n".join([header, first.replace(f",{label},", f",{text},"), *rows]) + "\n")
    classes = replace(SPOTS, positive=None, classes=("dark", "bright"))
    with pytest.raises(DataError, match=r"labels\.csv, line \d+: column 'finding' is '") as caught:
        _ = open_dataset(classes if several else SPOTS, spots).splits
    assert repr(text) in str(caught.value)


def test_a_text_that_is_declared_as_a_class_is_no_empty_cell(spots: Path) -> None:
    edit(spots, ",dark,", ",NA,", count=-1)
    for source in (replace(SPOTS, positive="NA"), replace(SPOTS, classes=("NA", "bright"))):
        assert open_dataset(source, spots).splits[Role.EVALUATION].labels[:, 0].any()


@pytest.mark.parametrize("other", ["P003", "p003.0", "00p003", "p 003", "\uff50003"])
def test_a_patient_who_is_written_in_two_ways_is_refused_across_splits(
    spots: Path, other: str
) -> None:
    """Whoever trained as `p000` is `p003` in the test split, but for how it is written."""
    edit(spots, ",p000,", f",{other},", count=-1)
    with pytest.raises(DataError, match=r"'.*003' \(line \d+\)") as caught:
        check_separation(open_dataset(SPOTS, spots))
    assert repr(other) in str(caught.value)
    assert repr("p003") in str(caught.value)
    with pytest.raises(DataError, match="write each patient in one way"):
        _ = open_dataset(SPOTS, spots).splits


def test_a_blank_behind_a_patient_makes_no_other_patient(spots: Path) -> None:
    edit(spots, ",p000,", ",p003 ,", count=-1)
    with pytest.raises(ConfigError, match=r"share 1 patients \(p003\)"):
        check_separation(open_dataset(SPOTS, spots))


@pytest.mark.parametrize(
    ("pixels", "name", "words"),
    [
        (np.full((8, 8), 0.5, np.float32), "006.tiff", r"006\.tiff holds floating-point numbers"),
        (np.full((8, 8), 65_536, np.int32), "006.tiff", "holds integers from 65536 to 65536"),
        (np.full((8, 8), -1, np.int32), "006.tiff", "holds integers from -1 to -1, and 16 bits"),
    ],
)
def test_an_image_without_a_known_white_is_refused(
    spots: Path, pixels: npt.NDArray[Any], name: str, words: str
) -> None:
    edit(spots, "images/006.png", f"images/{name}")
    Image.fromarray(pixels).save(spots / "spots/images" / name)
    split = open_dataset(SPOTS, spots).splits[Role.EVALUATION]
    with pytest.raises(DataError, match=words):
        split.load(0)


@pytest.mark.parametrize("kind", ["<u2", ">u2", "<i4"])
@pytest.mark.parametrize("name", ["006.png", "006.tiff"])
def test_a_16_bit_image_is_read_whole(spots: Path, kind: str, name: str) -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1023
    edit(spots, "images/006.png", f"images/{name}")
    Image.fromarray(pixels.astype(kind if name.endswith("tiff") else "<u2")).save(
        spots / "spots/images" / name
    )
    image = open_dataset(SPOTS, spots).splits[Role.EVALUATION].load(0)
    assert image.mode.startswith("I")
    assert np.array_equal(np.asarray(image), pixels)


def test_texts_of_several_classes_become_one_hot_labels_in_the_declared_order(spots: Path) -> None:
    edit(spots, "images/007.png,dark", "images/007.png,grey")
    source = replace(SPOTS, positive=None, classes=("grey", "dark", "bright"))
    split = open_dataset(source, spots).splits[Role.EVALUATION]
    assert open_dataset(source, spots).classes == ("grey", "dark", "bright")
    assert split.labels.dtype == np.int8
    assert split.labels[1].tolist() == [1, 0, 0]
    assert split.labels.sum(axis=1).tolist() == [1] * 48
    bright = open_dataset(SPOTS, spots).splits[Role.EVALUATION].labels[:, 0]
    assert np.array_equal(split.labels[:, 2], bright)
    with pytest.raises(
        DataError, match=r"column 'finding' has 'grey' in line 9, and .* dark, bright;"
    ):
        _ = open_dataset(replace(source, classes=("dark", "bright")), spots).splits


def test_a_files_digest_is_that_of_its_bytes(spots: Path) -> None:
    split = open_dataset(SPOTS, spots).splits[Role.EVALUATION]
    path = spots / "spots/images/006.png"
    before = split.digest(0)
    assert before == hashlib.sha256(path.read_bytes()).digest()
    stat = path.stat()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert split.digest(0) != before
    path.unlink()
    with pytest.raises(DataError, match=r"006\.png doesn't exist, and .* lists it"):
        split.digest(0)
    path.mkdir()
    with pytest.raises(DataError, match=r"006\.png can't be read: .*; mend its permissions"):
        split.digest(0)


def test_a_phantoms_digest_follows_seed_size_role_image_and_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def digests(source: PhantomSource) -> set[bytes]:
        splits = Phantom(source).splits.values()
        return {split.digest(i) for split in splits for i in range(len(split))}

    found = digests(PHANTOM)
    assert len(found) == 470
    assert {len(digest) for digest in found} == {32}
    assert digests(PHANTOM) == found
    assert not digests(replace(PHANTOM, seed=4)) & found
    assert not digests(replace(PHANTOM, size=32)) & found
    monkeypatch.setattr("edgeassay.datasets.phantom._code", lambda: "other")
    assert not digests(PHANTOM) & found


def test_splits_that_serve_no_role_are_offered(spots: Path) -> None:
    edit(spots, ",train", ",training", count=-1)
    dataset = open_dataset(SPOTS, spots)
    assert Role.TRAIN not in dataset.splits
    (unused,) = dataset.unused
    assert (unused.name, len(unused)) == ("training", 16)
    assert Phantom(PHANTOM).unused == ()


def test_calibration_on_the_evaluation_split_is_refused(spots: Path) -> None:
    splits = {Role.CALIBRATION: "test", Role.EVALUATION: "test"}
    source = ImageCsvSource(
        source="image-csv", folder="spots", label="finding", positive="bright", splits=splits
    )
    with pytest.raises(ConfigError, match=r"calibration .* and evaluation .* share 48 images"):
        check_separation(open_dataset(source, spots))


# A DDS file of a kind that Pillow knows of and has no decoder for.
UNDECODED = b"DDS \x7c" + bytes(7) + b"\x08\0\0\0\x08" + bytes(111)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", UNDECODED, None])
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


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        ("{}", ConfigError, "share 1 images"),
        ("./{}", DataError, "has images that differ only in case, .* the way to the file"),
        ("images/../{}", DataError, "has images that differ only in case"),
    ],
)
def test_another_name_for_the_same_file_is_no_other_file(
    spots: Path, image: str, error: type[Exception], words: str
) -> None:
    table = spots / "spots/labels.csv"
    rows = table.read_text().splitlines()
    one = next(row for row in rows if row.endswith(",test"))
    name, finding, who, _ = one.split(",")
    table.write_text("\n".join([*rows, f"{image.format(name)},{finding},new,train"]) + "\n")
    with pytest.raises(error, match=words):
        check_separation(open_dataset(SPOTS, spots))
    table.write_text("\n".join([*rows, f"{rows[1].split(',')[0]}x,dark, {who},other"]) + "\n")
    with pytest.raises(ConfigError, match="share 1 patients"):
        check_separation(open_dataset(SPOTS, spots))


def test_calibration_sees_the_calibration_split_alone(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write()
    model = load_model(tmp_path / "models/tiny", tmp_path)
    assert model.preprocess is not None
    assert model.data is not None
    opened = partial(open_dataset, data_root=project.data)
    seen = {image.tobytes() for image in calibration_images(model, "int8", opened)}
    splits = open_dataset(model.data, project.data).splits
    held = {
        role: {i.tobytes() for i in load_images(split, range(len(split)), model.preprocess)}
        for role, split in splits.items()
    }
    assert len(seen) == 8
    assert seen <= held[Role.CALIBRATION]
    assert not seen & held[Role.EVALUATION]


def test_more_calibration_images_than_there_are_name_the_model(tmp_path: Path) -> None:
    project = Project(
        tmp_path, model_toml=MODEL_TOML.replace("calibration_images = 8", "calibration_images = 99")
    )
    project.write()
    model = load_model(tmp_path / "models/tiny", tmp_path)
    opened = partial(open_dataset, data_root=project.data)
    with pytest.raises(ConfigError) as caught:
        calibration_images(model, "int8", opened)
    assert "models/tiny/model.toml: variants.int8.calibration_images = 99" in str(caught.value)
    assert "has 54 images; ask for at most as many" in str(caught.value)


def calibrated(folder: Path) -> npt.NDArray[np.float32]:
    """The calibration images of a project that is written in a folder."""
    model = load_model(folder / "models/tiny", folder)
    return calibration_images(model, "int8", partial(open_dataset, data_root=folder / "data"))


def calm(project: Project) -> None:
    """Whoever calibrates is well."""
    path = project.data / "spots/labels.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    rows = [row.replace("bright", "dark") if row.endswith("calibration") else row for row in rows]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_images_of_one_class_calibrate_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write()
    assert len(calibrated(tmp_path)) == 8
    calm(project)
    with pytest.raises(DataError) as caught:
        calibrated(tmp_path)
    assert "all 54 images of the calibration split 'calibration' are of one class" in str(
        caught.value
    )
    assert "name a split with others as data.splits.calibration" in str(caught.value)


def test_too_few_images_to_be_of_two_classes_calibrate_nothing(tmp_path: Path) -> None:
    text = MODEL_TOML.replace("calibration_images = 8", "calibration_images = 1")
    Project(tmp_path, model_toml=text).write()
    with pytest.raises(
        DataError, match=r"the 1 images drawn of the 54 .* raise calibration_images"
    ):
        calibrated(tmp_path)


@pytest.mark.parametrize("same", [True, False])
def test_images_that_show_nothing_calibrate_nothing(tmp_path: Path, same: bool) -> None:
    project = Project(tmp_path)
    project.write()
    for row in (project.data / "spots/labels.csv").read_text(encoding="utf-8").splitlines():
        name, *_, split = row.split(",")
        if split == "calibration":
            grey = np.full((8, 8), int(Path(name).stem) % 256, np.uint8)
            picture = np.arange(64, dtype=np.uint8).reshape(8, 8) if same else grey
            Image.fromarray(picture).save(project.data / "spots" / name)
    with pytest.raises(DataError) as caught:
        calibrated(tmp_path)
    assert "calibrate int8 are all the same picture, or each of one grey" in str(caught.value)
    assert "models/tiny/model.toml: the 8 images of split 'calibration'" in str(caught.value)
