"""Images that are nearly one picture are one patient's evidence, and are compared only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.commands.check_data import check_data
from edgeassay.datasets.alike import SIMILARITY
from edgeassay.datasets.pictures import with_pictures
from edgeassay.datasets.sample import rows_of
from edgeassay.datasets.split import Split
from edgeassay.errors import DataError
from edgeassay.progress import silent
from edgeassay.spec import Decoding

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass
class Pictures:
    """Noise images, of which some are given; counts how often one is decoded."""

    given: dict[int, Pixels] = field(default_factory=dict)
    decoded: int = 0
    unreadable: tuple[int, ...] = ()
    images: int = 12

    def pixels(self, row: int) -> Pixels:
        if row in self.given:
            return self.given[row]
        return np.random.default_rng(row).integers(0, 256, (64, 64), np.uint8)

    def load(self, row: int) -> Image.Image:
        self.decoded += 1
        if row in self.unreadable:
            raise DataError(f"{row}.png can't be read")
        return Image.fromarray(self.pixels(row))

    def digest(self, row: int) -> bytes:
        return row.to_bytes(32, "big")

    def split(self, patients: list[str] | None = None) -> Split:
        return Split(
            name="test",
            names=[f"{row}.png" for row in range(self.images)],
            labels=np.zeros((self.images, 1), np.int8),
            patients=patients,
            load=self.load,
            digest=self.digest,
        )


def brighter(row: int) -> Pixels:
    """Nearly the picture of a row: paler, and with a spot."""
    pixels = Pictures().pixels(row) // 2 + 60
    pixels[0, 0] = 255
    return pixels.astype(np.uint8)


def groups(split: Split) -> list[list[int]]:
    """The images of each patient who has several."""
    return [
        rows
        for code in np.unique(split.codes)
        if len(rows := np.flatnonzero(split.codes == code).tolist()) > 1
    ]


def test_near_copies_are_one_patients(tmp_path: Path) -> None:
    split = with_pictures(Pictures({5: brighter(2)}).split(), Decoding(), tmp_path, silent)
    assert groups(split) == [[2, 5]]
    assert (split.copies, split.near_copies) == (0, 1)
    assert sorted(np.unique(split.codes)) == list(range(11))


def test_patients_who_share_a_picture_are_one(tmp_path: Path) -> None:
    patients = [f"p{row // 2}" for row in range(12)]
    split = with_pictures(Pictures({5: brighter(2)}).split(patients), Decoding(), tmp_path, silent)
    assert groups(split)[1] == [2, 3, 4, 5]
    assert len(np.unique(split.codes)) == 5


def test_a_few_points_on_black_are_a_picture_of_their_own(tmp_path: Path) -> None:
    def points(seed: int) -> Pixels:
        pixels = np.zeros((512, 512), np.uint8)
        places = np.random.default_rng(seed).integers(0, 512, (20, 2))
        pixels[places[:, 0], places[:, 1]] = 100
        return pixels

    made = Pictures({row: points(row) for row in range(12)})
    assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == []


def test_images_of_one_grey_are_one_picture(tmp_path: Path) -> None:
    black, grey = np.zeros((64, 64), np.uint8), np.full((64, 64), 90, np.uint8)
    made = Pictures({0: black, 1: grey, 7: black, 8: black})
    assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == [[0, 7, 8]]


def test_an_image_that_cant_be_read_is_like_none(tmp_path: Path) -> None:
    made = Pictures({5: brighter(2)}, unreadable=(2, 3))
    assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == []


def test_images_are_compared_once(tmp_path: Path) -> None:
    made = Pictures({5: brighter(2)})
    for _ in range(3):
        assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == [[2, 5]]
    assert made.decoded == made.images
    rows = list(range(2, 12))
    other = with_pictures(rows_of(made.split(), rows), Decoding(), tmp_path, silent)
    assert groups(other) == [[0, 3]]
    assert made.decoded == made.images + len(rows)


def test_other_parts_of_image_files_are_compared_anew(tmp_path: Path) -> None:
    made = Pictures({5: brighter(2)})
    for decoding in (Decoding(), Decoding(frame=0), Decoding(alpha="drop"), Decoding(frame=0)):
        assert groups(with_pictures(made.split(), decoding, tmp_path, silent)) == [[2, 5]]
    assert made.decoded == 3 * made.images


def test_tones_are_found_and_kept_with_the_pictures(tmp_path: Path) -> None:
    dim = np.random.default_rng(0).integers(0, 9, (64, 64), np.uint8)
    deep = np.random.default_rng(1).integers(0, 4096, (64, 64), np.uint16)
    made = Pictures({3: dim, 4: deep}, unreadable=(7,))
    for _ in range(2):
        split = with_pictures(made.split(), Decoding(), tmp_path, silent)
        assert split.tones is not None
        tones = split.tones()
        assert np.flatnonzero(tones.deep).tolist() == [4]
        assert tones.brightest[[0, 3, 4, 7]].tolist() == [255, 8, int(deep.max()), -1]
        assert (tones.dark(None), tones.dark(4095), tones.shallow) == (2, 10, 10)
    assert made.decoded == made.images
    part = rows_of(split, [0, 3])
    assert part.tones is None


def emptied(text: str) -> str:
    return text.replace("[[2, 5]]", "[]")


def cut(text: str) -> str:
    return text[:-20]


def nested(_: str) -> str:
    return "[" * 20_000


@pytest.mark.parametrize("damage", [emptied, cut, nested])
def test_what_was_kept_and_is_damaged_is_found_again(
    tmp_path: Path, damage: Callable[[str], str]
) -> None:
    made = Pictures({5: brighter(2)})
    assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == [[2, 5]]
    (kept,) = tmp_path.iterdir()
    kept.write_text(damage(kept.read_text("utf-8")), "utf-8")
    assert groups(with_pictures(made.split(), Decoding(), tmp_path, silent)) == [[2, 5]]
    assert made.decoded == 2 * made.images


def test_blocks_are_compared_with_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeassay.datasets.alike.BLOCK_IMAGES", 5)
    given = {row: brighter(2) for row in (4, 6, 11)}
    made = with_pictures(Pictures(given).split(), Decoding(), tmp_path, silent)
    assert groups(made) == [[2, 4, 6, 11]]
    assert made.near_copies == 3


def test_check_data_looks_for_what_runs_join() -> None:
    assert check_data.__defaults__ is not None
    assert check_data.__defaults__[-1] == SIMILARITY
